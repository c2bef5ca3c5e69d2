import Core
import GRDB
package import Store

extension SQLiteWindowStore {
    package func lateEvents(limit: Int) async throws -> [LateEvent] {
        try await file.read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT * FROM late_data ORDER BY number DESC LIMIT ?",
                arguments: [max(0, limit)]
            ).map { row in
                LateEvent(
                    definition: row["definition"],
                    key: SeriesKey(uncheckedDevice: row["device"], sensor: row["sensor"]),
                    time: Timestamp(microseconds: row["time_us"]),
                    value: row["value"] ?? .nan,
                    partition: row["partition"],
                    offset: row["log_offset"]
                )
            }
        }
    }

    package func addRejected(_ records: [RejectedRecord]) async throws {
        if records.isEmpty { return }
        try await file.write { db in
            let insert = try RawStatement(
                db,
                """
                INSERT INTO rejected_data (received_at, source, reason, sample)
                VALUES (?, ?, ?, ?)
                """
            )
            for record in records {
                insert.bind(1, record.receivedAt.microseconds)
                insert.bind(2, record.source)
                insert.bind(3, record.reason)
                insert.bind(4, record.sample)
                try insert.run()
            }
            try keepNewest(Self.rejectedCountMax, of: "rejected_data", db)
        }
    }

    package func rejected(limit: Int) async throws -> [RejectedRecord] {
        try await file.read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT * FROM rejected_data ORDER BY number DESC LIMIT ?",
                arguments: [max(0, limit)]
            ).map { row in
                RejectedRecord(
                    receivedAt: Timestamp(microseconds: row["received_at"]),
                    source: row["source"],
                    reason: row["reason"],
                    sample: row["sample"]
                )
            }
        }
    }
}
