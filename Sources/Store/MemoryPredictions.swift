import Core

/// The predictions, items and published attempts of the in-memory window store.
struct MemoryPredictions: Sendable {
    private struct AttemptName: Hashable {
        let run: String
        let attempt: Int
    }

    private struct Slot: Hashable {
        let pipeline: String
        let interval: TimeInterval
    }

    private struct RowName: Hashable {
        let key: SeriesKey
        let end: Int64
    }

    private struct Attempt {
        var featureNames: [String]?
        var rows: [RowName: PredictionRow] = [:]
        var items: [SeriesKey: ItemOutcome] = [:]
        /// Known once it was published.
        var slot: Slot?
        var publishedAt: Timestamp?

        var sortedRows: [PredictionRow] {
            rows.values.sorted { ($0.key, $0.end) < ($1.key, $1.end) }
        }
    }

    private var attempts: [AttemptName: Attempt] = [:]
    private var published: [Slot: AttemptName] = [:]

    mutating func add(_ batch: PredictionBatch, run: String, attempt: Int, pipeline: String) throws
    {
        let name = AttemptName(run: run, attempt: attempt)
        var stored = attempts[name] ?? Attempt()
        if let names = stored.featureNames, names != batch.featureNames {
            throw StoreErrors.featureNamesDiffer(run: run, attempt: attempt)
        }
        stored.featureNames = batch.featureNames
        for row in 0..<batch.count {
            let row = PredictionRow(batch, at: row)
            stored.rows[RowName(key: row.key, end: row.end)] = row
        }
        attempts[name] = stored
    }

    mutating func add(_ items: [ItemOutcome], run: String, attempt: Int) {
        let name = AttemptName(run: run, attempt: attempt)
        for item in items { attempts[name, default: Attempt()].items[item.key] = item }
    }

    mutating func setPublished(_ publication: Publication) {
        let name = AttemptName(run: publication.run, attempt: publication.attempt)
        let slot = Slot(pipeline: publication.pipeline, interval: publication.interval)
        attempts[name, default: Attempt()].slot = slot
        attempts[name]?.publishedAt = publication.publishedAt
        if let old = published[slot], old.attempt > name.attempt { return }
        published[slot] = name
    }

    func items(run: String, status: ItemStatus?, offset: Int, limit: Int) -> [ItemOutcome] {
        guard let attempt = visible(run: run) else { return [] }
        let items = attempt.items.values.filter { status == nil || $0.status == status }
            .sorted { $0.key < $1.key }
        return Array(items.dropFirst(max(0, offset)).prefix(max(0, limit)))
    }

    func rows(
        run: String,
        key: SeriesKey?,
        anomaliesOnly: Bool,
        offset: Int,
        limit: Int
    ) -> PredictionBatch {
        let attempt = visible(run: run)
        let names = attempt?.featureNames ?? []
        var result = PredictionRows(featureNames: names)
        let rows = (attempt?.sortedRows ?? []).filter {
            (key == nil || $0.key == key) && (!anomaliesOnly || $0.anomaly == 1)
        }
        for row in rows.dropFirst(max(0, offset)).prefix(max(0, limit)) {
            result.append(row, featureNames: names)
        }
        return result.batch
    }

    func rows(
        pipeline: String,
        key: SeriesKey,
        from: Timestamp,
        to: Timestamp,
        limit: Int
    ) -> PredictionBatch {
        var found: [(row: PredictionRow, names: [String])] = []
        for (slot, name) in published where slot.pipeline == pipeline {
            guard let attempt = attempts[name] else { continue }
            for row in attempt.rows.values where row.key == key {
                guard row.end >= from.microseconds, row.end <= to.microseconds else { continue }
                found.append((row, attempt.featureNames ?? []))
            }
        }
        found.sort { $0.row.end < $1.row.end }
        found = Array(found.prefix(max(0, limit)))
        var result = PredictionRows(featureNames: found.last?.names ?? [])
        for (row, names) in found { result.append(row, featureNames: names) }
        return result.batch
    }

    mutating func prune(before: Timestamp) {
        for (name, attempt) in attempts {
            if let slot = attempt.slot, let winner = published[slot], winner != name {
                attempts[name] = nil
                continue
            }
            if let published = attempt.publishedAt, published < before {
                attempts[name]?.rows = [:]
                attempts[name]?.items = [:]
            }
        }
    }

    private func visible(run: String) -> Attempt? {
        published.values.first { $0.run == run }.flatMap { attempts[$0] }
    }
}
