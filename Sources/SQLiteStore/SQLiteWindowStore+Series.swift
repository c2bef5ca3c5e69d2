package import Core
import GRDB
package import Store

// Series, and when they were last heard of.
extension SQLiteWindowStore {
    package func series(after: SeriesKey?, limit: Int) async throws -> [SeriesInfo] {
        try await file.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT s.device, s.sensor, s.first_seen_at, n.last_event_us,
                      \(WindowSchemaSecond.lastWindowEnd) AS last_end
                    FROM series_data s LEFT JOIN seen_data n ON n.series = s.id
                    WHERE (s.device, s.sensor) > (?, ?)
                    ORDER BY s.device, s.sensor LIMIT ?
                    """,
                arguments: [after?.device ?? "", after?.sensor ?? "", max(0, limit)]
            ).map { row in
                let end: Int64? = row["last_end"]
                let event: Int64? = row["last_event_us"]
                return SeriesInfo(
                    key: SeriesKey(uncheckedDevice: row["device"], sensor: row["sensor"]),
                    firstSeenAt: Timestamp(microseconds: row["first_seen_at"]),
                    lastWindowEnd: end.map(Timestamp.init(microseconds:)),
                    lastEventAt: event.map(Timestamp.init(microseconds:))
                )
            }
        }
    }

    package func seriesCount() async throws -> Int {
        try await file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM series_data") ?? 0 }
    }

    package func noteSeen(_ seen: SeenTimes, at now: Timestamp) async throws {
        if seen.isEmpty { return }
        try await file.write { db in
            let table = try SeriesTable(db, rows: self.keys, now: now)
            let series = try table.ids(seen.ids, of: seen.series)
            try self.writeSeen([series], times: [seen.times], db)
        }
    }

    /// Notes event times; `series` has the database id of each time.
    func writeSeen(_ series: [[UInt32]], times: [[Int64]], _ db: Database) throws {
        if series.isEmpty { return }
        let write = try RawStatement(
            db,
            """
            INSERT INTO seen_data SELECT id, start_us FROM window_rows WHERE true
            ON CONFLICT (series) DO UPDATE SET last_event_us = excluded.last_event_us
            WHERE excluded.last_event_us > last_event_us
            """
        )
        var notes = zip(series, times).flatMap { ids, times in
            zip(ids, times).map { (id: $0, time: $1) }
        }
        notes.sort { $0.id < $1.id }
        rows.removeAll()
        for note in notes {
            rows.append(
                WindowRows.Row(id: Int64(note.id), start: note.time, hasStart: true)
            )
            guard rows.isFull else { continue }
            try write.run()
            rows.removeAll()
        }
        if !rows.isEmpty { try write.run() }
        rows.removeAll()
    }

    package func silentSeries(before: Timestamp, limit: Int) async throws -> [SilentSeries] {
        if limit <= 0 { return [] }
        return try await file.read { db in
            let few = 20_000
            let silent = try Row.fetchAll(
                db,
                sql: "SELECT * FROM seen_data WHERE last_event_us < ? LIMIT ?",
                arguments: [before.microseconds, few]
            )
            if silent.count < few { return try sortedSilent(silent, limit: limit, db) }
            // There are many, so that a walk in key order soon meets enough of them.
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT s.device, s.sensor, n.last_event_us
                    FROM series_data s CROSS JOIN seen_data n ON n.series = s.id
                    WHERE n.last_event_us < ? ORDER BY s.device, s.sensor LIMIT ?
                    """,
                arguments: [before.microseconds, limit]
            ).map { row in
                SilentSeries(
                    key: SeriesKey(uncheckedDevice: row["device"], sensor: row["sensor"]),
                    lastEventAt: Timestamp(microseconds: row["last_event_us"])
                )
            }
        }
    }
}

private func sortedSilent(_ rows: [Row], limit: Int, _ db: Database) throws -> [SilentSeries] {
    let names = try SeriesNames(db)
    let silent = try rows.map { row in
        SilentSeries(
            key: try names.key(of: row["series"]),
            lastEventAt: Timestamp(microseconds: row["last_event_us"])
        )
    }
    return Array(silent.sorted { $0.key < $1.key }.prefix(limit))
}

/// Finds the keys of series by their ids.
struct SeriesNames {
    private let find: RawStatement

    init(_ db: Database) throws {
        find = try RawStatement(db, "SELECT device, sensor FROM series_data WHERE id = ?1")
    }

    func key(of id: Int64) throws -> SeriesKey {
        find.bind(1, id)
        defer { find.reset() }
        guard try find.step() else {
            throw FleetError(.dataLoss, "windows.db has windows of series \(id), which it lacks")
        }
        return SeriesKey(uncheckedDevice: find.text(0), sensor: find.text(1))
    }
}

/// The database id of a series; nil when it is not known.
func seriesRow(of key: SeriesKey, _ db: Database) throws -> Int64? {
    try Int64.fetchOne(
        db,
        sql: "SELECT id FROM series_data WHERE device = ? AND sensor = ?",
        arguments: [key.device, key.sensor]
    )
}
