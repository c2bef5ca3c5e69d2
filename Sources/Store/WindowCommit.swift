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

/// How far a partition's windows are in SQL.
package struct PartitionMark: Sendable, Equatable {
    package let partition: Int
    package let appliedThrough: Int64
    /// Newest event time seen, microseconds; nil before the first event.
    package let maxEventTime: Int64?

    package init(partition: Int, appliedThrough: Int64, maxEventTime: Int64?) {
        self.partition = partition
        self.appliedThrough = appliedThrough
        self.maxEventTime = maxEventTime
    }
}

/// What one partition's aggregator writes in a transaction.
package struct WindowCommit: Sendable {
    package var checkpoint: PartitionCheckpoint
    /// What the committer believes is stored: `appliedThrough` of its last commit, nil before any.
    ///
    /// Another stored value means that another process has taken the partition over.
    package var expectedAppliedThrough: Int64?
    /// Closed windows by definition name.
    ///
    /// A batch's dictionary should be the partition's own, which only ever grows while the process
    /// lives: id i then means the same key in every commit, and ids are mapped by an array. A
    /// dictionary that is another one is noticed by its hashes, and costs a look-up a key.
    package var closed: [(definition: String, windows: WindowBatch)]
    /// Samples of the events that are in no window.
    package var deadLetters: [DeadLetter]
    /// How many events were in no window since the last commit, samples or not.
    package var counts: [EventCount]
    /// The newest event times of series that had events, usually sent along with a snapshot.
    package var seen: SeenTimes?

    package init(
        checkpoint: PartitionCheckpoint,
        expectedAppliedThrough: Int64?,
        closed: [(definition: String, windows: WindowBatch)] = [],
        deadLetters: [DeadLetter] = [],
        counts: [EventCount] = [],
        seen: SeenTimes? = nil
    ) {
        self.checkpoint = checkpoint
        self.expectedAppliedThrough = expectedAppliedThrough
        self.closed = closed
        self.deadLetters = deadLetters
        self.counts = counts
        self.seen = seen
    }
}

/// The newest event time of some series, as columns.
///
/// - Units: microseconds since the epoch.
package struct SeenTimes: Sendable {
    /// In a commit the partition's own dictionary, as that of ``WindowCommit/closed``.
    package var series: SeriesDictionary
    package var ids: [UInt32]
    package var times: [Int64]

    package init(series: SeriesDictionary, ids: [UInt32] = [], times: [Int64] = []) {
        self.series = series
        self.ids = ids
        self.times = times
    }

    package var isEmpty: Bool { ids.isEmpty }
}

/// A window definition as the store needs to know it.
package struct StoredDefinition: Sendable, Equatable {
    package let name: String
    /// The length of every window; nil when each has its own, as sessions do.
    package let size: Duration?

    package init(name: String, size: Duration?) {
        self.name = name
        self.size = size
    }
}

/// What making the windows of an interval equal to others has changed.
package struct RebuildOutcome: Sendable, Codable, Equatable {
    /// Windows that were there, bit for bit; they keep their revision and sequence number.
    package var unchanged = 0
    /// Windows with other values, stored with the next revision.
    package var changed = 0
    /// Windows that were missing.
    package var added = 0
    /// Windows that should not have been there.
    package var removed = 0

    package init(unchanged: Int = 0, changed: Int = 0, added: Int = 0, removed: Int = 0) {
        self.unchanged = unchanged
        self.changed = changed
        self.added = added
        self.removed = removed
    }
}
