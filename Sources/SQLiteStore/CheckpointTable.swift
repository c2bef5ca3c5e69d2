import Core
import FoundationEssentials
import GRDB
import Store

/// The checkpoints of partitions, with their snapshots in chunks.
struct CheckpointTable {
    /// A value of hundreds of megabytes would need as much memory again to be written.
    static let chunkByteCount = 1 << 20

    private let db: Database

    init(_ db: Database) throws {
        self.db = db
    }

    /// Stores a checkpoint over the one that the committer knows of.
    ///
    /// - Throws: ``FleetError`` `.conflict` when another one is stored.
    func write(_ commit: WindowCommit, counters: String, at now: Timestamp) throws {
        let checkpoint = commit.checkpoint
        let stored = try Int64.fetchOne(
            db,
            sql: "SELECT applied_through FROM checkpoints_data WHERE partition = ?",
            arguments: [checkpoint.partition]
        )
        guard stored == commit.expectedAppliedThrough else {
            throw StoreErrors.partitionTaken(
                checkpoint.partition,
                expected: commit.expectedAppliedThrough,
                stored: stored
            )
        }
        try db.execute(
            sql: """
                INSERT INTO checkpoints_data VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (partition) DO UPDATE SET applied_through = excluded.applied_through,
                  replay_from = excluded.replay_from, max_event_time = excluded.max_event_time,
                  counters = excluded.counters, committed_at = excluded.committed_at,
                  snapshot_bytes = coalesce(excluded.snapshot_bytes, snapshot_bytes)
                """,
            arguments: [
                checkpoint.partition, checkpoint.appliedThrough, checkpoint.replayFrom,
                checkpoint.maxEventTime, counters, checkpoint.snapshot?.count, now.microseconds,
            ]
        )
        if let snapshot = checkpoint.snapshot { try write(snapshot, of: checkpoint.partition) }
    }

    /// How far each partition is, without reading snapshots.
    static func marks(_ db: Database) throws -> [PartitionMark] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT partition, applied_through, max_event_time FROM checkpoints_data
                ORDER BY partition
                """
        ).map { row in
            PartitionMark(
                partition: row["partition"],
                appliedThrough: row["applied_through"],
                maxEventTime: row["max_event_time"]
            )
        }
    }

    private func write(_ snapshot: [UInt8], of partition: Int) throws {
        try db.execute(
            sql: "DELETE FROM snapshot_chunks WHERE partition = ?",
            arguments: [partition]
        )
        let insert = try RawStatement(db, "INSERT INTO snapshot_chunks VALUES (?1, ?2, ?3)")
        insert.bind(1, Int64(partition))
        for start in stride(from: 0, to: snapshot.count, by: Self.chunkByteCount) {
            insert.bind(2, Int64(start / Self.chunkByteCount))
            let end = min(snapshot.count, start + Self.chunkByteCount)
            try snapshot[start..<end].withUnsafeBytes { bytes in
                insert.bind(3, borrowed: bytes)
                try insert.run()
            }
        }
        insert.bindNull(3)
    }

    static func encode(_ counters: PartitionCounters) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(counters), as: UTF8.self)
    }

    static func read(_ db: Database) throws -> [PartitionCheckpoint] {
        let rows = try Row.fetchAll(db, sql: "SELECT * FROM checkpoints_data ORDER BY partition")
        return try rows.map { row in
            let counters: String = row["counters"]
            let size: Int? = row["snapshot_bytes"]
            return PartitionCheckpoint(
                partition: row["partition"],
                appliedThrough: row["applied_through"],
                replayFrom: row["replay_from"],
                maxEventTime: row["max_event_time"],
                counters: try JSONDecoder().decode(
                    PartitionCounters.self,
                    from: Data(counters.utf8)
                ),
                snapshot: try size.map { try snapshot(of: row["partition"], size: $0, db) }
            )
        }
    }

    private static func snapshot(of partition: Int, size: Int, _ db: Database) throws -> [UInt8] {
        let query = try RawStatement(
            db,
            "SELECT bytes FROM snapshot_chunks WHERE partition = ?1 ORDER BY number"
        )
        defer { query.reset() }
        query.bind(1, Int64(partition))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        while try query.step() { query.appendBlob(0, to: &bytes) }
        guard bytes.count == size else {
            throw FleetError(
                .dataLoss,
                "the snapshot of partition \(partition) has \(bytes.count) bytes, expected \(size)"
            )
        }
        return bytes
    }
}
