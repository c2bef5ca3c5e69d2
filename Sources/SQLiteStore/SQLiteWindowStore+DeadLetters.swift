package import Core
import GRDB
package import Store

// Events that are in no window.
extension SQLiteWindowStore {
    package func addDeadLetters(
        _ letters: [DeadLetter],
        counts: [EventCount]?,
        batch: String?
    ) async throws {
        let counts = counts ?? EventCount.of(letters)
        if letters.isEmpty, counts.isEmpty { return }
        try await file.write { db in
            if let batch, try !self.isNew(batch: batch, db) { return }
            try self.write(letters, counts: counts, db)
        }
    }

    /// Remembers the name of a batch, forgetting the oldest; false when it was remembered already.
    private func isNew(batch: String, _ db: Database) throws -> Bool {
        try db.execute(
            sql: "INSERT INTO kept_batches_data (name) VALUES (?) ON CONFLICT DO NOTHING",
            arguments: [batch]
        )
        guard db.changesCount > 0 else { return false }
        try db.execute(
            sql: "DELETE FROM kept_batches_data WHERE number <= ?",
            arguments: [db.lastInsertedRowID - Int64(DeadLetter.batchCountMax)]
        )
        return true
    }

    /// Stores letters and adds to the totals, in a transaction of the caller.
    func write(_ letters: [DeadLetter], counts: [EventCount], _ db: Database) throws {
        for count in counts where count.count != 0 {
            try db.execute(
                sql: """
                    INSERT INTO event_counts_data VALUES (?, ?, ?)
                    ON CONFLICT (reason, definition) DO UPDATE SET total = total + excluded.total
                    """,
                arguments: [count.reason.rawValue, count.definition ?? "", count.count]
            )
        }
        if letters.isEmpty { return }
        let insert = try RawStatement(
            db,
            """
            INSERT INTO dead_letters_data (received_at, reason, source, definition, device, sensor,
              time_us, value, text, context, format, message, partition, log_offset)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
            ON CONFLICT DO NOTHING
            """
        )
        var added: [DeadLetterReason: Int] = [:]
        for letter in letters {
            bind(letter.bounded, insert)
            added[letter.reason, default: 0] += try insert.run()
        }
        try keepNewest(added, db)
    }

    /// Deletes what is more than may be kept, the oldest first.
    private func keepNewest(_ added: [DeadLetterReason: Int], _ db: Database) throws {
        for (reason, count) in added where count > 0 {
            let kept =
                try Int.fetchOne(
                    db,
                    sql: """
                        INSERT INTO kept_letters_data VALUES (?, ?)
                        ON CONFLICT (reason) DO UPDATE SET count = count + excluded.count
                        RETURNING count
                        """,
                    arguments: [reason.rawValue, count]
                ) ?? 0
            guard kept > letterCountOfReasonMax else { continue }
            try db.execute(
                sql: """
                    DELETE FROM dead_letters_data WHERE number IN (
                      SELECT number FROM dead_letters_data WHERE reason = ?1
                      ORDER BY number LIMIT ?2)
                    """,
                arguments: [reason.rawValue, kept - letterCountOfReasonMax]
            )
            try db.execute(
                sql: "UPDATE kept_letters_data SET count = ?2 WHERE reason = ?1",
                arguments: [reason.rawValue, letterCountOfReasonMax]
            )
        }
        let total = try Int.fetchOne(db, sql: "SELECT sum(count) FROM kept_letters_data") ?? 0
        guard total > letterCountMax else { return }
        let oldest = "SELECT number FROM dead_letters_data ORDER BY number LIMIT ?1"
        try db.execute(
            sql: """
                UPDATE kept_letters_data SET count = count - (
                  SELECT count(*) FROM dead_letters_data l
                  WHERE l.reason = kept_letters_data.reason AND l.number IN (\(oldest)))
                """,
            arguments: [total - letterCountMax]
        )
        try db.execute(
            sql: "DELETE FROM dead_letters_data WHERE number IN (\(oldest))",
            arguments: [total - letterCountMax]
        )
    }

    package func deadLetters(
        _ filter: DeadLetterFilter,
        before: Int64?,
        limit: Int
    ) async throws -> [StoredDeadLetter] {
        try await file.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM dead_letters_data
                    WHERE number < ?1 \(filter.reason == nil ? "" : "AND reason = ?2")
                      AND (?3 IS NULL OR device = ?3) AND received_at >= ?4
                    ORDER BY number DESC LIMIT ?5
                    """,
                arguments: [
                    before ?? .max, filter.reason?.rawValue ?? "", filter.device,
                    filter.receivedSince?.microseconds ?? .min, max(0, limit),
                ]
            ).map(StoredDeadLetter.init(row:))
        }
    }

    package func deadLetter(number: Int64) async throws -> StoredDeadLetter? {
        try await file.read { db in
            try Row.fetchOne(
                db,
                sql: "SELECT * FROM dead_letters_data WHERE number = ?",
                arguments: [number]
            ).map(StoredDeadLetter.init(row:))
        }
    }

    package func deadLetters(partition: Int, offset: Int64) async throws -> [StoredDeadLetter] {
        try await file.read { db in
            // As the index letters_by_offset has it.
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM dead_letters_data
                    WHERE ifnull(partition, -1) = ? AND log_offset = ? ORDER BY number
                    """,
                arguments: [partition, offset]
            ).map(StoredDeadLetter.init(row:))
        }
    }

    package func markReplayed(_ numbers: [Int64], at now: Timestamp) async throws {
        if numbers.isEmpty { return }
        try await file.write { db in
            let mark = try RawStatement(
                db,
                "UPDATE dead_letters_data SET replayed_at = ?2 WHERE number = ?1"
            )
            mark.bind(2, now.microseconds)
            for number in numbers {
                mark.bind(1, number)
                try mark.run()
            }
        }
    }

    package func eventCounts() async throws -> [EventCount] {
        try await file.read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT * FROM event_counts_data ORDER BY reason, definition"
            ).map { row in
                let definition: String = row["definition"]
                return EventCount(
                    reason: DeadLetterReason(rawValue: row["reason"]),
                    definition: definition.isEmpty ? nil : definition,
                    count: row["total"]
                )
            }
        }
    }
}

private func bind(_ letter: DeadLetter, _ insert: RawStatement) {
    insert.bind(1, letter.receivedAt.microseconds)
    insert.bind(2, letter.reason.rawValue)
    insert.bind(3, letter.source)
    insert.bind(4, letter.definition)
    insert.bind(5, letter.device)
    insert.bind(6, letter.sensor)
    insert.bind(7, letter.time?.microseconds)
    insert.bind(8, letter.value ?? .nan)
    insert.bind(9, letter.text)
    insert.bind(10, letter.context)
    insert.bind(11, letter.format)
    insert.bind(12, letter.message)
    insert.bind(13, letter.partition.map(Int64.init))
    insert.bind(14, letter.offset)
}

extension StoredDeadLetter {
    fileprivate init(row: Row) {
        let time: Int64? = row["time_us"]
        let replayed: Int64? = row["replayed_at"]
        self.init(
            number: row["number"],
            letter: DeadLetter(
                receivedAt: Timestamp(microseconds: row["received_at"]),
                reason: DeadLetterReason(rawValue: row["reason"]),
                source: row["source"],
                definition: row["definition"],
                device: row["device"],
                sensor: row["sensor"],
                time: time.map(Timestamp.init(microseconds:)),
                value: row["value"],
                text: row["text"],
                context: row["context"],
                format: row["format"],
                message: row["message"],
                partition: row["partition"],
                offset: row["log_offset"]
            ),
            replayedAt: replayed.map(Timestamp.init(microseconds:))
        )
    }
}
