package import Core

/// How far a partition's windows are in SQL, and what a restart needs to go on exactly there.
package struct PartitionCheckpoint: Sendable, Equatable {
    package let partition: Int
    /// Entries below this offset are in the windows, counters and dead letters of the store.
    package var appliedThrough: Int64
    /// Where a restart reads from: the offset that `snapshot` was taken at.
    package var replayFrom: Int64
    /// Newest event time seen, microseconds; nil before the first event.
    package var maxEventTime: Int64?
    package var counters: PartitionCounters
    /// The encoded windowing state at `replayFrom`; nil leaves the stored one unchanged.
    package var snapshot: [UInt8]?

    package init(
        partition: Int,
        appliedThrough: Int64,
        replayFrom: Int64,
        maxEventTime: Int64?,
        counters: PartitionCounters,
        snapshot: [UInt8]?
    ) {
        self.partition = partition
        self.appliedThrough = appliedThrough
        self.replayFrom = replayFrom
        self.maxEventTime = maxEventTime
        self.counters = counters
        self.snapshot = snapshot
    }
}

/// Events of a partition by what became of them; they always add up.
///
/// accepted = duplicates + assigned, and per definition assigned = windowed + filtered + late.
package struct PartitionCounters: Sendable, Codable, Equatable {
    /// Events taken from the log.
    package var accepted: Int64 = 0
    /// Repeats of a reading among the last of its series; counted once.
    package var duplicates: Int64 = 0
    /// Per definition name.
    package var definitions: [String: DefinitionCounters] = [:]

    package init() {}
}

package struct DefinitionCounters: Sendable, Codable, Equatable {
    /// Events in windows, open or closed.
    package var windowed: Int64 = 0
    /// Events that `where` left out.
    package var filtered: Int64 = 0
    /// Events that came after their window had closed.
    package var late: Int64 = 0
    /// Windows closed.
    package var closed: Int64 = 0

    package init() {}
}

/// An event kept because it is in no window.
package struct LateEvent: Sendable, Codable, Equatable {
    package let definition: String
    package let key: SeriesKey
    package let time: Timestamp
    package let value: Double
    package let partition: Int
    package let offset: Int64

    package init(
        definition: String,
        key: SeriesKey,
        time: Timestamp,
        value: Double,
        partition: Int,
        offset: Int64
    ) {
        self.definition = definition
        self.key = key
        self.time = time
        self.value = value
        self.partition = partition
        self.offset = offset
    }
}

/// A request's rejected event, kept for people to look at.
package struct RejectedRecord: Sendable, Codable, Equatable {
    package let receivedAt: Timestamp
    package let source: String
    package let reason: String
    /// The offending text, cut to 200 bytes.
    package let sample: String

    package init(receivedAt: Timestamp, source: String, reason: String, sample: String) {
        self.receivedAt = receivedAt
        self.source = source
        self.reason = reason
        self.sample = sample
    }
}

/// What one transaction of a partition's aggregator writes.
package struct WindowCommit: Sendable {
    package var checkpoint: PartitionCheckpoint
    /// Closed windows by definition name.
    package var closed: [(definition: String, windows: WindowBatch)]
    package var late: [LateEvent]

    package init(
        checkpoint: PartitionCheckpoint,
        closed: [(definition: String, windows: WindowBatch)],
        late: [LateEvent]
    ) {
        self.checkpoint = checkpoint
        self.closed = closed
        self.late = late
    }
}

/// A series as people list it.
package struct SeriesInfo: Sendable, Codable, Equatable {
    package let key: SeriesKey
    package let firstSeenAt: Timestamp
    /// End of its newest closed window, nil before one.
    package let lastWindowEnd: Timestamp?

    package init(key: SeriesKey, firstSeenAt: Timestamp, lastWindowEnd: Timestamp?) {
        self.key = key
        self.firstSeenAt = firstSeenAt
        self.lastWindowEnd = lastWindowEnd
    }
}

/// The large tables: windows with their checkpoints, and published predictions.
///
/// - Throws, Concurrency: as ``Catalog``.
package protocol WindowStore: Sendable {
    /// Writes closed windows, late events and the checkpoint in one transaction.
    ///
    /// A window that exists already (same definition, series and end) is left as it is: replay
    /// makes equal ones. Every commit that stores windows takes the next sequence number.
    func commit(_ commit: WindowCommit, at now: Timestamp) async throws
    /// The checkpoints of all partitions that have one, by partition.
    func checkpoints() async throws -> [PartitionCheckpoint]

    /// The sequence number of the newest commit that stored windows, 0 before the first.
    func windowSequence() async throws -> Int64
    /// Windows of a definition whose end e has start < e <= end of the interval and whose commit
    /// is not after a sequence number, sorted by key, then end; at most `limit`, after a key.
    ///
    /// Whole keys only: the rows of a key are never split over two calls.
    func windows(
        definition: String,
        interval: TimeInterval,
        throughSequence: Int64,
        after: SeriesKey?,
        limit: Int
    ) async throws -> WindowBatch
    /// The distinct ends of windows stored by commits after a sequence number.
    func windowEnds(definition: String, afterSequence: Int64) async throws -> [Int64]
    /// Windows of one series whose end is in `[from, to]`, ascending by end.
    func windows(definition: String, key: SeriesKey, from: Timestamp, to: Timestamp, limit: Int)
        async throws -> WindowBatch
    /// Known series in key order.
    func series(after: SeriesKey?, limit: Int) async throws -> [SeriesInfo]
    func seriesCount() async throws -> Int
    func windowCount(definition: String) async throws -> Int
    /// Late events, newest first.
    func lateEvents(limit: Int) async throws -> [LateEvent]
    /// Keeps rejected events, the newest 100,000 of them.
    func addRejected(_ records: [RejectedRecord]) async throws
    func rejected(limit: Int) async throws -> [RejectedRecord]

    /// Stores rows of a run's attempt, seen by nobody until ``setPublished``.
    func addPredictions(_ batch: PredictionBatch, run: String, attempt: Int, pipeline: String)
        async throws
    /// Stores the outcomes of a run's items, visible as the predictions are.
    func addItems(_ items: [ItemOutcome], run: String, attempt: Int) async throws
    /// Visible items of a run in key order; of one status when given.
    func items(run: String, status: ItemStatus?, offset: Int, limit: Int) async throws
        -> [ItemOutcome]
    /// Makes an attempt the visible one of its interval; derived from the catalog's publication.
    func setPublished(_ publication: Publication) async throws
    /// Visible rows of a run, by key, then end.
    func predictions(run: String, key: SeriesKey?, anomaliesOnly: Bool, offset: Int, limit: Int)
        async throws -> PredictionBatch
    /// Visible rows of a series with an end in `[from, to]`, of one pipeline.
    func predictions(pipeline: String, key: SeriesKey, from: Timestamp, to: Timestamp, limit: Int)
        async throws -> PredictionBatch
    /// Deletes predictions published before a time, and rows of superseded attempts.
    ///
    /// The age of the windows does not count: predictions of historic data are kept as long.
    func prunePredictions(before: Timestamp) async throws

    func close() async
}
