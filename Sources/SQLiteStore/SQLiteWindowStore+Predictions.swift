package import Core
import GRDB
package import Store

// Writing.
extension SQLiteWindowStore {
    package func addPredictions(
        _ batch: PredictionBatch,
        run: String,
        attempt: Int,
        pipeline: String
    ) async throws {
        try await file.write { db in
            let id = try attemptID(run: run, attempt: attempt, db)
            try describe(id, batch, run: run, attempt: attempt, pipeline: pipeline, db)
            let insert = try RawStatement(
                db,
                """
                INSERT OR REPLACE INTO predictions_data (attempt_id, device, sensor, end_us,
                  start_us, status, score, is_anomaly, threshold, model_digest, coverage, features)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
                """
            )
            insert.bind(1, id)
            var boundKey: UInt32?
            for row in 0..<batch.count {
                if batch.keyIndex[row] != boundKey {
                    boundKey = batch.keyIndex[row]
                    bindKey(batch, Int(batch.keyIndex[row]), insert)
                }
                bindRow(batch, row, insert)
                try insert.run()
            }
        }
    }

    package func addItems(_ items: [ItemOutcome], run: String, attempt: Int) async throws {
        try await file.write { db in
            let insert = try RawStatement(
                db,
                "INSERT OR REPLACE INTO items_data VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
            )
            insert.bind(1, try attemptID(run: run, attempt: attempt, db))
            for item in items {
                insert.bind(2, item.key.device)
                insert.bind(3, item.key.sensor)
                insert.bind(4, item.status.rawValue)
                insert.bind(5, Int64(item.rowCount))
                insert.bind(6, Int64(item.anomalyCount))
                insert.bind(7, item.reason)
                try insert.run()
            }
        }
    }

    package func setPublished(_ publication: Publication) async throws {
        try await file.write { db in
            let id = try attemptID(run: publication.run, attempt: publication.attempt, db)
            let interval = publication.interval
            try db.execute(
                sql: """
                    UPDATE attempts_data SET pipeline = ?, interval_start = ?, interval_end = ?
                    WHERE id = ?
                    """,
                arguments: [
                    publication.pipeline, interval.start.microseconds, interval.end.microseconds,
                    id,
                ]
            )
            // A repair at start may repeat old publications: the higher attempt stays.
            try db.execute(
                sql: """
                    INSERT INTO published_data (pipeline, interval_start, interval_end,
                      attempt_id, attempt, published_at)
                    VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (pipeline, interval_end, interval_start) DO UPDATE SET
                      attempt_id = excluded.attempt_id, attempt = excluded.attempt,
                      published_at = excluded.published_at
                    WHERE excluded.attempt >= attempt
                    """,
                arguments: [
                    publication.pipeline, interval.start.microseconds, interval.end.microseconds,
                    id, publication.attempt, publication.publishedAt.microseconds,
                ]
            )
        }
    }

    package func prunePredictions(before: Timestamp) async throws {
        let limit = before.microseconds
        let superseded = try await file.read { db in
            try Int64.fetchAll(
                db,
                sql: """
                    SELECT a.id FROM attempts_data a JOIN published_data p
                      ON p.pipeline = a.pipeline AND p.interval_end = a.interval_end
                      AND p.interval_start = a.interval_start
                    WHERE p.attempt_id <> a.id
                    """
            )
        }
        // One transaction an attempt, so that windows are committed between them.
        for id in superseded { try await file.write { try delete(attempt: id, $0) } }
        let aged = try await file.read { db in
            try Int64.fetchAll(
                db,
                sql: """
                    SELECT attempt_id FROM published_data p WHERE published_at < ?
                      AND (EXISTS (SELECT 1 FROM predictions_data WHERE attempt_id = p.attempt_id)
                        OR EXISTS (SELECT 1 FROM items_data WHERE attempt_id = p.attempt_id))
                    """,
                arguments: [limit]
            )
        }
        for id in aged { try await file.write { try delete(attempt: id, $0) } }
    }
}

/// The id of a run's attempt, added when new.
private func attemptID(run: String, attempt: Int, _ db: Database) throws -> Int64 {
    try db.execute(
        sql: "INSERT INTO attempts_data (run, attempt) VALUES (?, ?) ON CONFLICT DO NOTHING",
        arguments: [run, attempt]
    )
    let id = try Int64.fetchOne(
        db,
        sql: "SELECT id FROM attempts_data WHERE run = ? AND attempt = ?",
        arguments: [run, attempt]
    )
    return id ?? 0
}

/// Notes what an attempt's rows are about: pipeline, feature names, first and last window end.
private func describe(
    _ id: Int64,
    _ batch: PredictionBatch,
    run: String,
    attempt: Int,
    pipeline: String,
    _ db: Database
) throws {
    let names = FeatureText.encode(names: batch.featureNames)
    let stored = try String.fetchOne(
        db,
        sql: "SELECT feature_names FROM attempts_data WHERE id = ?",
        arguments: [id]
    )
    if let stored, stored != names {
        throw StoreErrors.featureNamesDiffer(run: run, attempt: attempt)
    }
    try db.execute(
        sql: """
            UPDATE attempts_data SET pipeline = ?2, feature_names = ?3,
              first_end = min(coalesce(first_end, ?4), coalesce(?4, first_end)),
              last_end = max(coalesce(last_end, ?5), coalesce(?5, last_end))
            WHERE id = ?1
            """,
        arguments: [id, pipeline, names, batch.ends.min(), batch.ends.max()]
    )
}

private func bindKey(_ batch: PredictionBatch, _ key: Int, _ insert: RawStatement) {
    insert.bind(2, batch.keys[key].device)
    insert.bind(3, batch.keys[key].sensor)
    // A million models are a million digests: 32 bytes each instead of 64 letters.
    if let digest = batch.modelDigests[key], let bytes = HexDigest.bytes(of: digest) {
        insert.bind(10, blob: bytes)
    } else {
        insert.bind(10, batch.modelDigests[key])
    }
}

private func bindRow(_ batch: PredictionBatch, _ row: Int, _ insert: RawStatement) {
    insert.bind(4, batch.ends[row])
    insert.bind(5, batch.starts[row])
    insert.bind(6, batch.statuses[row].rawValue)
    insert.bind(7, batch.scores[row])
    if batch.anomalies[row] < 0 {
        insert.bindNull(8)
    } else {
        insert.bind(8, Int64(batch.anomalies[row]))
    }
    insert.bind(9, batch.thresholds[row])
    insert.bind(11, batch.coverages[row])
    let width = batch.featureCount
    insert.bind(12, FeatureText.encode(batch.features[(row * width)..<(row * width + width)]))
}

private func delete(attempt id: Int64, _ db: Database) throws {
    try db.execute(sql: "DELETE FROM predictions_data WHERE attempt_id = ?", arguments: [id])
    try db.execute(sql: "DELETE FROM items_data WHERE attempt_id = ?", arguments: [id])
    try db.execute(
        sql: """
            DELETE FROM attempts_data
            WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM published_data WHERE attempt_id = ?1)
            """,
        arguments: [id]
    )
}
