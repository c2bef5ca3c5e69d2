import Core
import GRDB
import Store

/// A window definition as it is stored.
struct DefinitionRow {
    let id: Int64
    /// The length of its windows, microseconds; nil when each has its own.
    let size: Int64?
}

/// Writes the closed windows of a transaction by end and series, so that pages fill in order.
///
/// - Complexity: below a microsecond a window of an end that is new, or that has other series yet.
struct WindowWriter {
    private let db: Database
    private let rows: WindowRows
    let sequence: Int64
    private let append: RawStatement
    private let insert: RawStatement
    private let replace: RawStatement
    private let lastID: RawStatement
    let ends: EndsTable
    /// Windows stored or replaced.
    private(set) var storedCount = 0

    init(_ db: Database, rows: WindowRows) throws {
        self.db = db
        self.rows = rows
        sequence = try windowSequence(db) + 1
        ends = try EndsTable(db, sequence: sequence)
        let values = "count, sum, mean, min, max, stddev, first, last, rate"
        let columns = "\(values), revision, start_us, quantiles"
        let head = "INSERT INTO windows_data (id, sequence, \(columns)) SELECT"
        // Only for rows behind all that are stored: a null id becomes the largest one plus one, and
        // the cursor stands there, so that nothing is searched. To do nothing on a conflict, even
        // where none can be, spares copies of the pages that are changed.
        append = try RawStatement(
            db,
            """
            \(head) next_id, ?1, \(values), 0, NULL, NULL FROM window_rows WHERE true
            ON CONFLICT (id) DO NOTHING
            """
        )
        insert = try RawStatement(
            db,
            "\(head) id, ?1, \(columns) FROM window_rows WHERE true ON CONFLICT (id) DO NOTHING"
        )
        let changes = "sequence, \(columns)".split(separator: ", ")
            .map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        replace = try RawStatement(
            db,
            """
            \(head) id, ?1, \(columns) FROM window_rows WHERE true
            ON CONFLICT (id) DO UPDATE SET \(changes)
            WHERE excluded.revision > windows_data.revision
            """
        )
        lastID = try RawStatement(db, "SELECT max(id) FROM windows_data")
        for statement in [append, insert, replace] { statement.bind(1, sequence) }
    }

    /// Stores windows that are new or have a higher revision than the stored ones.
    ///
    /// `series` has the database id of each row of each batch.
    mutating func write(
        _ batches: [WindowBatch],
        series: [[UInt32]],
        definition: DefinitionRow
    ) throws {
        let places = WindowPlace.ordered(batches, series)
        let readers = batches.map { WindowReader($0, size: definition.size) }
        rows.removeAll()
        var start = 0
        while start < places.count {
            let end = places[start].end
            var stop = start + 1
            while stop < places.count, places[stop].end == end { stop += 1 }
            try write(places[start..<stop], readers, definition)
            start = stop
        }
        try flush()
    }

    private mutating func write(
        _ places: ArraySlice<WindowPlace>,
        _ readers: [WindowReader],
        _ definition: DefinitionRow
    ) throws {
        guard let end = places.first?.end else { return }
        guard let slot = try ends.slot(definition: definition.id, end: end) else {
            // Nothing of a new end can be there, so its rows may share a statement with others.
            let slot = try ends.add(definition: definition.id, end: end, windows: places.count)
            storedCount += places.count
            for place in places {
                readers[Int(place.batch)].append(place, slot: slot, to: rows)
                if rows.isFull { try flush() }
            }
            return
        }
        try flush()
        var (inserted, replaced) = (0, 0)
        var hasRevisions = false
        for (index, place) in zip(places.indices, places) {
            let reader = readers[Int(place.batch)]
            reader.append(place, slot: slot, to: rows)
            hasRevisions = hasRevisions || reader.isRevised(place)
            guard rows.isFull || index == places.indices.last else { continue }
            let new = try runInsert()
            inserted += new
            // Those just inserted are equal to themselves and stay.
            if hasRevisions, new < rows.count { replaced += try replace.run() }
            rows.removeAll()
        }
        guard inserted + replaced > 0 else { return }
        storedCount += inserted + replaced
        try ends.note(slot: slot, added: inserted)
    }

    /// Writes rows of new ends.
    private func flush() throws {
        if rows.isEmpty { return }
        let inserted = try runInsert()
        guard inserted == rows.count else {
            throw FleetError(
                .dataLoss,
                "windows.db has windows of an end that it does not list",
                hint: "stop the server, keep a copy of the file and restore a backup"
            )
        }
        rows.removeAll()
    }

    /// Stores the rows whose windows are not there; how many they were.
    private func runInsert() throws -> Int {
        try (rows.isPlain && isBehindAll(rows.firstID) ? append : insert).run()
    }

    /// Whether an id, the first of rows that ascend, is larger than those of all windows stored.
    private func isBehindAll(_ id: Int64) throws -> Bool {
        defer { lastID.reset() }
        return try lastID.step() && (lastID.isNull(0) || lastID.int(0) < id)
    }

    /// Notes the sequence number, if any window was stored.
    func finish() throws {
        guard storedCount > 0 else { return }
        try noteWindowSequence(sequence, db)
    }
}

/// Copies rows of a batch into the form in which they are written.
struct WindowReader {
    private let windows: WindowBatch
    private let size: Int64?
    private let quantileKeys: [[UInt8]]

    /// `size` is the length that needs no start.
    init(_ windows: WindowBatch, size: Int64?) {
        self.windows = windows
        self.size = size
        quantileKeys = QuantileText.keys(of: windows.quantilePoints)
    }

    func isRevised(_ place: WindowPlace) -> Bool { windows.revisions[Int(place.row)] > 0 }

    @inline(__always)
    func append(_ place: WindowPlace, slot: Int64, to rows: WindowRows) {
        let index = Int(place.row)
        let start = windows.starts[index]
        let row = WindowRows.Row(
            id: windowID(slot: slot, series: place.series),
            count: windows.counts[index],
            sum: windows.sums[index],
            mean: windows.means[index],
            min: windows.mins[index],
            max: windows.maxs[index],
            stddev: windows.stddevs[index],
            first: windows.firsts[index],
            last: windows.lasts[index],
            rate: windows.rates[index],
            start: start,
            revision: windows.revisions[index],
            hasStart: size != place.end &- start
        )
        guard !quantileKeys.isEmpty else { return rows.append(row) }
        let width = quantileKeys.count
        let values = windows.quantiles[(index * width)..<(index * width + width)]
        rows.append(row) { QuantileText.append(values, keys: quantileKeys, to: &$0) }
    }
}

/// The id of a window in `windows_data`.
func windowID(slot: Int64, series: UInt32) -> Int64 {
    slot << WindowSchema.seriesBits | Int64(series)
}

/// The number of the newest commit that stored windows, 0 before the first.
func windowSequence(_ db: Database) throws -> Int64 {
    try Int64.fetchOne(db, sql: "SELECT value FROM counters_data WHERE name = 'window_sequence'")
        ?? 0
}

/// Takes a sequence number.
func noteWindowSequence(_ sequence: Int64, _ db: Database) throws {
    try db.execute(
        sql: "INSERT OR REPLACE INTO counters_data VALUES ('window_sequence', ?)",
        arguments: [sequence]
    )
}
