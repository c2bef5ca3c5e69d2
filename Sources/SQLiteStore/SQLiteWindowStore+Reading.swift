package import Core
import GRDB
import Store

// Reading windows.
extension SQLiteWindowStore {
    package func windowSequence() async throws -> Int64 {
        try await file.read { try SQLiteStore.windowSequence($0) }
    }

    package func windows(
        definition: String,
        interval: TimeInterval,
        throughSequence: Int64,
        after: SeriesKey?,
        limit: Int
    ) async throws -> WindowBatch {
        try await file.read { db in
            guard let row = try SQLiteStore.definition(definition, db) else { return WindowBatch() }
            let scan = try IntervalScan(db, row, interval, throughSequence: throughSequence)
            return try scan.page(after: after, limit: limit)
        }
    }

    package func windows(
        definition: String,
        key: SeriesKey,
        from: Timestamp,
        to: Timestamp,
        limit: Int
    ) async throws -> WindowBatch {
        try await file.read { db in
            guard let row = try SQLiteStore.definition(definition, db),
                let series = try seriesRow(of: key, db)
            else { return WindowBatch() }
            let sql = row.size == nil ? WindowQueries.chartOfSessions : WindowQueries.chart
            let query = try RawStatement(db, sql)
            defer { query.reset() }
            query.bind(1, row.id)
            query.bind(2, series)
            query.bind(3, from.microseconds)
            query.bind(4, to.microseconds)
            query.bind(5, Int64(max(0, limit)))
            var windows = WindowCollector()
            var index: UInt32?
            while try query.step() {
                let id = index ?? windows.insert(key)
                index = id
                windows.append(query, from: 1, series: id, end: query.int(0), size: row.size)
            }
            return windows.finish()
        }
    }

    package func windowEnds(definition: String, afterSequence: Int64) async throws -> [Int64] {
        try await file.read { db in
            try Int64.fetchAll(
                db,
                sql: """
                    SELECT e.end_us FROM definitions d CROSS JOIN ends_data e
                    WHERE d.name = ? AND e.definition = d.id AND e.last_sequence > ?
                    """,
                arguments: [definition, afterSequence]
            ).sorted()
        }
    }

    package func touchedSeries(
        definition: String,
        interval: TimeInterval,
        afterSequence: Int64
    ) async throws -> [SeriesKey] {
        try await file.read { db in
            guard let row = try SQLiteStore.definition(definition, db) else { return [] }
            let query = try RawStatement(db, WindowQueries.touched)
            defer { query.reset() }
            query.bind(1, row.id)
            query.bind(2, interval.start.microseconds)
            query.bind(3, interval.end.microseconds)
            query.bind(4, afterSequence)
            var ids: Set<Int64> = []
            while try query.step() { ids.insert(query.int(0)) }
            let names = try SeriesNames(db)
            return try ids.sorted().map(names.key(of:)).sorted()
        }
    }

    package func windowCount(definition: String) async throws -> Int {
        try await file.read { db in
            try Int.fetchOne(
                db,
                sql: """
                    SELECT coalesce(sum(e.windows), 0) FROM definitions d
                    JOIN ends_data e ON e.definition = d.id WHERE d.name = ?
                    """,
                arguments: [definition]
            ) ?? 0
        }
    }
}

/// The queries over windows that run along keys.
enum WindowQueries {
    /// One series' windows, a look-up by number for each of the definition's ends in the range.
    static let chart = """
        SELECT e.end_us, \(WindowCollector.columns)
        FROM ends_data e CROSS JOIN windows_data w ON w.id = (e.slot << 32) + ?2
        WHERE e.definition = ?1 AND e.end_us >= ?3 AND e.end_us <= ?4
        ORDER BY e.end_us LIMIT ?5
        """

    /// One series' sessions, whose ends are its own: its rows are found first, then their ends.
    static let chartOfSessions = """
        SELECT e.end_us, \(WindowCollector.columns)
        FROM windows_data w INDEXED BY windows_with_start
        CROSS JOIN ends_data e ON e.slot = (w.id >> 32)
        WHERE (w.id & 4294967295) = ?2 AND w.start_us IS NOT NULL
          AND e.definition = ?1 AND e.end_us >= ?3 AND e.end_us <= ?4
        ORDER BY e.end_us LIMIT ?5
        """

    /// Series of windows that changed, a range of numbers for each end that changed.
    static let touched = """
        SELECT w.id & 4294967295 FROM ends_data e CROSS JOIN windows_data w
          ON w.id >= (e.slot << 32) AND w.id < ((e.slot + 1) << 32)
        WHERE e.definition = ?1 AND e.end_us > ?2 AND e.end_us <= ?3
          AND e.last_sequence > ?4 AND w.sequence > ?4
        """

    /// The window with a number.
    static let one = "SELECT \(WindowCollector.columns) FROM windows_data w WHERE w.id = ?1"

    /// The series with a window at an end, given by the first and last possible numbers.
    static let seriesOfEnd = """
        SELECT id & 4294967295 FROM windows_data WHERE id >= ?1 AND id <= ?2
        """

    /// The series after a key, in key order.
    static let seriesAfter = """
        SELECT id, device, sensor FROM series_data WHERE (device, sensor) > (?1, ?2)
        ORDER BY device, sensor
        """
}
