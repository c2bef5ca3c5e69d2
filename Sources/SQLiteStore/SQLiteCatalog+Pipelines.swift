package import Core
import GRDB
package import Store

extension SQLiteCatalog {
    package func publishPipeline(
        name: String,
        document: String,
        at now: Timestamp,
        scheduledThrough: Timestamp?
    ) async throws -> PipelineRecord {
        try await file.write { db in
            try db.execute(
                sql: """
                    INSERT INTO pipelines_data (name, version, is_paused, scheduled_through)
                    VALUES (?, 1, 0, ?) ON CONFLICT (name) DO UPDATE SET version = version + 1,
                      scheduled_through = coalesce(scheduled_through, excluded.scheduled_through)
                    """,
                arguments: [name, scheduledThrough?.microseconds]
            )
            try db.execute(
                sql: """
                    INSERT INTO pipeline_versions_data (pipeline, version, published_at, document)
                    SELECT name, version, ?, ? FROM pipelines_data WHERE name = ?
                    """,
                arguments: [now.microseconds, document, name]
            )
            return try pipelineRecord(name, db)
        }
    }

    package func pipelines() async throws -> [PipelineRecord] {
        try await file.read { db in
            try Row.fetchAll(db, sql: pipelineQuery + " ORDER BY p.name")
                .map(PipelineRecord.init(row:))
        }
    }

    package func pipeline(_ name: String) async throws -> PipelineRecord {
        try await file.read { try pipelineRecord(name, $0) }
    }

    package func pipelineDocument(_ name: String, version: Int) async throws -> String {
        try await file.read { db in
            _ = try pipelineRecord(name, db)
            let document = try String.fetchOne(
                db,
                sql: """
                    SELECT document FROM pipeline_versions_data
                    WHERE pipeline = ? AND version = ?
                    """,
                arguments: [name, version]
            )
            guard let document else { throw StoreErrors.noPipelineVersion(name, version) }
            return document
        }
    }

    package func setPaused(_ name: String, _ paused: Bool) async throws {
        try await file.write { db in
            try db.execute(
                sql: "UPDATE pipelines_data SET is_paused = ? WHERE name = ?",
                arguments: [paused, name]
            )
            guard db.changesCount == 1 else { throw StoreErrors.noPipeline(name) }
        }
    }
}

private let pipelineQuery = """
    SELECT p.name, p.version, p.is_paused, p.scheduled_through, v.document, v.published_at
    FROM pipelines_data p
    JOIN pipeline_versions_data v ON v.pipeline = p.name AND v.version = p.version
    """

/// The record of a pipeline.
///
/// - Throws: ``FleetError`` `.notFound`.
func pipelineRecord(_ name: String, _ db: Database) throws -> PipelineRecord {
    let row = try Row.fetchOne(db, sql: pipelineQuery + " WHERE p.name = ?", arguments: [name])
    guard let row else { throw StoreErrors.noPipeline(name) }
    return PipelineRecord(row: row)
}

/// Moves a pipeline's mark; it never goes back, so that no interval is decided twice.
func moveMark(of pipeline: String, to mark: Timestamp, _ db: Database) throws {
    try db.execute(
        sql: """
            UPDATE pipelines_data SET scheduled_through = max(coalesce(scheduled_through, ?1), ?1)
            WHERE name = ?2
            """,
        arguments: [mark.microseconds, pipeline]
    )
}

extension PipelineRecord {
    fileprivate init(row: Row) {
        let mark: Int64? = row["scheduled_through"]
        self.init(
            name: row["name"],
            version: row["version"],
            document: row["document"],
            publishedAt: Timestamp(microseconds: row["published_at"]),
            isPaused: row["is_paused"],
            scheduledThrough: mark.map(Timestamp.init(microseconds:))
        )
    }
}
