import Core
import GRDB
import Store

/// The database's ids of the series met since the file was opened.
struct SeriesIDs: Sendable {
    var keys = SeriesDictionary()
    /// The database id of each dictionary id.
    var rows: [Int64] = []
}

/// Writes the closed windows of one commit, in key order, so that pages fill one after another.
struct WindowWriter {
    private let db: Database
    private let now: Timestamp
    private let sequence: Int64
    private let insertWindow: RawStatement
    private let insertEnd: RawStatement
    private(set) var ids: SeriesIDs

    private struct Place {
        let end: Int64
        let series: Int64
        let row: Int

        static func < (left: Place, right: Place) -> Bool {
            (left.end, left.series) < (right.end, right.series)
        }
    }

    init(_ db: Database, ids: SeriesIDs, now: Timestamp) throws {
        self.db = db
        self.ids = ids
        self.now = now
        sequence = try windowSequence(db) + 1
        insertWindow = try RawStatement(
            db,
            """
            INSERT INTO windows_data (definition, end_us, series, start_us, sequence, count, sum,
              mean, min, max, stddev, first, last)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            ON CONFLICT (definition, end_us, series) DO NOTHING
            """
        )
        insertEnd = try RawStatement(
            db,
            """
            INSERT INTO ends_data (definition, end_us, windows, last_sequence)
            VALUES (?, ?, ?, ?) ON CONFLICT (definition, end_us) DO UPDATE SET
              windows = windows + excluded.windows, last_sequence = excluded.last_sequence
            """
        )
    }

    /// Stores the windows that are new; a commit with none takes no sequence number.
    mutating func write(_ closed: [(definition: String, windows: WindowBatch)]) throws {
        var stored = 0
        for (definition, windows) in closed where !windows.isEmpty {
            stored += try write(windows, definition: try definitionID(definition))
        }
        guard stored > 0 else { return }
        try db.execute(
            sql: "INSERT OR REPLACE INTO counters_data VALUES ('window_sequence', ?)",
            arguments: [sequence]
        )
    }

    private mutating func write(_ windows: WindowBatch, definition: Int64) throws -> Int {
        let series = try seriesIDs(of: windows)
        var places = (0..<windows.count).map { row in
            Place(
                end: windows.ends[row],
                series: series[Int(windows.seriesIndex[row])],
                row: row
            )
        }
        places.sort(by: <)
        var stored = 0
        var storedOfEnd = 0
        insertWindow.bind(1, definition)
        insertWindow.bind(5, sequence)
        for (index, place) in places.enumerated() {
            bind(windows, place)
            storedOfEnd += try insertWindow.run()
            let isLastOfEnd = index + 1 == places.count || places[index + 1].end != place.end
            guard isLastOfEnd, storedOfEnd > 0 else { continue }
            insertEnd.bind(1, definition)
            insertEnd.bind(2, place.end)
            insertEnd.bind(3, Int64(storedOfEnd))
            insertEnd.bind(4, sequence)
            try insertEnd.run()
            stored += storedOfEnd
            storedOfEnd = 0
        }
        return stored
    }

    private func bind(_ windows: WindowBatch, _ place: Place) {
        let row = place.row
        insertWindow.bind(2, place.end)
        insertWindow.bind(3, place.series)
        insertWindow.bind(4, windows.starts[row])
        insertWindow.bind(6, windows.counts[row])
        insertWindow.bind(7, windows.sums[row])
        insertWindow.bind(8, windows.means[row])
        insertWindow.bind(9, windows.mins[row])
        insertWindow.bind(10, windows.maxs[row])
        insertWindow.bind(11, windows.stddevs[row])
        insertWindow.bind(12, windows.firsts[row])
        insertWindow.bind(13, windows.lasts[row])
    }

    /// The database id per dictionary id of the batch; 0 for keys without a row.
    ///
    /// New series get their ids in key order, which keeps later reads in key order sequential.
    private mutating func seriesIDs(of windows: WindowBatch) throws -> [Int64] {
        let keys = windows.series.keys
        var result = [Int64](repeating: 0, count: keys.count)
        var unknown: [Int] = []
        for index in windows.seriesIndex.lazy.map(Int.init) where result[index] == 0 {
            if let id = ids.keys.id(of: keys[index]) {
                result[index] = ids.rows[Int(id)]
            } else {
                result[index] = -1
                unknown.append(index)
            }
        }
        if unknown.isEmpty { return result }
        unknown.sort { keys[$0] < keys[$1] }
        let find = try RawStatement(
            db,
            "SELECT id FROM series_data WHERE device = ? AND sensor = ?"
        )
        let add = try RawStatement(
            db,
            "INSERT INTO series_data (device, sensor, first_seen_at) VALUES (?, ?, ?)"
        )
        for index in unknown {
            let id = try seriesID(of: keys[index], find, add)
            result[index] = id
            _ = ids.keys.insert(keys[index])
            ids.rows.append(id)
        }
        return result
    }

    private func seriesID(
        of key: SeriesKey,
        _ find: RawStatement,
        _ add: RawStatement
    ) throws -> Int64 {
        find.bind(1, key.device)
        find.bind(2, key.sensor)
        defer { find.reset() }
        if try find.step() { return find.int(0) }
        add.bind(1, key.device)
        add.bind(2, key.sensor)
        add.bind(3, now.microseconds)
        try add.run()
        return db.lastInsertedRowID
    }

    private func definitionID(_ name: String) throws -> Int64 {
        if let id = try SQLiteStore.definitionID(name, db) { return id }
        try db.execute(sql: "INSERT INTO definitions (name) VALUES (?)", arguments: [name])
        return db.lastInsertedRowID
    }
}

/// The id of a window definition; nil before its first window.
func definitionID(_ name: String, _ db: Database) throws -> Int64? {
    try Int64.fetchOne(db, sql: "SELECT id FROM definitions WHERE name = ?", arguments: [name])
}

/// The number of the newest commit that stored windows, 0 before the first.
func windowSequence(_ db: Database) throws -> Int64 {
    try Int64.fetchOne(db, sql: "SELECT value FROM counters_data WHERE name = 'window_sequence'")
        ?? 0
}
