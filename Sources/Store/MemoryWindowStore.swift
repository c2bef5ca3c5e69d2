package import Core

/// The window store in memory: the twin that tests and one-off commands use.
package actor MemoryWindowStore: WindowStore {
    /// The newest rejected events, and late events, that are kept.
    package static let rejectedCountMax = 100_000
    package static let lateCountMax = 1_000_000

    private struct Window {
        let start: Int64
        let end: Int64
        let count: Int64
        let sum, mean, min, max, stddev, first, last: Double
        let sequence: Int64
    }

    private var sequence: Int64 = 0
    /// Per definition and key, ascending by end.
    private var windowTable: [String: [SeriesKey: [Window]]] = [:]
    private var firstSeen: [SeriesKey: Timestamp] = [:]
    private var checkpointTable: [Int: PartitionCheckpoint] = [:]
    private var late: [LateEvent] = []
    private var rejectedList: [RejectedRecord] = []
    private var results = MemoryPredictions()
    private var isClosed = false

    package init() {}

    package func close() {
        isClosed = true
    }

    private func checkOpen() throws {
        if isClosed { throw StoreErrors.closed("the window store") }
    }

    package func commit(_ commit: WindowCommit, at now: Timestamp) throws {
        try checkOpen()
        var stored = false
        for (definition, windows) in commit.closed {
            for row in 0..<windows.count {
                let key = windows.key(at: row)
                if firstSeen[key] == nil { firstSeen[key] = now }
                stored = insert(windows, row, key, definition) || stored
            }
        }
        if stored { sequence += 1 }
        for event in commit.late where !late.contains(where: { $0.isSame(as: event) }) {
            late.append(event)
        }
        late.removeFirst(max(0, late.count - Self.lateCountMax))
        var checkpoint = commit.checkpoint
        if checkpoint.snapshot == nil {
            checkpoint.snapshot = checkpointTable[checkpoint.partition]?.snapshot
        }
        checkpointTable[checkpoint.partition] = checkpoint
    }

    private func insert(
        _ windows: WindowBatch,
        _ row: Int,
        _ key: SeriesKey,
        _ definition: String
    ) -> Bool {
        let end = windows.ends[row]
        var list = windowTable[definition]?[key] ?? []
        // Windows arrive nearly in order, so the place is searched from the end.
        let place = (list.lastIndex { $0.end <= end } ?? -1) + 1
        if place > 0, list[place - 1].end == end { return false }
        list.insert(
            Window(
                start: windows.starts[row],
                end: end,
                count: windows.counts[row],
                sum: windows.sums[row],
                mean: windows.means[row],
                min: windows.mins[row],
                max: windows.maxs[row],
                stddev: windows.stddevs[row],
                first: windows.firsts[row],
                last: windows.lasts[row],
                sequence: sequence + 1
            ),
            at: place
        )
        windowTable[definition, default: [:]][key] = list
        return true
    }

    package func checkpoints() throws -> [PartitionCheckpoint] {
        try checkOpen()
        return checkpointTable.values.sorted { $0.partition < $1.partition }
    }
}

// Reading windows.
extension MemoryWindowStore {
    package func windowSequence() throws -> Int64 {
        try checkOpen()
        return sequence
    }

    package func windows(
        definition: String,
        interval: TimeInterval,
        throughSequence: Int64,
        after: SeriesKey?,
        limit: Int
    ) throws -> WindowBatch {
        try checkOpen()
        var batch = WindowBatch()
        let table = windowTable[definition] ?? [:]
        for key in table.keys.sorted() where after.map({ $0 < key }) ?? true {
            let windows = (table[key] ?? []).filter {
                $0.end > interval.start.microseconds && $0.end <= interval.end.microseconds
                    && $0.sequence <= throughSequence
            }
            if windows.isEmpty { continue }
            if !batch.isEmpty, batch.count + windows.count > limit { break }
            Self.append(windows, of: key, to: &batch)
        }
        return batch
    }

    package func windows(
        definition: String,
        key: SeriesKey,
        from: Timestamp,
        to: Timestamp,
        limit: Int
    ) throws -> WindowBatch {
        try checkOpen()
        var batch = WindowBatch()
        let windows = (windowTable[definition]?[key] ?? []).filter {
            $0.end >= from.microseconds && $0.end <= to.microseconds
        }
        Self.append(windows.prefix(Swift.max(0, limit)), of: key, to: &batch)
        return batch
    }

    package func windowEnds(definition: String, afterSequence: Int64) throws -> [Int64] {
        try checkOpen()
        let all = (windowTable[definition] ?? [:]).values.joined()
        return Set(all.filter { $0.sequence > afterSequence }.map(\.end)).sorted()
    }

    package func windowCount(definition: String) throws -> Int {
        try checkOpen()
        return (windowTable[definition] ?? [:]).values.reduce(0) { $0 + $1.count }
    }

    package func series(after: SeriesKey?, limit: Int) throws -> [SeriesInfo] {
        try checkOpen()
        let keys = firstSeen.keys.filter { key in after.map { $0 < key } ?? true }.sorted()
        return keys.prefix(Swift.max(0, limit)).map { key in
            SeriesInfo(
                key: key,
                firstSeenAt: firstSeen[key] ?? .distantPast,
                lastWindowEnd: windowTable.values.compactMap { $0[key]?.last?.end }.max()
                    .map(Timestamp.init(microseconds:))
            )
        }
    }

    package func seriesCount() throws -> Int {
        try checkOpen()
        return firstSeen.count
    }

    private static func append(
        _ windows: some Sequence<Window>,
        of key: SeriesKey,
        to batch: inout WindowBatch
    ) {
        for window in windows {
            batch.append(
                series: batch.series.insert(key),
                start: window.start,
                end: window.end,
                count: window.count,
                sum: window.sum,
                mean: window.mean,
                min: window.min,
                max: window.max,
                stddev: window.stddev,
                first: window.first,
                last: window.last
            )
        }
    }
}

// Late and rejected events.
extension MemoryWindowStore {
    package func lateEvents(limit: Int) throws -> [LateEvent] {
        try checkOpen()
        return Array(late.reversed().prefix(Swift.max(0, limit)))
    }

    package func addRejected(_ records: [RejectedRecord]) throws {
        try checkOpen()
        rejectedList.append(contentsOf: records)
        rejectedList.removeFirst(Swift.max(0, rejectedList.count - Self.rejectedCountMax))
    }

    package func rejected(limit: Int) throws -> [RejectedRecord] {
        try checkOpen()
        return Array(rejectedList.reversed().prefix(Swift.max(0, limit)))
    }
}

// Predictions.
extension MemoryWindowStore {
    package func addPredictions(
        _ batch: PredictionBatch,
        run: String,
        attempt: Int,
        pipeline: String
    ) throws {
        try checkOpen()
        try results.add(batch, run: run, attempt: attempt, pipeline: pipeline)
    }

    package func addItems(_ items: [ItemOutcome], run: String, attempt: Int) throws {
        try checkOpen()
        results.add(items, run: run, attempt: attempt)
    }

    package func items(
        run: String,
        status: ItemStatus?,
        offset: Int,
        limit: Int
    ) throws -> [ItemOutcome] {
        try checkOpen()
        return results.items(run: run, status: status, offset: offset, limit: limit)
    }

    package func setPublished(_ publication: Publication) throws {
        try checkOpen()
        results.setPublished(publication)
    }

    package func predictions(
        run: String,
        key: SeriesKey?,
        anomaliesOnly: Bool,
        offset: Int,
        limit: Int
    ) throws -> PredictionBatch {
        try checkOpen()
        return results.rows(
            run: run,
            key: key,
            anomaliesOnly: anomaliesOnly,
            offset: offset,
            limit: limit
        )
    }

    package func predictions(
        pipeline: String,
        key: SeriesKey,
        from: Timestamp,
        to: Timestamp,
        limit: Int
    ) throws -> PredictionBatch {
        try checkOpen()
        return results.rows(pipeline: pipeline, key: key, from: from, to: to, limit: limit)
    }

    package func prunePredictions(before: Timestamp) throws {
        try checkOpen()
        results.prune(before: before)
    }
}

extension LateEvent {
    /// Whether two records are of one event and definition: an offset names one event.
    fileprivate func isSame(as other: LateEvent) -> Bool {
        partition == other.partition && offset == other.offset && definition == other.definition
    }
}
