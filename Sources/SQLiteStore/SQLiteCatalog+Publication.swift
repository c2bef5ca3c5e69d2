package import Core
import GRDB
package import Store

extension SQLiteCatalog {
    package func publish(
        _ publication: Publication,
        run: RunRecord,
        role: String,
        epoch: Int64
    ) async throws {
        try publication.check(run)
        try await file.write { db in
            let current = try SQLiteStore.epoch(of: role, db)
            guard current == epoch else {
                throw StoreErrors.staleEpoch(role: role, epoch: epoch, current: current)
            }
            let old = try stored(publication.pipeline, publication.interval, db)
            if let old, old.attempt > publication.attempt {
                throw StoreErrors.higherAttempt(publication, published: old.attempt)
            }
            try change(run, db)
            try db.execute(
                sql: """
                    INSERT OR REPLACE INTO publications_data (pipeline, interval_start,
                      interval_end, run, attempt, manifest_key, published_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    publication.pipeline, publication.interval.start.microseconds,
                    publication.interval.end.microseconds, publication.run, publication.attempt,
                    publication.manifestKey, publication.publishedAt.microseconds,
                ]
            )
        }
    }

    package func publication(
        pipeline: String,
        interval: TimeInterval
    ) async throws -> Publication? {
        try await file.read { try stored(pipeline, interval, $0) }
    }

    package func publications(pipeline: String?, limit: Int) async throws -> [Publication] {
        try await file.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM publications_data WHERE ?1 IS NULL OR pipeline = ?1
                    ORDER BY interval_end DESC, interval_start DESC, pipeline LIMIT ?2
                    """,
                arguments: [pipeline, max(0, limit)]
            ).map(Publication.init(row:))
        }
    }

    private func stored(
        _ pipeline: String,
        _ interval: TimeInterval,
        _ db: Database
    ) throws -> Publication? {
        try Row.fetchOne(
            db,
            sql: """
                SELECT * FROM publications_data
                WHERE pipeline = ? AND interval_end = ? AND interval_start = ?
                """,
            arguments: [pipeline, interval.end.microseconds, interval.start.microseconds]
        ).map(Publication.init(row:))
    }
}

extension Publication {
    fileprivate init(row: Row) throws {
        self.init(
            pipeline: row["pipeline"],
            interval: try TimeInterval(row: row),
            run: row["run"],
            attempt: row["attempt"],
            manifestKey: row["manifest_key"],
            publishedAt: Timestamp(microseconds: row["published_at"])
        )
    }
}
