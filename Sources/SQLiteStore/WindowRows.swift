import GRDB
import GRDBSQLite

/// Window rows in memory that SQL reads as the table `window_rows`.
// SAFETY: as its superclass.
final class WindowRows: MemoryTable, @unchecked Sendable {
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

    /// Row i of `count`.
    let rows: UnsafeMutablePointer<Row>
    fileprivate private(set) var text: [UInt8] = []
    /// Whether no row has a start, a revision or quantiles.
    private(set) var isPlain = true

    init() {
        // Small enough to stay in the processor's second cache.
        let capacity = 4096
        rows = .allocate(capacity: capacity)
        rows.initialize(repeating: Row(), count: capacity)
        super.init(
            name: "window_rows",
            columns: """
                id INTEGER, count INTEGER, sum REAL, mean REAL, min REAL, max REAL, stddev REAL,
                first REAL, last REAL, rate REAL, revision INTEGER, start_us INTEGER,
                quantiles TEXT, next_id INTEGER
                """,
            capacity: capacity,
            rows: rows,
            column
        )
    }

    deinit {
        rows.deallocate()
    }

    var isFull: Bool { count == capacity }

    override func removeAll() {
        super.removeAll()
        isPlain = true
        text.removeAll(keepingCapacity: true)
    }

    /// Adds a row; there must be room.
    @inline(__always)
    func append(_ row: Row) {
        countRow()
        rows[count &- 1] = row
        rows[count &- 1].textEnd = Int32(truncatingIfNeeded: text.count)
        if row.hasStart || row.revision != 0 { isPlain = false }
    }

    /// Changes the revision of the row added last.
    func setRevision(_ revision: Int32) {
        if count > 0 { rows[count - 1].revision = revision }
        if revision != 0 { isPlain = false }
    }

    var firstID: Int64 { isEmpty ? 0 : rows[0].id }

    /// The quantiles of the first row; empty where it has none.
    var firstText: String {
        isEmpty ? "" : String(decoding: text.prefix(Int(rows[0].textEnd)), as: UTF8.self)
    }

    /// Adds a row with quantiles.
    func append(_ row: Row, quantiles: (inout [UInt8]) -> Void) {
        quantiles(&text)
        append(row)
        if !text.isEmpty { isPlain = false }
    }
}

private let column: MemoryTable.Column = { cursor, context, column in
    guard let cursor = cursor?.memory else { return SQLITE_MISUSE }
    let rows = cursor.pointee.rows.assumingMemoryBound(to: WindowRows.Row.self)
    let row = rows + cursor.pointee.index
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
    case 11: if row.pointee.hasStart { sqlite3_result_int64(context, row.pointee.start) }
    case 12: resultText(context, cursor.pointee)
    default:
        // The id, or null where it is that of the row before plus one.
        if cursor.pointee.index == 0 || row[-1].id &+ 1 != row.pointee.id {
            sqlite3_result_int64(context, row.pointee.id)
        }
    }
    return SQLITE_OK
}

/// Answers the quantiles of the cursor's row; null where it has none.
private func resultText(_ context: OpaquePointer?, _ cursor: MemoryTable.Cursor) {
    let rows = cursor.rows.assumingMemoryBound(to: WindowRows.Row.self)
    let start = cursor.index == 0 ? 0 : Int(rows[cursor.index &- 1].textEnd)
    let end = Int(rows[cursor.index].textEnd)
    guard start < end else { return }
    let table = unsafeDowncast(cursor.table.takeUnretainedValue(), to: WindowRows.self)
    table.text.withUnsafeBytes { text in
        let bytes = text[start..<end]
        let address = UnsafeRawBufferPointer(rebasing: bytes).baseAddress?
            .assumingMemoryBound(to: CChar.self)
        sqlite3_result_text(context, address, Int32(clamping: bytes.count), transient)
    }
}
