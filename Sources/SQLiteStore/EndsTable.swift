import Core
import GRDB
import Store

/// Window ends: their slots, how many windows they have, and which commit was the last to add one.
struct EndsTable {
    private let db: Database
    private let find: RawStatement
    private let insert: RawStatement
    private let update: RawStatement
    /// The commit that changes are noted for.
    private let sequence: Int64

    init(_ db: Database, sequence: Int64) throws {
        self.db = db
        self.sequence = sequence
        find = try RawStatement(
            db,
            "SELECT slot FROM ends_data WHERE definition = ?1 AND end_us = ?2"
        )
        insert = try RawStatement(
            db,
            """
            INSERT INTO ends_data (definition, end_us, windows, last_sequence)
            VALUES (?1, ?2, ?3, ?4)
            """
        )
        update = try RawStatement(
            db,
            "UPDATE ends_data SET windows = windows + ?2, last_sequence = ?3 WHERE slot = ?1"
        )
    }

    /// The slot of an end; nil when it has none.
    func slot(definition: Int64, end: Int64) throws -> Int64? {
        find.bind(1, definition)
        find.bind(2, end)
        defer { find.reset() }
        return try find.step() ? find.int(0) : nil
    }

    /// Gives an end a slot.
    func add(definition: Int64, end: Int64, windows: Int) throws -> Int64 {
        insert.bind(1, definition)
        insert.bind(2, end)
        insert.bind(3, Int64(windows))
        insert.bind(4, sequence)
        try insert.run()
        let slot = db.lastInsertedRowID
        guard slot < 1 << (63 - WindowSchema.seriesBits) else {
            throw FleetError(.resourceExhausted, "windows.db has no room for another window end")
        }
        return slot
    }

    /// Notes that windows of an end were added (or, below zero, removed) or replaced.
    func note(slot: Int64, added: Int) throws {
        update.bind(1, slot)
        update.bind(2, Int64(added))
        update.bind(3, sequence)
        try update.run()
    }
}

/// The row of a window definition; nil before its first window.
func definition(_ name: String, _ db: Database) throws -> DefinitionRow? {
    try Row.fetchOne(
        db,
        sql: "SELECT id, size_us FROM definitions WHERE name = ?",
        arguments: [name]
    ).map { DefinitionRow(id: $0["id"], size: $0["size_us"]) }
}

/// The row of a window definition, added when new with the size that its first windows share.
func definition(_ name: String, learnedFrom batches: [WindowBatch], _ db: Database) throws
    -> DefinitionRow
{
    if let known = try definition(name, db) { return known }
    var size: Int64?
    if let first = batches.first(where: { !$0.isEmpty }) {
        size = first.ends[0] &- first.starts[0]
        let isShared = batches.allSatisfy { batch in
            zip(batch.starts, batch.ends).allSatisfy { $1 &- $0 == size }
        }
        if !isShared { size = nil }
    }
    try db.execute(
        sql: "INSERT INTO definitions (name, size_us) VALUES (?, ?)",
        arguments: [name, size]
    )
    return DefinitionRow(id: db.lastInsertedRowID, size: size)
}
