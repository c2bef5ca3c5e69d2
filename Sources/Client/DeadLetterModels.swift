package import Core

/// An event that is in no window, as the API lists it.
package struct DeadLetterInfo: Sendable, Codable, Equatable {
    package var number: Int64
    package var receivedAt: Timestamp
    /// A code such as `late`.
    package var reason: String
    /// Where it came in.
    package var source: String
    package var message: String?
    /// The window definition, where the reason is about one.
    package var definition: String?
    package var device: String?
    package var sensor: String?
    package var time: Timestamp?
    package var value: Double?
    /// The event as it was written, where it could not be read.
    package var text: String?
    /// The header line of its CSV table.
    package var context: String?
    /// The format of the text, with the options it was read with.
    package var format: String?
    package var partition: Int?
    package var offset: Int64?
    package var replayedAt: Timestamp?

    package init(number: Int64, receivedAt: Timestamp, reason: String, source: String) {
        self.number = number
        self.receivedAt = receivedAt
        self.reason = reason
        self.source = source
    }
}

/// Which dead letters to send again: some by number, or those that a filter wants.
package struct ReplayRequest: Sendable, Codable {
    package var numbers: [Int64]?
    package var reason: String?
    package var device: String?
    package var since: Timestamp?
    /// Letters at most.
    package var limit: Int?

    package init(
        numbers: [Int64]? = nil,
        reason: String? = nil,
        device: String? = nil,
        since: Timestamp? = nil,
        limit: Int? = nil
    ) {
        self.numbers = numbers
        self.reason = reason
        self.device = device
        self.since = since
        self.limit = limit
    }
}

/// What became of dead letters that were sent again.
package struct ReplayAnswer: Sendable, Codable, Equatable {
    package let letters: Int
    /// Events that were appended to the log.
    package let accepted: Int
    /// Events that an earlier replay of the same letters has appended.
    package let repeated: Int
    package let rejected: Int
    /// Letters that were left alone, by why.
    package let skipped: [String: Int]
    /// The first problems.
    package let problems: [String]

    package init(
        letters: Int,
        accepted: Int,
        repeated: Int,
        rejected: Int,
        skipped: [String: Int],
        problems: [String]
    ) {
        self.letters = letters
        self.accepted = accepted
        self.repeated = repeated
        self.rejected = rejected
        self.skipped = skipped
        self.problems = problems
    }
}

/// How many events are in no window for a reason.
package struct EventCountInfo: Sendable, Codable, Equatable {
    package let reason: String
    package let definition: String?
    package let count: Int64

    package init(reason: String, definition: String?, count: Int64) {
        self.reason = reason
        self.definition = definition
        self.count = count
    }
}
