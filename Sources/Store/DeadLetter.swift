package import Core

/// Why an event is in no window, as a code such as `late`.
package struct DeadLetterReason: RawRepresentable, Sendable, Hashable, Codable {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Came after its window had closed.
    package static let late = DeadLetterReason(rawValue: "late")
    /// Its time is too far ahead of the clock.
    package static let early = DeadLetterReason(rawValue: "early")
    /// Repeats a reading of its series.
    package static let duplicate = DeadLetterReason(rawValue: "duplicate")
    /// Its value is outside the limits of the registry.
    package static let outOfRange = DeadLetterReason(rawValue: "out_of_range")
    /// Its series belongs to another partition of the topic.
    package static let wrongPartition = DeadLetterReason(rawValue: "wrong_partition")
    /// Its series would be one more than the limit.
    package static let overLimit = DeadLetterReason(rawValue: "over_limit")
    package static let missingDevice = DeadLetterReason(rawValue: "missing_device")
    package static let missingSensor = DeadLetterReason(rawValue: "missing_sensor")
    package static let badName = DeadLetterReason(rawValue: "bad_name")
    package static let badTime = DeadLetterReason(rawValue: "bad_time")
    package static let badValue = DeadLetterReason(rawValue: "bad_value")
    package static let badSyntax = DeadLetterReason(rawValue: "bad_syntax")
    package static let missingTime = DeadLetterReason(rawValue: "missing_time")
    package static let missingValue = DeadLetterReason(rawValue: "missing_value")
    package static let notFinite = DeadLetterReason(rawValue: "not_finite")
    package static let malformed = DeadLetterReason(rawValue: "malformed")
    package static let tooManyFields = DeadLetterReason(rawValue: "too_many_fields")
    /// A message of a topic that fails its checksum, and one that no format reads.
    package static let damagedMessage = DeadLetterReason(rawValue: "damaged_message")
    package static let unknownFormat = DeadLetterReason(rawValue: "unknown_format")
    /// A message larger than a source takes.
    package static let tooLarge = DeadLetterReason(rawValue: "too_large")

    /// Every reason there is.
    package static let all = [
        late, early, duplicate, outOfRange, overLimit, wrongPartition, missingDevice,
        missingSensor, missingTime, missingValue, badName, badTime, badValue, badSyntax,
        notFinite, malformed, tooManyFields, tooLarge, damagedMessage, unknownFormat,
    ]
}

/// An event that is in no window, kept for people to look at and to send again.
package struct DeadLetter: Sendable, Codable, Equatable {
    /// The most bytes of ``text`` and ``context`` that a store keeps.
    package static let textByteCountMax = 4096
    /// The newest letters that a store keeps, of all reasons and of each.
    package static let countMax = 1_000_000
    package static let countOfReasonMax = 200_000
    /// The newest names of batches that a store remembers.
    package static let batchCountMax = 1_000_000

    package var receivedAt: Timestamp
    package var reason: DeadLetterReason
    /// Where it came in: `http`, `mqtt:…`, `kafka`, `log`.
    package var source: String
    /// The window definition, where the reason is about one.
    package var definition: String?
    package var device: String?
    package var sensor: String?
    package var time: Timestamp?
    package var value: Double?
    /// The event as it came, where it is known.
    package var text: String?
    /// What else is needed to read it, such as the header of its CSV.
    package var context: String?
    /// The wire format of ``text``.
    package var format: String?
    /// What is wrong, for people.
    package var message: String?
    /// Where it is in the event log.
    ///
    /// A store keeps one letter an offset, reason, definition, series and time: an offset may be of
    /// a message with many events.
    package var partition: Int?
    package var offset: Int64?

    package init(
        receivedAt: Timestamp,
        reason: DeadLetterReason,
        source: String,
        definition: String? = nil,
        device: String? = nil,
        sensor: String? = nil,
        time: Timestamp? = nil,
        value: Double? = nil,
        text: String? = nil,
        context: String? = nil,
        format: String? = nil,
        message: String? = nil,
        partition: Int? = nil,
        offset: Int64? = nil
    ) {
        self.receivedAt = receivedAt
        self.reason = reason
        self.source = source
        self.definition = definition
        self.device = device
        self.sensor = sensor
        self.time = time
        self.value = value
        self.text = text
        self.context = context
        self.format = format
        self.message = message
        self.partition = partition
        self.offset = offset
    }

    /// The letter with its texts cut to what is kept, between characters.
    package var bounded: DeadLetter {
        var copy = self
        copy.text = text?.prefix(byteCount: Self.textByteCountMax)
        copy.context = context?.prefix(byteCount: Self.textByteCountMax)
        copy.message = message?.prefix(byteCount: Self.textByteCountMax)
        return copy
    }
}

/// A dead letter in a store.
package struct StoredDeadLetter: Sendable, Codable, Equatable {
    /// Grows from letter to letter.
    package let number: Int64
    package let letter: DeadLetter
    /// When it was sent again; nil when it never was.
    package let replayedAt: Timestamp?

    package init(number: Int64, letter: DeadLetter, replayedAt: Timestamp?) {
        self.number = number
        self.letter = letter
        self.replayedAt = replayedAt
    }
}

/// Which dead letters are wanted; nil stands for any.
package struct DeadLetterFilter: Sendable {
    package var reason: DeadLetterReason?
    package var device: String?
    package var receivedSince: Timestamp?

    package init(
        reason: DeadLetterReason? = nil,
        device: String? = nil,
        receivedSince: Timestamp? = nil
    ) {
        self.reason = reason
        self.device = device
        self.receivedSince = receivedSince
    }

    /// Whether a letter is wanted.
    package func matches(_ letter: DeadLetter) -> Bool {
        (reason == nil || letter.reason == reason) && (device == nil || letter.device == device)
            && (receivedSince.map { letter.receivedAt >= $0 } ?? true)
    }
}

/// How many events were in no window for a reason; exact, whether or not a letter was kept.
package struct EventCount: Sendable, Codable, Equatable {
    package let reason: DeadLetterReason
    /// The window definition, where the reason is about one.
    package let definition: String?
    package let count: Int64

    package init(reason: DeadLetterReason, definition: String? = nil, count: Int64) {
        self.reason = reason
        self.definition = definition
        self.count = count
    }

    /// One count a reason and definition of these letters, in order of first appearance.
    package static func of(_ letters: [DeadLetter]) -> [EventCount] {
        var counts: [EventCount] = []
        for letter in letters {
            let place = counts.firstIndex {
                $0.reason == letter.reason && $0.definition == letter.definition
            }
            let count = place.map { counts[$0].count } ?? 0
            let sum = EventCount(
                reason: letter.reason,
                definition: letter.definition,
                count: count + 1
            )
            if let place { counts[place] = sum } else { counts.append(sum) }
        }
        return counts
    }
}

extension String {
    /// The longest start of whole characters that has at most so many bytes.
    package func prefix(byteCount: Int) -> String {
        guard utf8.count > byteCount else { return self }
        var end = utf8.index(startIndex, offsetBy: byteCount)
        while end > startIndex, utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
