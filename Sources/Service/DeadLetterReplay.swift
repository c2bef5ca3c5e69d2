package import Core
import EventLog
package import Store
import Windowing
import Wire

/// Sends dead letters again: those whose event is known as it is, the others decoded anew.
///
/// A letter is not sent again when its event is in windows already: values that were only flagged,
/// duplicates, and events that came late for some window definitions but not for all, which would
/// count twice in the others. Batches carry an idempotency key made of their letters.
package struct DeadLetterReplay: Sendable {
    /// What became of the letters.
    package struct Outcome: Sendable, Equatable {
        package var letters = 0
        /// Events appended.
        package var accepted = 0
        /// Events that an earlier replay of the same letters has appended.
        package var repeated = 0
        /// Letters whose text still is no event, and events that were rejected again.
        package var rejected = 0
        /// Letters that were left alone, by why.
        package var skipped: [String: Int] = [:]
        /// The first problems, for people.
        package var problems: [String] = []
    }

    private let ingest: Ingest
    private let store: any WindowStore
    private let settings: ServiceSettings
    private let clock: any WallClock

    /// Letters handled at once.
    private static let pageCount = 1000
    private static let problemCountMax = 20

    package init(
        ingest: Ingest,
        store: any WindowStore,
        settings: ServiceSettings,
        clock: any WallClock
    ) {
        self.ingest = ingest
        self.store = store
        self.settings = settings
        self.clock = clock
    }

    /// Replays letters by number.
    ///
    /// - Throws: ``FleetError`` `.notFound` when there is no letter of a number; nothing is sent.
    package func replay(numbers: [Int64]) async throws -> Outcome {
        var letters: [StoredDeadLetter] = []
        var missing: [Int64] = []
        for number in Set(numbers).sorted() {
            if let letter = try await store.deadLetter(number: number) {
                letters.append(letter)
            } else {
                missing.append(number)
            }
        }
        guard missing.isEmpty else { throw Self.notFound(missing) }
        var outcome = Outcome()
        try await replay(letters, &outcome)
        return outcome
    }

    /// Replays the newest letters that a filter wants and that never were replayed, oldest first.
    package func replay(_ filter: DeadLetterFilter, limit: Int) async throws -> Outcome {
        var letters: [StoredDeadLetter] = []
        var before: Int64?
        while letters.count < limit {
            let page = try await store.deadLetters(filter, before: before, limit: Self.pageCount)
            guard let last = page.last else { break }
            before = last.number
            letters += page.filter { $0.replayedAt == nil }.prefix(limit - letters.count)
        }
        var outcome = Outcome()
        try await replay(letters.sorted { $0.number < $1.number }, &outcome)
        return outcome
    }

    private func replay(_ letters: [StoredDeadLetter], _ outcome: inout Outcome) async throws {
        outcome.letters = letters.count
        var late = try await LateEvents(
            letters,
            definitions: Set(settings.windows.map(\.name)),
            store: store
        )
        var hasLate = false
        for start in stride(from: 0, to: letters.count, by: Self.pageCount) {
            try Task.checkCancellation()
            let page = letters[start..<min(start + Self.pageCount, letters.count)]
            var batch = EventBatch()
            var sent: [Int64] = []
            var replayed: [Int64] = []
            for letter in page {
                switch late.use(of: letter) {
                case .skip(let why, let text):
                    skip(why, "dead letter \(letter.number): \(text)", &outcome)
                case .repeated: break
                case .send(let numbers):
                    guard add(letter, to: &batch, &outcome) else { continue }
                    sent.append(numbers[0])
                    replayed += numbers
                }
            }
            guard !sent.isEmpty else { continue }
            try await send(batch, key: Self.key(sent), &outcome)
            try await store.markReplayed(replayed, at: clock.now)
            hasLate = hasLate || page.contains { $0.letter.reason == .late }
        }
        guard hasLate else { return }
        note(
            "a late event is in the log and remembered: sent again it may come late again, or as "
                + "a duplicate; `fleetscore windows rebuild` takes it into its own window once "
                + "its definition has \"late: correct\" or a longer lateness",
            &outcome
        )
    }

    private func send(_ batch: EventBatch, key: String, _ outcome: inout Outcome) async throws {
        try await ingest.checkLag()
        var events = DecodedEvents()
        events.batch = batch
        let result = try await ingest.append(
            events,
            idempotencyKey: key,
            source: "replay",
            format: EventFormat.csv.rawValue
        )
        if result.isDuplicate {
            outcome.repeated += result.accepted
        } else {
            outcome.accepted += result.accepted
        }
        outcome.rejected += result.rejectedCount
    }

    /// Adds a letter's events to a batch; false when there are none in it.
    private func add(
        _ letter: StoredDeadLetter,
        to batch: inout EventBatch,
        _ outcome: inout Outcome
    ) -> Bool {
        let known = letter.letter
        do {
            if let device = known.device, let sensor = known.sensor, let time = known.time,
                let value = known.value
            {
                guard value.isFinite else { throw Self.notReadable("its value is no number") }
                batch.append(try SeriesKey(device: device, sensor: sensor), time, value)
                return true
            }
            guard let text = known.text, let format = known.format else {
                throw Self.notReadable("neither its event nor its text is known")
            }
            guard text.utf8.count < DeadLetter.textByteCountMax else {
                throw Self.notReadable("its text was cut")
            }
            var reading = try Self.reading(format, text, known)
            reading.options.receivedAt = known.receivedAt
            reading.options.latestTime = clock.now + settings.limits.timeAheadMax
            let decoded = try EventDecoder.decode(
                text,
                context: known.context,
                format: reading.format,
                options: reading.options,
                limits: settings.limits
            )
            if let first = decoded.rejected.first { throw Self.notReadable(first.message) }
            batch.append(contentsOf: decoded.batch)
            return !decoded.batch.isEmpty
        } catch {
            outcome.rejected += 1
            let text = (error as? FleetError)?.message ?? "\(error)"
            note("dead letter \(letter.number): \(text)", &outcome)
            return false
        }
    }

    /// How a letter's text is read; a source's messages look like what they are.
    private static func reading(
        _ format: String,
        _ text: String,
        _ letter: DeadLetter
    ) throws -> EventReading {
        guard format == "message" else { return try EventReading(parsing: format) }
        var copy = text
        let seen = copy.withUTF8 { EventFormat(lookingAt: UnsafeRawBufferPointer($0)) }
        var options = DecodeOptions()
        options.givenDevice = letter.device
        options.defaultSensor = letter.sensor
        return EventReading(seen, options)
    }

    private static func notFound(_ numbers: [Int64]) -> FleetError {
        let names = numbers.prefix(10).map { "\($0)" }.joined(separator: ", ")
        return FleetError(
            .notFound,
            (numbers.count == 1 ? "there is no dead letter " : "there are no dead letters ") + names
                + (numbers.count > 10 ? ", …" : ""),
            hint: "nothing was sent again; the newest \(DeadLetter.countMax) letters are kept"
        )
    }

    private static func notReadable(_ why: String) -> FleetError {
        FleetError(.invalidArgument, why)
    }

    private func skip(_ why: String, _ text: String, _ outcome: inout Outcome) {
        outcome.skipped[why, default: 0] += 1
        note(text, &outcome)
    }

    private func note(_ text: String, _ outcome: inout Outcome) {
        if outcome.problems.count < Self.problemCountMax { outcome.problems.append(text) }
    }

    private static func key(_ numbers: [Int64]) -> String {
        let hash = numbers.withUnsafeBytes { XXHash64.hash($0) }
        return "dead-letters-\(numbers[0])-\(numbers.count)-\(String(hash, radix: 16))"
    }
}

extension EventBatch {
    /// Appends the events of another batch, whose ids are its own.
    mutating func append(contentsOf other: EventBatch) {
        let ids = (0..<UInt32(other.series.count)).map { series.insert(id: $0, of: other.series) }
        for row in 0..<other.count {
            append(
                series: ids[Int(other.seriesIndex[row])],
                time: other.times[row],
                value: other.values[row]
            )
        }
    }
}
