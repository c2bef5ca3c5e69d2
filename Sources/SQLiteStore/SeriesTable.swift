import Core
import GRDB

/// Finds the ids of series in the database, and adds series that are new.
struct SeriesTable {
    private let db: Database
    private let rows: KeyRows
    private let find: RawStatement
    private let add: RawStatement

    init(_ db: Database, rows: KeyRows, now: Timestamp) throws {
        self.db = db
        self.rows = rows
        find = try RawStatement(db, "SELECT id FROM series_data WHERE device = ? AND sensor = ?")
        // Names are never null; that one would fail here, and not undo the statement, spares SQLite
        // a copy of every page that the statement changes.
        add = try RawStatement(
            db,
            """
            INSERT OR FAIL INTO series_data (device, sensor, first_seen_at)
            SELECT device, sensor, ?1 FROM key_rows WHERE true ON CONFLICT DO NOTHING
            """
        )
        add.bind(1, now.microseconds)
    }

    /// The id of each key of a dictionary.
    ///
    /// New series get theirs in key order, which keeps later reads in key order sequential.
    func ids(of keys: SeriesDictionary) throws -> [UInt32] {
        var result = [UInt32](repeating: 0, count: keys.count)
        var rest = (0..<UInt32(clamping: keys.count)).sorted { keys.precedes($0, $1) }[...]
        // What comes together is mostly all new, or all there since before the last start: what
        // was right for most of the last keys is tried first, which spares every other search.
        var areNew = true
        while !rest.isEmpty {
            let restCount = rest.count
            var unknown: [UInt32] = []
            rows.removeAll()
            while !rows.isFull, let id = rest.popFirst() {
                try keys.withBytes(of: id) { device, sensor in
                    if !areNew, let row = try search(device, sensor) {
                        result[Int(id)] = row
                    } else {
                        rows.append(device, sensor)
                        unknown.append(id)
                    }
                }
            }
            let added = try insert()
            for (place, id) in unknown.enumerated() {
                // If all are new they have got numbers in their order.
                result[Int(id)] =
                    added.count == unknown.count
                    ? added.lowerBound + UInt32(place)
                    : try keys.withBytes(of: id) { try stored($0, $1) }
            }
            areNew = added.count > (restCount - rest.count) / 2
        }
        return result
    }

    /// The ids of dictionary ids in their order.
    func ids(_ ids: [UInt32], of series: SeriesDictionary) throws -> [UInt32] {
        var used = SeriesDictionary()
        let places = ids.map { used.insert(id: $0, of: series) }
        let rows = try self.ids(of: used)
        return places.map { rows[Int($0)] }
    }

    private func search(
        _ device: UnsafeRawBufferPointer,
        _ sensor: UnsafeRawBufferPointer
    ) throws -> UInt32? {
        find.bind(1, text: device)
        find.bind(2, text: sensor)
        defer { find.reset() }
        return try find.step() ? UInt32(truncatingIfNeeded: find.int(0)) : nil
    }

    private func stored(
        _ device: UnsafeRawBufferPointer,
        _ sensor: UnsafeRawBufferPointer
    ) throws -> UInt32 {
        guard let row = try search(device, sensor) else {
            throw FleetError(.internal, "a series is neither there nor new")
        }
        return row
    }

    /// Adds those of the rows that are not there; the ids that they have got.
    private func insert() throws -> Range<UInt32> {
        let count = rows.isEmpty ? 0 : try add.run()
        guard count > 0 else { return 0..<0 }
        guard let last = UInt32(exactly: db.lastInsertedRowID), last < .max else {
            throw FleetError(.resourceExhausted, "windows.db has no room for another series")
        }
        return (last + 1 - UInt32(count))..<(last + 1)
    }
}
