import Core
import GRDB
import Store

/// Makes the stored windows of an interval equal to given ones, end by end.
struct WindowRebuild {
    private let db: Database
    private let rows: WindowRows
    private let definition: DefinitionRow
    private let windows: WindowBatch
    private let reader: WindowReader
    private let sequence: Int64
    private let ends: EndsTable
    private let write: RawStatement
    private let delete: RawStatement
    private let stored: RawStatement
    /// The given rows by end, then series.
    private let places: [WindowPlace]
    private var outcome = RebuildOutcome()

    init(
        _ db: Database,
        rows: WindowRows,
        _ definition: DefinitionRow,
        _ windows: WindowBatch,
        _ series: [UInt32]
    ) throws {
        self.db = db
        self.rows = rows
        self.definition = definition
        self.windows = windows
        reader = WindowReader(windows, size: definition.size)
        sequence = try windowSequence(db) + 1
        ends = try EndsTable(db, sequence: sequence)
        places = WindowPlace.ordered([windows], [series])
        write = try RawStatement(
            db,
            """
            INSERT OR REPLACE INTO windows_data (id, sequence, count, sum, mean, min, max, stddev,
              first, last, rate, revision, start_us, quantiles)
            SELECT id, ?1, count, sum, mean, min, max, stddev, first, last, rate, revision,
              start_us, quantiles
            FROM window_rows
            """
        )
        write.bind(1, sequence)
        delete = try RawStatement(db, "DELETE FROM windows_data WHERE id = ?1")
        stored = try RawStatement(
            db,
            """
            SELECT \(WindowCollector.columns), w.id & 4294967295 FROM windows_data w
            WHERE w.id >= ?1 AND w.id <= ?2
            """
        )
    }

    /// Does it, in a transaction of the caller.
    mutating func run(_ interval: TimeInterval) throws -> RebuildOutcome {
        let storedEnds = try Int64.fetchAll(
            db,
            sql: """
                SELECT end_us FROM ends_data WHERE definition = ? AND end_us > ? AND end_us <= ?
                """,
            arguments: [
                definition.id, interval.start.microseconds, interval.end.microseconds,
            ]
        )
        for end in Set(storedEnds).union(windows.ends).sorted() {
            let first = places.partitioningIndex { $0.end >= end }
            let last = places.partitioningIndex { $0.end > end }
            try rebuild(end, places[first..<last])
        }
        if outcome.changed + outcome.added + outcome.removed > 0 {
            try noteWindowSequence(sequence, db)
        }
        return outcome
    }

    private mutating func rebuild(_ end: Int64, _ places: ArraySlice<WindowPlace>) throws {
        let before = outcome
        let slot: Int64
        if let known = try ends.slot(definition: definition.id, end: end) {
            slot = known
        } else {
            slot = try ends.add(definition: definition.id, end: end, windows: 0)
        }
        // Both sides come by series, so that this is a merge; what is written is kept apart, since
        // a read must not run over rows that change under it.
        var changes: [(place: WindowPlace, revision: Int32)] = []
        var removed: [Int64] = []
        var rest = places
        stored.bind(1, windowID(slot: slot, series: 0))
        stored.bind(2, windowID(slot: slot, series: .max))
        while try stored.step() {
            let series = UInt32(truncatingIfNeeded: stored.int(13))
            while let place = rest.first, place.series < series {
                changes.append((place, 0))
                outcome.added += 1
                rest.removeFirst()
            }
            guard let place = rest.first, place.series == series else {
                removed.append(windowID(slot: slot, series: series))
                continue
            }
            rest.removeFirst()
            if isStored(place, slot: slot) {
                outcome.unchanged += 1
            } else {
                changes.append((place, Int32(clamping: stored.int(9) + 1)))
                outcome.changed += 1
            }
        }
        stored.reset()
        for place in rest { changes.append((place, 0)) }
        outcome.added += rest.count
        outcome.removed += removed.count
        try write(changes, slot: slot)
        for id in removed {
            delete.bind(1, id)
            try delete.run()
        }
        let added = outcome.added - before.added - removed.count
        guard !changes.isEmpty || !removed.isEmpty else { return }
        try ends.note(slot: slot, added: added)
    }

    /// Whether the stored row that the query is at has the values of a given one, bit for bit.
    private func isStored(_ place: WindowPlace, slot: Int64) -> Bool {
        rows.removeAll()
        reader.append(place, slot: slot, to: rows)
        defer { rows.removeAll() }
        let row = rows.rows[0]
        let values = [
            row.sum, row.mean, row.min, row.max, row.stddev, row.first, row.last, row.rate,
        ]
        for (index, value) in values.enumerated() {
            let column = stored.double(Int32(index + 1))
            guard value.bitPattern == column.bitPattern || (value.isNaN && column.isNaN) else {
                return false
            }
        }
        let start: Int64? = stored.isNull(10) ? nil : stored.int(10)
        return row.count == stored.int(0) && start == (row.hasStart ? row.start : nil)
            && stored.text(11) == rows.firstText
    }

    private func write(_ changes: [(place: WindowPlace, revision: Int32)], slot: Int64) throws {
        rows.removeAll()
        for (place, revision) in changes {
            reader.append(place, slot: slot, to: rows)
            rows.setRevision(revision)
            guard rows.isFull else { continue }
            try write.run()
            rows.removeAll()
        }
        if !rows.isEmpty { try write.run() }
        rows.removeAll()
    }
}

extension Array {
    /// The index of the first element of a partitioned array for which a condition holds.
    fileprivate func partitioningIndex(_ holds: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
