package import Core

/// Cuts events into parts where their content says so: a change moves only the cuts near it.
///
/// A part ends after a row whose hash ends in so many zero bits, but has no fewer and no more rows
/// than its level allows. Parts of a level are cut into those of the next by fewer bits. Cuts
/// depend on nothing but the rows from the part's own first one on.
///
/// - Source: content-defined chunking; Muthitacharoen, Chen, Mazières: LBFS (SOSP 2001).
package struct EventCuts: Sendable {
    /// How large the parts of a level are.
    package struct Level: Sendable {
        package let zeroBitCount: UInt64
        package let countMin: Int
        package let countMax: Int
    }

    /// Rows that belong together.
    package struct Part: Sendable, Equatable {
        package let rows: Range<Int>
        /// Whether more rows after the last one would leave the part as it is.
        package let isEnded: Bool
    }

    /// The sizes of parts, of those they are cut into, and so on; below the last there are rows.
    package static let levels = [
        Level(zeroBitCount: 12, countMin: 1024, countMax: 16_384),
        Level(zeroBitCount: 8, countMin: 64, countMax: 1024),
        Level(zeroBitCount: 4, countMin: 4, countMax: 64),
    ]

    private let events: EventBatch
    /// Per series: the hash of its names.
    private let names: [UInt64]

    package init(_ events: EventBatch) {
        self.events = events
        names = (0..<UInt32(events.series.count)).map { id in
            events.series.withBytes(of: id) { device, sensor in
                XXHash64.hash(sensor, seed: XXHash64.hash(device))
            }
        }
    }

    /// All rows, which have no end of their own: more may come.
    package var all: Part { Part(rows: 0..<events.count, isEnded: false) }

    /// The part that begins at a row of another part, by the rules of a level.
    package func part(from start: Int, of whole: Part, level: Int) -> Part {
        let level = Self.levels[level]
        let mask = UInt64(1) << level.zeroBitCount - 1
        let last = whole.rows.upperBound - start
        let countMax = min(level.countMax, last)
        var count = min(level.countMin, countMax)
        while count < countMax, hash(start + count - 1) & mask != 0 { count += 1 }
        let isEnded =
            count == level.countMax || count == last && whole.isEnded
            || count >= level.countMin && hash(start + count - 1) & mask == 0
        return Part(rows: start..<(start + count), isEnded: isEnded)
    }

    private func hash(_ row: Int) -> UInt64 {
        let words = (
            names[Int(events.seriesIndex[row])], UInt64(bitPattern: events.times[row]),
            events.values[row].bitPattern
        )
        return withUnsafeBytes(of: words) { XXHash64.hash($0) }
    }
}

/// Names bodies by their content, and equal bodies by how many came before.
package struct EventKeys: Sendable {
    private var counts: [UInt64: Int] = [:]

    package init() {}

    /// The next key of a body; of each use a body is named apart.
    package mutating func key(of body: [UInt8], use: Int) -> String {
        let hash = body.withUnsafeBytes { XXHash64.hash($0, seed: UInt64(use)) }
        let count = counts[hash, default: 0]
        counts[hash] = count + 1
        return "rows-\(String(hash, radix: 16))-\(count)"
    }
}
