package import Core
import FoundationEssentials
import GRDB
package import Store
import Synchronization

/// Windows, checkpoints and predictions in one SQLite file, windows.db.
///
/// Commits are not synced one by one (`synchronous=NORMAL`). A power loss can take the last ones
/// away, but whole and in order, and a checkpoint is in the transaction of its windows: replay of
/// the log then repeats exactly what went. Predictions are derived from the published parts.
///
/// - Concurrency: any task; GRDB runs calls on queues of its own.
package final class SQLiteWindowStore: WindowStore {
    /// The newest late events that are kept; the log has all of them for its retention.
    static let lateCountMax = 1_000_000
    /// The newest rejected events that are kept.
    static let rejectedCountMax = 100_000

    let file: SQLiteFile
    /// Only the writer touches it, inside its transaction; the lock is never contended.
    private let seriesIDs = Mutex(SeriesIDs())

    /// Opens or creates the file; blocks for as long as a migration takes.
    ///
    /// - Throws: ``FleetError`` `.unsupported` for a file of a newer version, `.dataLoss` for a
    ///   damaged one, `.unavailable` when it cannot be opened.
    package init(path: String) throws {
        file = try SQLiteFile(path: path, durability: .normal, migrator: WindowSchema.migrator())
    }

    package func close() async {
        await file.close()
    }

    package func commit(_ commit: WindowCommit, at now: Timestamp) async throws {
        let counters = try encode(commit.checkpoint.counters)
        try await file.write { db in
            try self.seriesIDs.withLock { ids in
                var writer = try WindowWriter(db, ids: ids, now: now)
                // The dictionary moves to the writer and back: two owners would copy it.
                ids = SeriesIDs()
                defer { ids = writer.ids }
                try writer.write(commit.closed)
            }
            try writeLate(commit.late, db)
            try writeCheckpoint(commit.checkpoint, counters: counters, at: now, db)
        } undo: {
            self.seriesIDs.withLock { $0 = SeriesIDs() }
        }
    }

    package func checkpoints() async throws -> [PartitionCheckpoint] {
        try await file.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM checkpoints_data ORDER BY partition")
                .map(PartitionCheckpoint.init(row:))
        }
    }
}

private func encode(_ counters: PartitionCounters) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(counters), as: UTF8.self)
}

private func writeCheckpoint(
    _ checkpoint: PartitionCheckpoint,
    counters: String,
    at now: Timestamp,
    _ db: Database
) throws {
    let snapshot = checkpoint.snapshot.map { Data($0) }
    try db.execute(
        sql: """
            INSERT INTO checkpoints_data VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (partition) DO UPDATE SET applied_through = excluded.applied_through,
              replay_from = excluded.replay_from, max_event_time = excluded.max_event_time,
              counters = excluded.counters, committed_at = excluded.committed_at,
              snapshot = coalesce(excluded.snapshot, snapshot)
            """,
        arguments: [
            checkpoint.partition, checkpoint.appliedThrough, checkpoint.replayFrom,
            checkpoint.maxEventTime, counters, snapshot, now.microseconds,
        ]
    )
}

private func writeLate(_ events: [LateEvent], _ db: Database) throws {
    if events.isEmpty { return }
    let insert = try RawStatement(
        db,
        """
        INSERT INTO late_data
          (definition, device, sensor, time_us, value, partition, log_offset)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (partition, log_offset, definition) DO NOTHING
        """
    )
    for event in events {
        insert.bind(1, event.definition)
        insert.bind(2, event.key.device)
        insert.bind(3, event.key.sensor)
        insert.bind(4, event.time.microseconds)
        insert.bind(5, event.value)
        insert.bind(6, Int64(event.partition))
        insert.bind(7, event.offset)
        try insert.run()
    }
    try keepNewest(SQLiteWindowStore.lateCountMax, of: "late_data", db)
}

/// Deletes all but the newest rows of a table with a `number`.
func keepNewest(_ count: Int, of table: String, _ db: Database) throws {
    try db.execute(
        sql: "DELETE FROM \(table) WHERE number <= (SELECT max(number) FROM \(table)) - ?",
        arguments: [count]
    )
}

extension PartitionCheckpoint {
    fileprivate init(row: Row) throws {
        let snapshot: Data? = row["snapshot"]
        let counters: String = row["counters"]
        self.init(
            partition: row["partition"],
            appliedThrough: row["applied_through"],
            replayFrom: row["replay_from"],
            maxEventTime: row["max_event_time"],
            counters: try JSONDecoder().decode(PartitionCounters.self, from: Data(counters.utf8)),
            snapshot: snapshot.map { Array($0) }
        )
    }
}
