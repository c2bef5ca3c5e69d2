package import Core

/// The large tables: windows with their checkpoints, dead letters, the registry, and published
/// predictions.
///
/// Several processes may open one store; each commits for partitions of its own.
///
/// - Throws, Concurrency: as ``Catalog``.
package protocol WindowStore: WindowResults {
    /// Tells the lengths of window definitions; those not told are learnt from the first windows.
    func define(_ definitions: [StoredDefinition]) async throws
    /// Writes closed windows, dead letters, counts and checkpoints of partitions, all or nothing.
    ///
    /// A window that exists already (same definition, series and end) is left as it is, unless the
    /// new one has a higher revision: replay makes equal ones. Every call that stores or replaces
    /// windows takes the next sequence number.
    ///
    /// - Throws: also ``FleetError`` `.conflict` when the stored offset of a partition is not
    ///   ``WindowCommit/expectedAppliedThrough``; nothing is written then.
    func commit(_ commits: [WindowCommit], at now: Timestamp) async throws
    /// The checkpoints of all partitions that have one, by partition.
    func checkpoints() async throws -> [PartitionCheckpoint]
    /// How far each partition is, without its snapshot, by partition.
    func marks() async throws -> [PartitionMark]

    /// The sequence number of the newest commit that stored windows, 0 before the first.
    func windowSequence() async throws -> Int64
    /// Windows of a definition whose end e has start < e <= end of the interval and whose commit
    /// is not after a sequence number, sorted by key, then end; at most `limit`, after a key.
    ///
    /// Whole keys only: the rows of a key are never split over two calls. A window that was revised
    /// after the sequence number is given as it is now, rather than not at all.
    func windows(
        definition: String,
        interval: TimeInterval,
        throughSequence: Int64,
        after: SeriesKey?,
        limit: Int
    ) async throws -> WindowBatch
    /// The distinct ends of windows stored, revised or removed by commits after a sequence number.
    func windowEnds(definition: String, afterSequence: Int64) async throws -> [Int64]
    /// The series with windows of an interval stored or revised after a sequence number, sorted.
    func touchedSeries(definition: String, interval: TimeInterval, afterSequence: Int64)
        async throws -> [SeriesKey]
    /// Windows of one series whose end is in `[from, to]`, ascending by end.
    func windows(definition: String, key: SeriesKey, from: Timestamp, to: Timestamp, limit: Int)
        async throws -> WindowBatch
    func windowCount(definition: String) async throws -> Int
    /// Makes the windows of an interval equal to others, in one transaction.
    ///
    /// Windows that are equal bit for bit keep their sequence number; the revisions given do not
    /// count. An interval is held by its ends as in `windows`.
    ///
    /// - Throws: also ``FleetError`` `.invalidArgument` for a window outside the interval.
    func replaceWindows(
        definition: String,
        interval: TimeInterval,
        windows: WindowBatch,
        at now: Timestamp
    ) async throws -> RebuildOutcome
    /// Deletes at most so many of the oldest windows that end before a time; how many there were.
    ///
    /// One short transaction: call it again until it answers less than `rowCountMax`.
    func pruneWindows(definition: String, before: Timestamp, rowCountMax: Int) async throws -> Int

    /// Known series in key order.
    func series(after: SeriesKey?, limit: Int) async throws -> [SeriesInfo]
    func seriesCount() async throws -> Int
    /// Notes the newest event times of series; a time older than the noted one changes nothing.
    ///
    /// Series that are new get known.
    func noteSeen(_ seen: SeenTimes, at now: Timestamp) async throws
    /// Series whose newest noted event is before a time, in key order.
    func silentSeries(before: Timestamp, limit: Int) async throws -> [SilentSeries]

    /// Keeps events that are in no window, the newest ``DeadLetter/countMax`` of them.
    ///
    /// `counts` is what to add to the totals; nil counts each letter once. A batch that is named is
    /// kept once: a later call with one of the newest ``DeadLetter/batchCountMax`` names does
    /// nothing.
    func addDeadLetters(_ letters: [DeadLetter], counts: [EventCount]?, batch: String?)
        async throws
    /// Dead letters newest first; those with a number below `before` when given.
    func deadLetters(_ filter: DeadLetterFilter, before: Int64?, limit: Int) async throws
        -> [StoredDeadLetter]
    func deadLetter(number: Int64) async throws -> StoredDeadLetter?
    /// The dead letters of one place in the log, by number.
    func deadLetters(partition: Int, offset: Int64) async throws -> [StoredDeadLetter]
    /// Notes that letters were sent again; numbers without a letter are ignored.
    func markReplayed(_ numbers: [Int64], at now: Timestamp) async throws
    /// Totals of events that are in no window, by reason, then definition.
    func eventCounts() async throws -> [EventCount]

    /// Adds or replaces entries of the registry, all or none.
    func setRegistry(_ entries: [RegistryEntry]) async throws
    /// Entries in key order; a device's own comes before those of its sensors.
    func registry(after: SeriesKey?, limit: Int) async throws -> [RegistryEntry]
    /// Removes entries; how many there were.
    func removeRegistry(_ keys: [SeriesKey]) async throws -> Int
    /// What is known of a series: its own entry over that of its device; nil when there is none.
    func settings(of key: SeriesKey) async throws -> RegistryEntry?
    /// The expected interval of each key, nil where none is known.
    func expectedIntervals(for keys: [SeriesKey]) async throws -> [Duration?]

    func close() async
}

extension WindowStore {
    /// Keeps events of a batch without a name.
    package func addDeadLetters(_ letters: [DeadLetter], counts: [EventCount]?) async throws {
        try await addDeadLetters(letters, counts: counts, batch: nil)
    }
}

/// Published predictions and the outcomes of items: what runs leave in SQL.
///
/// - Throws, Concurrency: as ``Catalog``.
package protocol WindowResults: Sendable {
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
}
