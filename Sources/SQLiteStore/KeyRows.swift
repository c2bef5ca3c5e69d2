import Core
import GRDB
import GRDBSQLite

/// Keys of series in memory that SQL reads as the table `key_rows`.
// SAFETY: as its superclass.
final class KeyRows: MemoryTable, @unchecked Sendable {
    /// One key: its sensor's name follows that of its device.
    fileprivate struct Row {
        var device: UnsafePointer<CChar>
        var deviceCount: Int32
        var sensorCount: Int32
    }

    private let rows: UnsafeMutablePointer<Row>
    private let text: UnsafeMutableRawBufferPointer
    private var textCount = 0

    init() {
        let capacity = 4096
        rows = .allocate(capacity: capacity)
        text = .allocate(byteCount: 128 << 10, alignment: 1)
        super.init(
            name: "key_rows",
            columns: "device TEXT, sensor TEXT",
            capacity: capacity,
            rows: rows,
            column
        )
    }

    deinit {
        rows.deallocate()
        text.deallocate()
    }

    /// Whether there may be no room for another key.
    var isFull: Bool {
        count == capacity || text.count - textCount < 2 * SeriesDictionary.partByteCountMax
    }

    override func removeAll() {
        super.removeAll()
        textCount = 0
    }

    /// Adds a key; there must be room.
    func append(_ device: UnsafeRawBufferPointer, _ sensor: UnsafeRawBufferPointer) {
        precondition(!isFull, "a full table is written before a row is added")
        let names = UnsafeMutableRawBufferPointer(rebasing: text[textCount...])
        names.copyMemory(from: device)
        UnsafeMutableRawBufferPointer(rebasing: names[device.count...]).copyMemory(from: sensor)
        guard let start = names.baseAddress else { return }
        let row = Row(
            device: UnsafePointer(start.assumingMemoryBound(to: CChar.self)),
            deviceCount: Int32(clamping: device.count),
            sensorCount: Int32(clamping: sensor.count)
        )
        (rows + count).initialize(to: row)
        textCount += device.count + sensor.count
        countRow()
    }
}

private let column: MemoryTable.Column = { cursor, context, column in
    guard let cursor = cursor?.memory else { return SQLITE_MISUSE }
    let row = cursor.pointee.rows.assumingMemoryBound(to: KeyRows.Row.self)[cursor.pointee.index]
    // Not copied: the bytes stay until the statement has run.
    if column == 0 {
        sqlite3_result_text(context, row.device, row.deviceCount, nil)
    } else {
        sqlite3_result_text(context, row.device + Int(row.deviceCount), row.sensorCount, nil)
    }
    return SQLITE_OK
}
