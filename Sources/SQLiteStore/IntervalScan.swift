import Core
import GRDB

/// Reads an interval's windows in key order, page by page.
///
/// Windows lie by end, then series, so a page is read by look-ups: of a block of series in key
/// order at each end, so that what lies together is read once a block. Where most series have no
/// window in the interval (sessions, a few late devices) that would be many misses: then the ends
/// say which series have any.
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
            // As many series as have windows for the rest of the page at most; the last ones alone.
            var isAtEnd = false
            while !isAtEnd, page.room >= ends.count {
                let block = try Self.block(query, count: page.room / ends.count, &isAtEnd)
                try page.add(block, ends, find)
            }
            while !isAtEnd, page.room > 0 {
                guard let last = try Self.block(query, count: 1, &isAtEnd).first else { break }
                guard try page.add(last.id, key: { last.key }, ends[...], find) else { break }
            }
        }
        return page.finish()
    }

    /// The next series of a query, fewer at its end, after which it must not be asked again.
    private static func block(
        _ query: RawStatement,
        count: Int,
        _ isAtEnd: inout Bool
    ) throws -> [NamedSeries] {
        var block: [NamedSeries] = []
        while block.count < count {
            guard try query.step() else {
                isAtEnd = true
                break
            }
            let key = SeriesKey(uncheckedDevice: query.text(1), sensor: query.text(2))
            block.append(NamedSeries(id: query.int(0), key: key))
        }
        return block
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

/// A series' number and key.
private struct NamedSeries {
    let id: Int64
    let key: SeriesKey
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
    /// Per row: its place among the series and the ends.
    private var places: [(series: Int, end: Int)] = []
    private var blockStart = 0

    init(size: Int64?, throughSequence: Int64, limit: Int) {
        self.size = size
        self.throughSequence = throughSequence
        self.limit = limit
    }

    /// Rows that fit in.
    var room: Int { max(0, limit - windows.count) }

    /// Adds the windows of a block of series, end by end.
    mutating func add(_ block: [NamedSeries], _ ends: [End], _ find: RawStatement) throws {
        var ids = [UInt32?](repeating: nil, count: block.count)
        for (endIndex, end) in ends.enumerated() {
            for (index, series) in block.enumerated() {
                find.bind(1, end.slot << WindowSchema.seriesBits | series.id)
                defer { find.reset() }
                guard try isWanted(find) else { continue }
                let id = ids[index] ?? windows.insert(series.key)
                ids[index] = id
                windows.append(find, series: id, end: end.end, size: size)
                places.append((blockStart + index, endIndex))
            }
        }
        blockStart += block.count
    }

    /// Whether the query has a window that was there at the sequence.
    private func isWanted(_ find: RawStatement) throws -> Bool {
        // A window revised later is there as it is now: its first form is not kept.
        try find.step() && (find.int(12) <= throughSequence || find.int(9) > 0)
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
        blockStart += 1
        for (endIndex, end) in ends.enumerated() {
            find.bind(1, end.slot << WindowSchema.seriesBits | series)
            defer { find.reset() }
            guard try isWanted(find) else { continue }
            if wholeCount > 0, windows.count >= limit {
                isCut = true
                return false
            }
            let id = index ?? windows.insert(key())
            index = id
            windows.append(find, series: id, end: end.end, size: size)
            places.append((blockStart, endIndex))
        }
        return true
    }

    consuming func finish() -> WindowBatch {
        let count = isCut ? wholeCount : windows.count
        let places = places
        return windows.finish().gather((0..<count).sorted { places[$0] < places[$1] })
    }
}
