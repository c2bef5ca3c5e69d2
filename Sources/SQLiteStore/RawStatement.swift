import GRDB
import GRDBSQLite

/// A cached statement bound and stepped through the C API, for the loops over many rows.
///
/// GRDB prepares and keeps it; binding here costs a few nanoseconds a value instead of a box.
struct RawStatement {
    private let handle: OpaquePointer

    init(_ db: Database, _ sql: String) throws {
        handle = try db.cachedStatement(sql: sql).sqliteStatement
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    func bind(_ index: Int32, _ value: Int64) {
        sqlite3_bind_int64(handle, index, value)
    }

    /// Binds a number; NaN becomes null.
    func bind(_ index: Int32, _ value: Double) {
        sqlite3_bind_double(handle, index, value)
    }

    func bind(_ index: Int32, _ value: String) {
        var copy = value
        _ = copy.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                // An empty buffer may have no address, which SQLite would take for null.
                if let address = text.baseAddress, !text.isEmpty {
                    sqlite3_bind_text(handle, index, address, Int32(text.count), transient)
                } else {
                    sqlite3_bind_text(handle, index, "", 0, transient)
                }
            }
        }
    }

    /// Binds UTF-8 text, which is copied.
    func bind(_ index: Int32, text: UnsafeRawBufferPointer) {
        let address = text.baseAddress?.assumingMemoryBound(to: CChar.self)
        if let address, !text.isEmpty {
            sqlite3_bind_text(handle, index, address, Int32(clamping: text.count), transient)
        } else {
            sqlite3_bind_text(handle, index, "", 0, transient)
        }
    }

    func bind(_ index: Int32, _ value: Int64?) {
        if let value { bind(index, value) } else { sqlite3_bind_null(handle, index) }
    }

    func bind(_ index: Int32, _ value: String?) {
        if let value { bind(index, value) } else { sqlite3_bind_null(handle, index) }
    }

    func bindNull(_ index: Int32) {
        sqlite3_bind_null(handle, index)
    }

    func bind(_ index: Int32, blob: [UInt8]) {
        sqlite3_bind_blob(handle, index, blob, Int32(clamping: blob.count), transient)
    }

    /// Binds bytes without copying them: they must stay until the statement has run.
    func bind(_ index: Int32, borrowed bytes: UnsafeRawBufferPointer) {
        sqlite3_bind_blob(handle, index, bytes.baseAddress, Int32(clamping: bytes.count), nil)
    }

    /// Goes to the next row; false after the last.
    func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            let connection = sqlite3_db_handle(handle)
            let code = sqlite3_extended_errcode(connection)
            let message = sqlite3_errmsg(connection).map { String(cString: $0) }
            sqlite3_reset(handle)
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
        }
    }

    /// Runs a statement that answers no rows; how many rows it changed.
    @discardableResult
    func run() throws -> Int {
        _ = try step()
        let changes = Int(sqlite3_changes(sqlite3_db_handle(handle)))
        sqlite3_reset(handle)
        return changes
    }

    /// Ends a read, so that its snapshot is let go.
    func reset() {
        sqlite3_reset(handle)
    }

    func int(_ column: Int32) -> Int64 {
        sqlite3_column_int64(handle, column)
    }

    /// The number of a column; NaN when it is null.
    func double(_ column: Int32) -> Double {
        isNull(column) ? .nan : sqlite3_column_double(handle, column)
    }

    func text(_ column: Int32) -> String {
        guard let bytes = sqlite3_column_text(handle, column) else { return "" }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    func blob(_ column: Int32) -> [UInt8] {
        guard let bytes = sqlite3_column_blob(handle, column) else { return [] }
        let count = Int(sqlite3_column_bytes(handle, column))
        return Array(UnsafeRawBufferPointer(start: bytes, count: count))
    }

    func appendBlob(_ column: Int32, to bytes: inout [UInt8]) {
        guard let start = sqlite3_column_blob(handle, column) else { return }
        let count = Int(sqlite3_column_bytes(handle, column))
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: start, count: count))
    }

    func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(handle, column) == SQLITE_NULL
    }

    func isBlob(_ column: Int32) -> Bool {
        sqlite3_column_type(handle, column) == SQLITE_BLOB
    }
}

/// Tells SQLite to copy what is bound; the C macro `SQLITE_TRANSIENT` is this pointer.
let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
