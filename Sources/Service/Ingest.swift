package import Core
package import EventLog
package import Logging
import Metrics
import Sources
package import Store
package import Wire

/// Takes event bodies: decodes, appends durably, answers what was accepted and what was not.
///
/// Delivery: an accepted event is on disk when ``accept(_:format:options:idempotencyKey:source:)``
/// returns. Concurrency: any number of callers; pending events are bounded by the log, events that
/// wait for their windows by ``Limits/lagEventCountMax``.
package final class Ingest: Sendable {
    /// What happened to a body.
    package struct Outcome: Sendable {
        package let accepted: Int
        package let isDuplicate: Bool
        package fileprivate(set) var rejectedCount = 0
        /// How many were rejected for each reason that occurred.
        package fileprivate(set) var rejectedByReason: [String: Int] = [:]
        /// The first rejected events in the order of the body, capped.
        package fileprivate(set) var rejected: [Rejection] = []
        /// Fields that are no readings, such as texts of line protocol.
        package let ignoredFieldCount: Int

        /// What happened to events of which none was rejected.
        fileprivate init(_ receipt: AppendReceipt, of decoded: DecodedEvents) {
            accepted = receipt.accepted
            isDuplicate = receipt.isDuplicate
            ignoredFieldCount = decoded.ignoredFieldCount
        }
    }

    let log: any EventLog
    let store: any WindowStore
    /// Keeps what is not accepted; a service of its own.
    package let keeper: DeadLetterKeeper
    let settings: ServiceSettings
    /// The limits of values that the registry has.
    package let rules: RuleBook
    /// The limit of series that appear by themselves.
    let gate: SeriesGate
    /// How senders write the series that the gate knows.
    let memory: SeriesMemory
    private let progress: ProgressBoard
    package let clock: any WallClock
    private let timer: any Clock<Duration>
    let logger: Logger
    private let acceptedEvents = Counter(label: "fleetscore_ingest_events_total")

    package init(
        log: any EventLog,
        store: any WindowStore,
        settings: ServiceSettings,
        rules: RuleBook = RuleBook(),
        gate: SeriesGate? = nil,
        progress: ProgressBoard,
        clock: any WallClock,
        timer: any Clock<Duration>,
        logger: Logger
    ) {
        self.log = log
        self.store = store
        keeper = DeadLetterKeeper(timer: timer, logger: logger) { batch in
            try await store.addDeadLetters(batch.letters, counts: batch.counts, batch: batch.key)
        }
        self.settings = settings
        self.rules = rules
        let gate =
            gate
            ?? SeriesGate(
                countMax: settings.limits.seriesCountMax,
                partitionCount: log.partitionCount
            )
        self.gate = gate
        memory = SeriesMemory(gate.numbers)
        self.progress = progress
        self.clock = clock
        self.timer = timer
        self.logger = logger
    }

    var limits: Limits { settings.limits }

    /// Accepts a body; bad events are rejected and kept, their neighbours are accepted.
    ///
    /// - Throws: ``FleetError`` when nothing of the body could be taken.
    package func accept(
        _ body: some EventBytes,
        format: EventFormat,
        options: DecodeOptions,
        idempotencyKey: String?,
        source: String
    ) async throws -> Outcome {
        try await checkLag()
        var options = options
        options.latestTime = clock.now + limits.timeAheadMax
        var isKnown = false
        if let idempotencyKey { isKnown = try await log.knows(idempotencyKey: idempotencyKey) }
        // With the memory, decoding would number the series of a batch that is not taken.
        let memory = isKnown ? nil : memory
        let decoded = try await Self.decode(body, format, options, limits, memory)
        return try await append(
            decoded,
            isKnown: isKnown,
            idempotencyKey: idempotencyKey,
            source: source,
            format: EventReading(format, options).text
        )
    }

    /// Appends what was decoded and keeps what was not; `messages` are what it was decoded from.
    ///
    /// `isKnown` says that the log has its good events already.
    func append(
        _ decoded: DecodedEvents,
        isKnown: Bool = false,
        idempotencyKey: String?,
        source: String,
        format: @autoclosure () -> String,
        messages: MessageBatch? = nil
    ) async throws -> Outcome {
        if let events = decoded.numbered, decoded.rejectedCount == 0, rules.current.isEmpty {
            // Known series, no limits: there is nothing to sift.
            let receipt = try await log.append(events, idempotencyKey: idempotencyKey)
            acceptedEvents.increment(by: receipt.accepted)
            return Outcome(receipt, of: decoded)
        }
        var decoded = decoded
        decoded.name()
        let sifted = sift(decoded.batch, isKnown: isKnown)
        let isClean = decoded.rejectedCount == 0 && sifted.isClean
        if !isClean { try keeper.checkRoom() }
        var receipt = AppendReceipt(accepted: 0, isDuplicate: false)
        // The log remembers the key of a batch without any good event, too.
        if !sifted.accepted.isEmpty || idempotencyKey != nil {
            receipt = try await log.append(sifted.accepted, idempotencyKey: idempotencyKey)
        }
        acceptedEvents.increment(by: receipt.accepted)
        guard !isClean else { return Outcome(receipt, of: decoded) }
        if !receipt.isDuplicate { Self.count(decoded, sifted) }
        // Also when the log knows the key: the first attempt may have ended in between.
        await keeper.keep(
            RejectedBatch(
                letters: letters(decoded, sifted, source, format(), messages),
                counts: Self.counts(decoded, sifted),
                key: idempotencyKey
            )
        )
        var outcome = Outcome(receipt, of: decoded)
        outcome.rejectedCount = decoded.rejectedCount + sifted.rejected.count
        outcome.rejectedByReason = decoded.rejectedByReason.merging(
            sifted.rejectedByReason,
            uniquingKeysWith: +
        )
        outcome.rejected = rejections(decoded, sifted)
        return outcome
    }

    /// Says that all of a historic data set has been sent: every open window closes.
    package func complete() async throws {
        let ends = await log.endOffsets()
        for partition in 0..<log.partitionCount where ends[partition] > 0 {
            try await log.append(control: .complete, partition: partition)
        }
    }

    /// Slows senders down while many events wait for their windows, and refuses more when too many
    /// do.
    ///
    /// - Throws: ``FleetError`` `.resourceExhausted`.
    func checkLag() async throws {
        let lag = progress.lag(logEnds: await log.endOffsets())
        if lag > Int64(limits.lagEventCountMax) {
            Counter(label: "fleetscore_ingest_refused_requests_total").increment()
            throw FleetError(
                .resourceExhausted,
                "\(lag) events wait for their windows",
                hint: "send again later or send less; lag_max says how many may wait"
            )
        }
        let delay = Self.delay(lag: lag)
        if delay > .zero { try await timer.sleep(for: delay) }
    }

    /// How long a batch waits while so many events wait for their windows.
    ///
    /// Windows are quick while what they read is in the log's memory: whoever sends faster than
    /// they close is slowed before they fall behind that, 10 ms for every 100,000 events.
    package static func delay(lag: Int64) -> Duration {
        min(.microseconds(max(0, lag - promptLag) / 10), .milliseconds(250))
    }

    /// A little less than the log's memory holds of small events.
    private static let promptLag: Int64 = 2_000_000

    @concurrent
    private static func decode(
        _ body: some EventBytes,
        _ format: EventFormat,
        _ options: DecodeOptions,
        _ limits: Limits,
        _ memory: SeriesMemory?
    ) async throws -> DecodedEvents {
        try body.withUnsafeBytes {
            try EventDecoder.decode(
                $0,
                format: format,
                options: options,
                limits: limits,
                memory: memory
            )
        }
    }
}
