import Core
import GRDB

/// Reads an interval's windows in key order, page by page.
///
/// Windows lie by end, then series, so a page is read by look-ups: each series in key order at each
/// end. Where most series have no window in the interval (sessions, a few late devices) that would
/// be many misses: then the ends say which series have any.
///
/// - Complexity: O(rows of the page) where the interval is dense, else O(rows of the interval).
struct IntervalScan {
    private let db: Database
    private let size: Int64?
    private let ends: [End]
    private let isSparse: Bool
    private let throughSequence: Int64

    /// The least share of look-ups that may find a window.
    private static let missesPerHitMax = 8

    init(
        _ db: Database,
        _ definition: DefinitionRow,
        _ interval: TimeInterval,
        throughSequence: Int64
    ) throws {
        self.db = db
        self.throughSequence = throughSequence
        size = definition.size
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT slot, end_us, windows FROM ends_data
                WHERE definition = ? AND end_us > ? AND end_us <= ? AND windows > 0
                ORDER BY end_us
                """,
            arguments: [
                definition.id, interval.start.microseconds, interval.end.microseconds,
            ]
        )
        ends = rows.map { End(slot: $0["slot"], end: $0["end_us"]) }
        let windows = rows.reduce(0) { $0 + ($1["windows"] as Int) }
        let series = try Int.fetchOne(db, sql: "SELECT max(id) FROM series_data") ?? 0
        isSparse = Double(windows * Self.missesPerHitMax) < Double(series) * Double(ends.count)
    }

    /// The windows of the keys after one: whole keys, at most `limit` rows unless a key has more.
    func page(after: SeriesKey?, limit: Int) throws -> WindowBatch {
        if ends.isEmpty || limit <= 0 { return WindowBatch() }
        var page = Page(size: size, throughSequence: throughSequence, limit: limit)
        let find = try RawStatement(db, WindowQueries.one)
        defer { find.reset() }
        if isSparse {
            for found in try seriesWithWindows(after: after) {
                guard try page.add(found.series, key: { found.key }, found.ends, find) else {
                    break
                }
            }
        } else {
            let query = try RawStatement(db, WindowQueries.seriesAfter)
            defer { query.reset() }
            query.bind(1, after?.device ?? "")
            query.bind(2, after?.sensor ?? "")
            while try query.step() {
                let key = { SeriesKey(uncheckedDevice: query.text(1), sensor: query.text(2)) }
                guard try page.add(query.int(0), key: key, ends[...], find) else { break }
            }
        }
        return page.finish()
    }

    private struct Found {
        let series: Int64
        let key: SeriesKey
        let ends: ArraySlice<End>
    }

    /// The series after a key that have windows, in key order, with the ends that they have.
    private func seriesWithWindows(after: SeriesKey?) throws -> [Found] {
        var windows: [(series: Int64, end: Int)] = []
        let query = try RawStatement(db, WindowQueries.seriesOfEnd)
        defer { query.reset() }
        for (index, end) in ends.enumerated() {
            query.bind(1, windowID(slot: end.slot, series: 0))
            query.bind(2, windowID(slot: end.slot, series: .max))
            while try query.step() { windows.append((query.int(0), index)) }
            query.reset()
        }
        windows.sort { ($0.series, $0.end) < ($1.series, $1.end) }
        let sortedEnds = windows.map { ends[$0.end] }
        let names = try SeriesNames(db)
        var found: [Found] = []
        var start = 0
        while start < windows.count {
            let series = windows[start].series
            var stop = start + 1
            while stop < windows.count, windows[stop].series == series { stop += 1 }
            let key = try names.key(of: series)
            if after.map({ $0 < key }) ?? true {
                found.append(Found(series: series, key: key, ends: sortedEnds[start..<stop]))
            }
            start = stop
        }
        return found.sorted { $0.key < $1.key }
    }
}

/// A window end and its slot.
private struct End {
    let slot: Int64
    let end: Int64
}

/// The rows of a page so far.
private struct Page {
    let size: Int64?
    let throughSequence: Int64
    let limit: Int
    private var windows = WindowCollector()
    /// Rows before those of the last key.
    private var wholeCount = 0
    private var isCut = false

    init(size: Int64?, throughSequence: Int64, limit: Int) {
        self.size = size
        self.throughSequence = throughSequence
        self.limit = limit
    }

    /// Adds a series' windows; false when the page is full.
    mutating func add(
        _ series: Int64,
        key: () -> SeriesKey,
        _ ends: ArraySlice<End>,
        _ find: RawStatement
    ) throws -> Bool {
        if windows.count >= limit { return false }
        wholeCount = windows.count
        var index: UInt32?
        for end in ends {
            find.bind(1, end.slot << WindowSchema.seriesBits | series)
            defer { find.reset() }
            // A window revised later is there as it is now: its first form is not kept.
            guard try find.step(), find.int(12) <= throughSequence || find.int(9) > 0 else {
                continue
            }
            if wholeCount > 0, windows.count >= limit {
                isCut = true
                return false
            }
            let id = index ?? windows.insert(key())
            index = id
            windows.append(find, series: id, end: end.end, size: size)
        }
        return true
    }

    consuming func finish() -> WindowBatch {
        var batch = windows.finish()
        if isCut { batch = batch.slice(0..<wholeCount) }
        return batch
    }
}
