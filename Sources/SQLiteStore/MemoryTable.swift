import GRDB
import GRDBSQLite

/// Rows in memory that SQL of one connection reads as a table.
///
/// One `INSERT … SELECT` of thousands of rows is twice as fast as a statement a row: nothing is
/// bound, begun and ended for each, and the cursors stay where the last row went.
///
/// - Concurrency: the queue of the connection that it is registered on.
// SAFETY: only the writing connection's queue fills it and runs statements that read it.
class MemoryTable: @unchecked Sendable {
    /// Answers a column of the row that a cursor is at; without an answer it is null.
    typealias Column =
        @convention(c) (
            UnsafeMutablePointer<sqlite3_vtab_cursor>?, OpaquePointer?, Int32
        ) -> Int32

    /// How many rows there are.
    fileprivate(set) final var count = 0
    final let capacity: Int
    private let name: String
    private let columns: String
    private let rows: UnsafeRawPointer
    private let module: UnsafeMutablePointer<sqlite3_module>

    /// `rows` is where the first row is, for as long as the object lives.
    init(name: String, columns: String, capacity: Int, rows: UnsafeRawPointer, _ column: Column) {
        self.name = name
        self.columns = columns
        self.capacity = capacity
        self.rows = rows
        module = .allocate(capacity: 1)
        module.initialize(to: makeModule(column))
    }

    deinit {
        module.deallocate()
    }

    final var isEmpty: Bool { count == 0 }

    /// Notes that a row was added; there must be room.
    @inline(__always)
    final func countRow() {
        precondition(count < capacity, "a full table is written before a row is added")
        count &+= 1
    }

    func removeAll() {
        count = 0
    }

    /// Makes the table known to a connection, which keeps this object alive.
    final func register(on db: Database) throws {
        let code = sqlite3_create_module_v2(
            db.sqliteConnection,
            name,
            module,
            Unmanaged.passRetained(self).toOpaque(),
            { table in
                if let table { Unmanaged<MemoryTable>.fromOpaque(table).release() }
            }
        )
        guard code == SQLITE_OK else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code))
        }
    }

    /// Where a statement is in the rows.
    struct Cursor {
        private var base = sqlite3_vtab_cursor()
        fileprivate(set) var index = 0
        fileprivate var count = 0
        let rows: UnsafeRawPointer
        let table: Unmanaged<MemoryTable>

        fileprivate init(_ table: Unmanaged<MemoryTable>) {
            rows = table.takeUnretainedValue().rows
            self.table = table
        }
    }

    fileprivate final func declare(to connection: OpaquePointer?) -> Int32 {
        sqlite3_declare_vtab(connection, "CREATE TABLE x (\(columns))")
    }
}

/// What SQLite knows a table by.
private struct Table {
    var base = sqlite3_vtab()
    var owner: UnsafeMutableRawPointer
}

extension UnsafeMutablePointer<sqlite3_vtab_cursor> {
    /// The cursor of ours that SQLite knows by this pointer.
    @inline(__always)
    var memory: UnsafeMutablePointer<MemoryTable.Cursor> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: MemoryTable.Cursor.self)
    }
}

private func makeModule(_ column: MemoryTable.Column) -> sqlite3_module {
    var module = sqlite3_module()
    // Without xCreate the table just exists, and nothing of it is stored in a schema.
    module.xConnect = connect
    module.xBestIndex = { _, info in
        info?.pointee.estimatedCost = 1
        return SQLITE_OK
    }
    module.xDisconnect = { table in
        table?.withMemoryRebound(to: Table.self, capacity: 1) { $0.deallocate() }
        return SQLITE_OK
    }
    module.xOpen = open
    module.xClose = { cursor in
        cursor?.memory.deallocate()
        return SQLITE_OK
    }
    module.xFilter = { cursor, _, _, _, _ in
        guard let cursor = cursor?.memory else { return SQLITE_MISUSE }
        cursor.pointee.index = 0
        cursor.pointee.count = cursor.pointee.table.takeUnretainedValue().count
        return SQLITE_OK
    }
    module.xNext = { cursor in
        cursor?.memory.pointee.index &+= 1
        return SQLITE_OK
    }
    module.xEof = { cursor in
        guard let cursor = cursor?.memory else { return 1 }
        return cursor.pointee.index >= cursor.pointee.count ? 1 : 0
    }
    module.xColumn = column
    module.xRowid = { cursor, number in
        guard let cursor = cursor?.memory else { return SQLITE_MISUSE }
        number?.pointee = Int64(cursor.pointee.index)
        return SQLITE_OK
    }
    return module
}

private let connect:
    @convention(c) (
        OpaquePointer?, UnsafeMutableRawPointer?, Int32,
        UnsafePointer<UnsafePointer<CChar>?>?,
        UnsafeMutablePointer<UnsafeMutablePointer<sqlite3_vtab>?>?,
        UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> Int32 = { connection, owner, _, _, result, _ in
        guard let owner, let result else { return SQLITE_MISUSE }
        let code = Unmanaged<MemoryTable>.fromOpaque(owner).takeUnretainedValue()
            .declare(to: connection)
        guard code == SQLITE_OK else { return code }
        let table = UnsafeMutablePointer<Table>.allocate(capacity: 1)
        table.initialize(to: Table(owner: owner))
        result.pointee = UnsafeMutableRawPointer(table)
            .assumingMemoryBound(to: sqlite3_vtab.self)
        return SQLITE_OK
    }

private let open:
    @convention(c) (
        UnsafeMutablePointer<sqlite3_vtab>?,
        UnsafeMutablePointer<UnsafeMutablePointer<sqlite3_vtab_cursor>?>?
    ) -> Int32 = { table, result in
        guard let table, let result else { return SQLITE_MISUSE }
        let owner = UnsafeMutableRawPointer(table).assumingMemoryBound(to: Table.self).pointee.owner
        let cursor = UnsafeMutablePointer<MemoryTable.Cursor>.allocate(capacity: 1)
        cursor.initialize(to: MemoryTable.Cursor(.fromOpaque(owner)))
        result.pointee = UnsafeMutableRawPointer(cursor)
            .assumingMemoryBound(to: sqlite3_vtab_cursor.self)
        return SQLITE_OK
    }
