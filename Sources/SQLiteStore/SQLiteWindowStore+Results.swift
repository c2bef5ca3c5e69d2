package import Core
import GRDB
import Store

// Reading predictions and items.
extension SQLiteWindowStore {
    package func items(
        run: String,
        status: ItemStatus?,
        offset: Int,
        limit: Int
    ) async throws -> [ItemOutcome] {
        try await file.read { db in
            guard let attempt = try visibleAttempt(of: run, db) else { return [] }
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM items_data WHERE attempt_id = ?1 AND (?2 IS NULL OR status = ?2)
                    ORDER BY device, sensor LIMIT ?3 OFFSET ?4
                    """,
                arguments: [attempt.id, status?.rawValue, max(0, limit), max(0, offset)]
            ).map { row in
                ItemOutcome(
                    key: SeriesKey(uncheckedDevice: row["device"], sensor: row["sensor"]),
                    status: try itemStatus(row["status"]),
                    rowCount: row["row_count"],
                    anomalyCount: row["anomaly_count"],
                    reason: row["reason"]
                )
            }
        }
    }

    package func predictions(
        run: String,
        key: SeriesKey?,
        anomaliesOnly: Bool,
        offset: Int,
        limit: Int
    ) async throws -> PredictionBatch {
        try await file.read { db in
            guard let attempt = try visibleAttempt(of: run, db) else {
                return PredictionBatch(featureNames: [])
            }
            let oneKey = key == nil ? "" : "AND device = ?2 AND sensor = ?3"
            let query = try RawStatement(
                db,
                """
                SELECT \(predictionColumns) FROM predictions_data
                WHERE attempt_id = ?1 \(oneKey) \(anomaliesOnly ? "AND is_anomaly = 1" : "")
                ORDER BY device, sensor, end_us LIMIT ?4 OFFSET ?5
                """
            )
            defer { query.reset() }
            query.bind(1, attempt.id)
            if let key {
                query.bind(2, key.device)
                query.bind(3, key.sensor)
            }
            query.bind(4, Int64(max(0, limit)))
            query.bind(5, Int64(max(0, offset)))
            var rows = PredictionRows(featureNames: attempt.featureNames)
            while try query.step() {
                rows.append(try readPrediction(query), featureNames: attempt.featureNames)
            }
            return rows.batch
        }
    }

    package func predictions(
        pipeline: String,
        key: SeriesKey,
        from: Timestamp,
        to: Timestamp,
        limit: Int
    ) async throws -> PredictionBatch {
        try await file.read { db in
            let attempts = try publishedAttempts(pipeline, from: from, to: to, db)
            var found: [(row: PredictionRow, names: [String])] = []
            let query = try RawStatement(
                db,
                """
                SELECT \(predictionColumns) FROM predictions_data
                WHERE attempt_id = ?1 AND device = ?2 AND sensor = ?3
                  AND end_us >= ?4 AND end_us <= ?5
                ORDER BY end_us LIMIT ?6
                """
            )
            defer { query.reset() }
            query.bind(2, key.device)
            query.bind(3, key.sensor)
            query.bind(4, from.microseconds)
            query.bind(5, to.microseconds)
            query.bind(6, Int64(max(0, limit)))
            for attempt in attempts {
                query.bind(1, attempt.id)
                while try query.step() {
                    found.append((try readPrediction(query), attempt.featureNames))
                }
                query.reset()
                // Intervals come by their start: when the next begins after the last row wanted,
                // nothing earlier can follow.
                if found.count >= limit, attempt.isFollowedByLaterOnly { break }
            }
            found.sort { $0.row.end < $1.row.end }
            found = Array(found.prefix(max(0, limit)))
            var rows = PredictionRows(featureNames: found.last?.names ?? [])
            for (row, names) in found { rows.append(row, featureNames: names) }
            return rows.batch
        }
    }
}

private struct VisibleAttempt {
    let id: Int64
    let featureNames: [String]
    /// Whether every later attempt of the list has only later windows.
    var isFollowedByLaterOnly = false
}

private func visibleAttempt(of run: String, _ db: Database) throws -> VisibleAttempt? {
    try Row.fetchOne(
        db,
        sql: """
            SELECT a.id, a.feature_names FROM attempts_data a
            JOIN published_data p ON p.attempt_id = a.id WHERE a.run = ?
            """,
        arguments: [run]
    ).map { VisibleAttempt(id: $0["id"], featureNames: FeatureText.names($0["feature_names"])) }
}

/// The published attempts of a pipeline whose intervals may hold ends in `[from, to]`.
private func publishedAttempts(
    _ pipeline: String,
    from: Timestamp,
    to: Timestamp,
    _ db: Database
) throws -> [VisibleAttempt] {
    let rows = try Row.fetchAll(
        db,
        sql: """
            SELECT a.id, a.feature_names, p.interval_start, p.interval_end
            FROM published_data p JOIN attempts_data a ON a.id = p.attempt_id
            WHERE p.pipeline = ? AND p.interval_end >= ? AND p.interval_start < ?
            ORDER BY p.interval_start, p.interval_end
            """,
        arguments: [pipeline, from.microseconds, to.microseconds]
    )
    var newestEnd = Int64.min
    return rows.enumerated().map { index, row in
        var attempt = VisibleAttempt(
            id: row["id"],
            featureNames: FeatureText.names(row["feature_names"])
        )
        newestEnd = max(newestEnd, row["interval_end"])
        let next: Int64? = index + 1 < rows.count ? rows[index + 1]["interval_start"] : nil
        attempt.isFollowedByLaterOnly = next.map { $0 >= newestEnd } ?? true
        return attempt
    }
}

private let predictionColumns = """
    device, sensor, start_us, end_us, status, score, is_anomaly, threshold, model_digest,
    coverage, features
    """

private func readPrediction(_ query: RawStatement) throws -> PredictionRow {
    var digest: String?
    if query.isBlob(8) {
        digest = HexDigest.text(of: query.blob(8))
    } else if !query.isNull(8) {
        digest = query.text(8)
    }
    return PredictionRow(
        key: SeriesKey(uncheckedDevice: query.text(0), sensor: query.text(1)),
        start: query.int(2),
        end: query.int(3),
        status: try itemStatus(query.text(4)),
        score: query.double(5),
        anomaly: query.isNull(6) ? -1 : Int8(clamping: query.int(6)),
        threshold: query.double(7),
        modelDigest: digest,
        coverage: query.double(9),
        features: FeatureText.values(query.text(10))
    )
}

private func itemStatus(_ text: String) throws -> ItemStatus {
    guard let status = ItemStatus(rawValue: text) else {
        throw FleetError(.dataLoss, "windows.db has the unknown status \"\(text)\"")
    }
    return status
}
