package import Core

/// The window store in memory: the twin that tests and one-off commands use.
package actor MemoryWindowStore: WindowStore {
    var sequence: Int64 = 0
    /// Per definition and key, ascending by end.
    var windowTable: [String: [SeriesKey: [MemoryWindow]]] = [:]
    /// Per definition, the ends that had windows, with the commit that changed each last.
    var endTable: [String: [Int64: Int64]] = [:]
    var firstSeen: [SeriesKey: Timestamp] = [:]
    var lastEvents: [SeriesKey: Int64] = [:]
    private var checkpointTable: [Int: PartitionCheckpoint] = [:]
    var letters: MemoryDeadLetters
    var registryTable: [SeriesKey: RegistryEntry] = [:]
    private var results = MemoryPredictions()
    private var isClosed = false

    package init() {
        self.init(
            letterCountMax: DeadLetter.countMax,
            letterCountOfReasonMax: DeadLetter.countOfReasonMax
        )
    }

    /// As ``init()`` with other numbers of dead letters that are kept.
    package init(letterCountMax: Int, letterCountOfReasonMax: Int) {
        letters = MemoryDeadLetters(
            countMax: letterCountMax,
            countOfReasonMax: letterCountOfReasonMax
        )
    }

    package func close() {
        isClosed = true
    }

    func checkOpen() throws {
        if isClosed { throw StoreErrors.closed("the window store") }
    }

    package func define(_ definitions: [StoredDefinition]) throws {
        try checkOpen()
    }

    package func commit(_ commits: [WindowCommit], at now: Timestamp) throws {
        try checkOpen()
        var stored = checkpointTable.mapValues(\.appliedThrough)
        for commit in commits {
            let partition = commit.checkpoint.partition
            guard stored[partition] == commit.expectedAppliedThrough else {
                throw StoreErrors.partitionTaken(
                    partition,
                    expected: commit.expectedAppliedThrough,
                    stored: stored[partition]
                )
            }
            stored[partition] = commit.checkpoint.appliedThrough
        }
        var hasStored = false
        for commit in commits { hasStored = write(commit, at: now) || hasStored }
        if hasStored { sequence += 1 }
    }

    /// Writes what a commit has; whether any window was stored.
    private func write(_ commit: WindowCommit, at now: Timestamp) -> Bool {
        var hasStored = false
        for (definition, windows) in commit.closed {
            for row in 0..<windows.count {
                let key = windows.key(at: row)
                if firstSeen[key] == nil { firstSeen[key] = now }
                hasStored = insert(windows, row, key, definition) || hasStored
            }
        }
        if let seen = commit.seen { note(seen, at: now) }
        letters.add(commit.deadLetters, counts: commit.counts)
        var checkpoint = commit.checkpoint
        if checkpoint.snapshot == nil {
            checkpoint.snapshot = checkpointTable[checkpoint.partition]?.snapshot
        }
        checkpointTable[checkpoint.partition] = checkpoint
        return hasStored
    }

    private func insert(
        _ windows: WindowBatch,
        _ row: Int,
        _ key: SeriesKey,
        _ definition: String
    ) -> Bool {
        let window = MemoryWindow(windows, at: row, sequence: sequence + 1)
        var list = windowTable[definition]?[key] ?? []
        // Windows arrive nearly in order, so the place is searched from the end.
        let place = (list.lastIndex { $0.end <= window.end } ?? -1) + 1
        if place > 0, list[place - 1].end == window.end {
            guard window.revision > list[place - 1].revision else { return false }
            list[place - 1] = window
        } else {
            list.insert(window, at: place)
        }
        windowTable[definition, default: [:]][key] = list
        endTable[definition, default: [:]][window.end] = sequence + 1
        return true
    }

    package func checkpoints() throws -> [PartitionCheckpoint] {
        try checkOpen()
        return checkpointTable.values.sorted { $0.partition < $1.partition }
    }

    package func marks() throws -> [PartitionMark] {
        try checkpoints().map {
            PartitionMark(
                partition: $0.partition,
                appliedThrough: $0.appliedThrough,
                maxEventTime: $0.maxEventTime
            )
        }
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
