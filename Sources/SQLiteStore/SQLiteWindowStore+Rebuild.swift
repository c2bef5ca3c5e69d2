package import Core
import GRDB
package import Store

// Windows made again, and windows no longer kept.
extension SQLiteWindowStore {
    package func replaceWindows(
        definition: String,
        interval: TimeInterval,
        windows: WindowBatch,
        at now: Timestamp
    ) async throws -> RebuildOutcome {
        for end in windows.ends {
            guard end > interval.start.microseconds, end <= interval.end.microseconds else {
                throw StoreErrors.outsideInterval(end, interval)
            }
        }
        return try await file.write { db in
            let row = try SQLiteStore.definition(definition, learnedFrom: [windows], db)
            let table = try SeriesTable(db, rows: self.keys, now: now)
            let series = try table.ids(windows.seriesIndex, of: windows.series)
            var rebuild = try WindowRebuild(db, rows: self.rows, row, windows, series)
            return try rebuild.run(interval)
        }
    }

    package func pruneWindows(
        definition: String,
        before: Timestamp,
        rowCountMax: Int
    ) async throws -> Int {
        guard rowCountMax > 0 else { return 0 }
        return try await file.write { db in
            guard let row = try SQLiteStore.definition(definition, db) else { return 0 }
            var deleted = 0
            var emptyEnds = 0
            // Ends without windows cost time too, so that they are bounded as well.
            while deleted < rowCountMax, emptyEnds < rowCountMax,
                let slot = try Int64.fetchOne(
                    db,
                    sql: """
                        SELECT slot FROM ends_data WHERE definition = ? AND end_us < ?
                        ORDER BY end_us LIMIT 1
                        """,
                    arguments: [row.id, before.microseconds]
                )
            {
                let count = try prune(slot, rowCountMax - deleted, db)
                deleted += count
                if count == 0 { emptyEnds += 1 }
            }
            return deleted
        }
    }
}

/// Deletes at most so many windows of an end, and the end when none are left.
private func prune(_ slot: Int64, _ countMax: Int, _ db: Database) throws -> Int {
    let first = windowID(slot: slot, series: 0)
    let last = windowID(slot: slot, series: .max)
    let bound = try Int64.fetchOne(
        db,
        sql: "SELECT id FROM windows_data WHERE id >= ? AND id <= ? ORDER BY id LIMIT 1 OFFSET ?",
        arguments: [first, last, countMax]
    )
    try db.execute(
        sql: "DELETE FROM windows_data WHERE id >= ? AND id < ?",
        arguments: [first, bound ?? last + 1]
    )
    let count = db.changesCount
    if bound == nil {
        try db.execute(sql: "DELETE FROM ends_data WHERE slot = ?", arguments: [slot])
    } else {
        try db.execute(
            sql: "UPDATE ends_data SET windows = windows - ? WHERE slot = ?",
            arguments: [count, slot]
        )
    }
    return count
}
