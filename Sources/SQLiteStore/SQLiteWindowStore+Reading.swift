package import Core
import GRDB
package import Store

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
            guard let id = try definitionID(definition, db) else { return WindowBatch() }
            // Both loops run along an index, so rows come in order without a sort, and the read
            // stops where the page ends.
            let query = try RawStatement(
                db,
                """
                SELECT \(windowColumns)
                FROM series_data s CROSS JOIN windows_data w INDEXED BY windows_by_series
                WHERE (s.device, s.sensor) > (?1, ?2) AND w.series = s.id
                  AND w.definition = ?3 AND w.end_us > ?4 AND w.end_us <= ?5 AND w.sequence <= ?6
                ORDER BY s.device, s.sensor, w.end_us
                """
            )
            defer { query.reset() }
            query.bind(1, after?.device ?? "")
            query.bind(2, after?.sensor ?? "")
            query.bind(3, id)
            query.bind(4, interval.start.microseconds)
            query.bind(5, interval.end.microseconds)
            query.bind(6, throughSequence)
            return try readWindows(query, limit: limit, wholeKeys: true)
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
            guard let id = try definitionID(definition, db) else { return WindowBatch() }
            let query = try RawStatement(
                db,
                """
                SELECT \(windowColumns)
                FROM series_data s CROSS JOIN windows_data w INDEXED BY windows_by_series
                WHERE s.device = ?1 AND s.sensor = ?2 AND w.series = s.id
                  AND w.definition = ?3 AND w.end_us >= ?4 AND w.end_us <= ?5
                ORDER BY w.end_us
                """
            )
            defer { query.reset() }
            query.bind(1, key.device)
            query.bind(2, key.sensor)
            query.bind(3, id)
            query.bind(4, from.microseconds)
            query.bind(5, to.microseconds)
            return try readWindows(query, limit: limit, wholeKeys: false)
        }
    }

    package func windowEnds(definition: String, afterSequence: Int64) async throws -> [Int64] {
        try await file.read { db in
            try Int64.fetchAll(
                db,
                sql: """
                    SELECT e.end_us FROM definitions d JOIN ends_data e ON e.definition = d.id
                    WHERE d.name = ? AND e.last_sequence > ? ORDER BY e.end_us
                    """,
                arguments: [definition, afterSequence]
            )
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

    package func series(after: SeriesKey?, limit: Int) async throws -> [SeriesInfo] {
        try await file.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT s.device, s.sensor, s.first_seen_at,
                      \(WindowSchema.lastWindowEnd) AS last_end
                    FROM series_data s WHERE (s.device, s.sensor) > (?, ?)
                    ORDER BY s.device, s.sensor LIMIT ?
                    """,
                arguments: [after?.device ?? "", after?.sensor ?? "", max(0, limit)]
            ).map { row in
                let last: Int64? = row["last_end"]
                return SeriesInfo(
                    key: SeriesKey(uncheckedDevice: row["device"], sensor: row["sensor"]),
                    firstSeenAt: Timestamp(microseconds: row["first_seen_at"]),
                    lastWindowEnd: last.map(Timestamp.init(microseconds:))
                )
            }
        }
    }

    package func seriesCount() async throws -> Int {
        try await file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM series_data") ?? 0 }
    }
}

private let windowColumns = """
    w.series, s.device, s.sensor, w.start_us, w.end_us, w.count, w.sum, w.mean, w.min, w.max,
    w.stddev, w.first, w.last
    """

/// Reads rows of ``windowColumns`` sorted by key until the limit; `wholeKeys` cuts between keys
/// only, and never before the first.
private func readWindows(
    _ query: RawStatement,
    limit: Int,
    wholeKeys: Bool
) throws -> WindowBatch {
    var batch = WindowBatch()
    var series: Int64 = -1
    var index: UInt32 = 0
    var keyStart = 0
    while wholeKeys || batch.count < limit, try query.step() {
        if query.int(0) != series {
            if wholeKeys, !batch.isEmpty, batch.count >= limit { return batch }
            series = query.int(0)
            keyStart = batch.count
            index = batch.series.insert(
                SeriesKey(uncheckedDevice: query.text(1), sensor: query.text(2))
            )
        } else if wholeKeys, keyStart > 0, batch.count >= limit {
            batch.truncate(to: keyStart)
            return batch
        }
        batch.append(
            series: index,
            start: query.int(3),
            end: query.int(4),
            count: query.int(5),
            sum: query.double(6),
            mean: query.double(7),
            min: query.double(8),
            max: query.double(9),
            stddev: query.double(10),
            first: query.double(11),
            last: query.double(12)
        )
    }
    return batch
}

extension WindowBatch {
    /// Drops the rows from a row on, which are those of the last key, and that key.
    fileprivate mutating func truncate(to count: Int) {
        let excess = self.count - count
        series = SeriesDictionary(series.keys.dropLast())
        seriesIndex.removeLast(excess)
        starts.removeLast(excess)
        ends.removeLast(excess)
        counts.removeLast(excess)
        sums.removeLast(excess)
        means.removeLast(excess)
        mins.removeLast(excess)
        maxs.removeLast(excess)
        stddevs.removeLast(excess)
        firsts.removeLast(excess)
        lasts.removeLast(excess)
    }
}
