import Core

/// The dead letters and totals of the in-memory store.
struct MemoryDeadLetters: Sendable {
    private struct Place: Hashable {
        let partition: Int?
        let offset: Int64
        let reason: DeadLetterReason
        let definition: String?
        let device: String?
        let sensor: String?
        let time: Timestamp?
    }

    private struct CountName: Hashable {
        let reason: String
        let definition: String
    }

    let countMax: Int
    let countOfReasonMax: Int
    /// Ascending by number.
    private(set) var kept: [StoredDeadLetter] = []
    private var lastNumber: Int64 = 0
    private var counts: [CountName: Int64] = [:]
    /// The names of batches, oldest first.
    private var batches: [String] = []
    private var knownBatches: Set<String> = []

    init(countMax: Int, countOfReasonMax: Int) {
        self.countMax = countMax
        self.countOfReasonMax = countOfReasonMax
    }

    /// By reason, then definition, bytewise.
    var totals: [EventCount] {
        counts.sorted { left, right in
            left.key.reason == right.key.reason
                ? left.key.definition.precedesBytewise(right.key.definition)
                : left.key.reason.precedesBytewise(right.key.reason)
        }.map { name, count in
            EventCount(
                reason: DeadLetterReason(rawValue: name.reason),
                definition: name.definition.isEmpty ? nil : name.definition,
                count: count
            )
        }
    }

    mutating func add(_ letters: [DeadLetter], counts added: [EventCount]) {
        for count in added where count.count != 0 {
            let name = CountName(
                reason: count.reason.rawValue,
                definition: count.definition ?? ""
            )
            counts[name, default: 0] += count.count
        }
        if letters.isEmpty { return }
        var places = Set(kept.compactMap { Self.place(of: $0.letter) })
        for letter in letters {
            if let place = Self.place(of: letter), !places.insert(place).inserted { continue }
            lastNumber += 1
            kept.append(
                StoredDeadLetter(number: lastNumber, letter: letter.bounded, replayedAt: nil)
            )
        }
        for reason in Set(letters.map(\.reason)) {
            var excess = kept.count { $0.letter.reason == reason } - countOfReasonMax
            kept.removeAll { stored in
                guard stored.letter.reason == reason, excess > 0 else { return false }
                excess -= 1
                return true
            }
        }
        kept.removeFirst(max(0, kept.count - countMax))
    }

    /// Remembers the name of a batch; false when it was remembered already.
    mutating func isNew(batch: String) -> Bool {
        guard knownBatches.insert(batch).inserted else { return false }
        batches.append(batch)
        if batches.count > DeadLetter.batchCountMax {
            knownBatches.remove(batches.removeFirst())
        }
        return true
    }

    mutating func markReplayed(_ numbers: Set<Int64>, at now: Timestamp) {
        for index in kept.indices where numbers.contains(kept[index].number) {
            kept[index] = StoredDeadLetter(
                number: kept[index].number,
                letter: kept[index].letter,
                replayedAt: now
            )
        }
    }

    /// What a letter of the log is known again by.
    private static func place(of letter: DeadLetter) -> Place? {
        letter.offset.map {
            Place(
                partition: letter.partition,
                offset: $0,
                reason: letter.reason,
                definition: letter.definition,
                device: letter.device,
                sensor: letter.sensor,
                time: letter.time
            )
        }
    }
}
