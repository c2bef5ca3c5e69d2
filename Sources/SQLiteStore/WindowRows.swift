import GRDB
import GRDBSQLite

/// Window rows in memory that SQL of one connection reads as the table `window_rows`.
///
/// One `INSERT … SELECT` of thousands of rows is twice as fast as a statement a row: nothing is
/// bound, begun and ended for each, and the cursor stays where the last row went.
///
/// - Concurrency: the queue of the connection that it is registered on.
// SAFETY: only the writing connection's queue fills it and runs statements that read it.
final class WindowRows: @unchecked Sendable {
    /// One row, as the statement reads it.
    struct Row {
        var id: Int64 = 0
        var count: Int64 = 0
        var sum = 0.0
        var mean = 0.0
        var min = 0.0
        var max = 0.0
        var stddev = 0.0
        var first = 0.0
        var last = 0.0
        var rate = 0.0
        /// Read where ``hasStart`` is set, else null.
        var start: Int64 = 0
        var revision: Int32 = 0
        var hasStart = false
        /// Where its quantiles end in the text; they start where those of the row before end.
        var textEnd: Int32 = 0
    }

    /// Small enough to stay in the processor's second cache.
    static let capacity = 4096

    /// Row i of `count`.
    let rows: UnsafeMutablePointer<Row>
    private(set) var count = 0
    fileprivate private(set) var text: [UInt8] = []
    private let module: UnsafeMutablePointer<sqlite3_module>

    init() {
        rows = .allocate(capacity: Self.capacity)
        rows.initialize(repeating: Row(), count: Self.capacity)
        module = .allocate(capacity: 1)
        module.initialize(to: makeModule())
    }

    deinit {
        rows.deallocate()
        module.deallocate()
    }

    /// Makes `window_rows` known to a connection, which keeps this object alive.
    func register(on db: Database) throws {
        let code = sqlite3_create_module_v2(
            db.sqliteConnection,
            "window_rows",
            module,
            Unmanaged.passRetained(self).toOpaque(),
            { table in
                if let table { Unmanaged<WindowRows>.fromOpaque(table).release() }
            }
        )
        guard code == SQLITE_OK else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code))
        }
    }

    /// Whether every row has the usual length and no quantiles.
    var isPlain: Bool { !hasStarts && text.isEmpty }
    private var hasStarts = false

    var isFull: Bool { count == Self.capacity }
    var isEmpty: Bool { count == 0 }

    func removeAll() {
        count = 0
        hasStarts = false
        text.removeAll(keepingCapacity: true)
    }

    /// Adds a row; there must be room.
    @inline(__always)
    func append(_ row: Row) {
        precondition(count < Self.capacity, "a full table is written before a row is added")
        rows[count] = row
        rows[count].textEnd = Int32(truncatingIfNeeded: text.count)
        hasStarts = hasStarts || row.hasStart
        count &+= 1
    }

    /// Changes the revision of the row added last.
    func setRevision(_ revision: Int32) {
        if count > 0 { rows[count - 1].revision = revision }
    }

    /// The quantiles of the first row; empty where it has none.
    var firstText: String {
        isEmpty ? "" : String(decoding: text.prefix(Int(rows[0].textEnd)), as: UTF8.self)
    }

    /// Adds a row with quantiles.
    func append(_ row: Row, quantiles: (inout [UInt8]) -> Void) {
        quantiles(&text)
        append(row)
    }
}

/// What SQLite knows the table by.
private struct Table {
    var base = sqlite3_vtab()
    var rows: UnsafeMutableRawPointer
}

private struct Cursor {
    var base = sqlite3_vtab_cursor()
    var index = 0
    var count: Int
    var rows: UnsafeMutablePointer<WindowRows.Row>
    var owner: UnsafeMutableRawPointer
}

private let declaration = """
    CREATE TABLE x (id INTEGER, count INTEGER, sum REAL, mean REAL, min REAL, max REAL,
      stddev REAL, first REAL, last REAL, rate REAL, revision INTEGER, start_us INTEGER,
      quantiles TEXT)
    """

private func makeModule() -> sqlite3_module {
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
        cursor?.withMemoryRebound(to: Cursor.self, capacity: 1) { $0.deallocate() }
        return SQLITE_OK
    }
    module.xFilter = { cursor, _, _, _, _ in
        with(cursor) {
            $0.pointee.index = 0
            $0.pointee.count =
                Unmanaged<WindowRows>.fromOpaque($0.pointee.owner).takeUnretainedValue().count
        }
        return SQLITE_OK
    }
    module.xNext = { cursor in
        with(cursor) { $0.pointee.index &+= 1 }
        return SQLITE_OK
    }
    module.xEof = { cursor in
        var isAtEnd = true
        with(cursor) { isAtEnd = $0.pointee.index >= $0.pointee.count }
        return isAtEnd ? 1 : 0
    }
    module.xColumn = column
    module.xRowid = { cursor, number in
        with(cursor) { number?.pointee = Int64($0.pointee.index) }
        return SQLITE_OK
    }
    return module
}

@inline(__always)
private func with(
    _ cursor: UnsafeMutablePointer<sqlite3_vtab_cursor>?,
    _ body: (UnsafeMutablePointer<Cursor>) -> Void
) {
    guard let cursor else { return }
    body(UnsafeMutableRawPointer(cursor).assumingMemoryBound(to: Cursor.self))
}

private let connect:
    @convention(c) (
        OpaquePointer?, UnsafeMutableRawPointer?, Int32,
        UnsafePointer<UnsafePointer<CChar>?>?,
        UnsafeMutablePointer<UnsafeMutablePointer<sqlite3_vtab>?>?,
        UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> Int32 = { connection, owner, _, _, result, _ in
        guard let owner, let result else { return SQLITE_MISUSE }
        let code = sqlite3_declare_vtab(connection, declaration)
        guard code == SQLITE_OK else { return code }
        let table = UnsafeMutablePointer<Table>.allocate(capacity: 1)
        table.initialize(to: Table(rows: owner))
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
        let owner = UnsafeMutableRawPointer(table).assumingMemoryBound(to: Table.self).pointee.rows
        let rows = Unmanaged<WindowRows>.fromOpaque(owner).takeUnretainedValue()
        let cursor = UnsafeMutablePointer<Cursor>.allocate(capacity: 1)
        cursor.initialize(to: Cursor(count: rows.count, rows: rows.rows, owner: owner))
        result.pointee = UnsafeMutableRawPointer(cursor)
            .assumingMemoryBound(to: sqlite3_vtab_cursor.self)
        return SQLITE_OK
    }

private let column:
    @convention(c) (
        UnsafeMutablePointer<sqlite3_vtab_cursor>?, OpaquePointer?, Int32
    ) -> Int32 = { cursor, context, column in
        with(cursor) { cursor in
            let row = cursor.pointee.rows + cursor.pointee.index
            switch column {
            case 0: sqlite3_result_int64(context, row.pointee.id)
            case 1: sqlite3_result_int64(context, row.pointee.count)
            case 2: sqlite3_result_double(context, row.pointee.sum)
            case 3: sqlite3_result_double(context, row.pointee.mean)
            case 4: sqlite3_result_double(context, row.pointee.min)
            case 5: sqlite3_result_double(context, row.pointee.max)
            case 6: sqlite3_result_double(context, row.pointee.stddev)
            case 7: sqlite3_result_double(context, row.pointee.first)
            case 8: sqlite3_result_double(context, row.pointee.last)
            case 9: sqlite3_result_double(context, row.pointee.rate)
            case 10: sqlite3_result_int(context, row.pointee.revision)
            case 11:
                if row.pointee.hasStart { sqlite3_result_int64(context, row.pointee.start) }
            case 12: resultText(context, cursor.pointee)
            default: break
            }
        }
        return SQLITE_OK
    }

/// Answers the quantiles of the cursor's row; null where it has none.
private func resultText(_ context: OpaquePointer?, _ cursor: Cursor) {
    let start = cursor.index == 0 ? 0 : Int(cursor.rows[cursor.index &- 1].textEnd)
    let end = Int(cursor.rows[cursor.index].textEnd)
    guard start < end else { return }
    let rows = Unmanaged<WindowRows>.fromOpaque(cursor.owner).takeUnretainedValue()
    rows.text.withUnsafeBytes { text in
        let bytes = text[start..<end]
        let address = UnsafeRawBufferPointer(rebasing: bytes).baseAddress?
            .assumingMemoryBound(to: CChar.self)
        sqlite3_result_text(context, address, Int32(clamping: bytes.count), transient)
    }
}
