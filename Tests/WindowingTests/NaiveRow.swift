import Core

@testable import Windowing

#if arch(x86_64)
typealias Extended = Float80
#else
typealias Extended = Double
#endif

/// A row of closed windows as the naive computation sees it.
struct NaiveRow {
    let key: SeriesKey
    let start: Int64
    let end: Int64
    let revision: Int32
    let count: Int
    let sum: Double
    let mean: Double
    let min: Double
    let max: Double
    let stddev: Double
    let first: Double
    let last: Double
    let rate: Double
    let quantiles: [Double]

    /// Computes every aggregate from the kept readings, in 80-bit floating point.
    init(_ window: NaiveWindow, quantiles points: [Double]) {
        key = window.key
        start = window.start
        end = window.end
        revision = window.emissions
        let readings = window.readings
        count = readings.count
        let values = readings.map { Extended($0.value) }
        let total = values.reduce(0, +)
        let mean = total / Extended(values.count)
        let squares = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
        sum = Double(total)
        self.mean = Double(mean)
        stddev = count < 2 ? .nan : Double((squares / Extended(count - 1)).squareRoot())
        let plain = readings.map(\.value).sorted()
        min = plain.first ?? .nan
        max = plain.last ?? .nan
        let ordered = readings.sorted { ($0.time, $0.offset) < ($1.time, $1.offset) }
        first = ordered.first?.value ?? .nan
        last = ordered.last?.value ?? .nan
        let span = (ordered.last?.time ?? 0) - (ordered.first?.time ?? 0)
        rate = span > 0 ? (last - first) / (Double(span) / 1e6) : .nan
        let ranks = points.map { Int($0 * Double(plain.count - 1)) }
        quantiles = ranks.map { plain[$0] }
    }

    /// What differs from a row of a batch, nil when nothing does.
    func difference(from found: WindowBatch, row: Int) -> String? {
        let exact =
            found.key(at: row) == key && found.starts[row] == start && found.ends[row] == end
            && found.revisions[row] == revision && found.counts[row] == count
            && found.mins[row] == min && found.maxs[row] == max
            && found.firsts[row] == first && found.lasts[row] == last
        guard exact else {
            return "row \(row): found \(found.key(at: row)) \(found.starts[row])..<"
                + "\(found.ends[row]) revision \(found.revisions[row]) count "
                + "\(found.counts[row]), expected \(key) \(start)..<\(end) revision "
                + "\(revision) count \(count)"
        }
        let scale = Swift.max(abs(min), abs(max))
        let near =
            Self.isNear(found.sums[row], sum, scale)
            && Self.isNear(found.means[row], mean, scale)
            && Self.isNear(found.stddevs[row], stddev, 0)
            && Self.isNear(found.rates[row], rate, 0)
        guard near else { return "row \(row): aggregates" }
        for (column, expected) in quantiles.enumerated() {
            let value = found.quantiles[row * quantiles.count + column]
            guard abs(value - expected) <= 0.01 * abs(expected) else {
                return "row \(row): quantile \(value), expected \(expected)"
            }
        }
        return nil
    }

    /// Within 1e-12 relative; the floor is what 80-bit sums of values of this scale resolve.
    private static func isNear(_ found: Double, _ expected: Double, _ scale: Double) -> Bool {
        if found.isNaN || expected.isNaN { return found.isNaN && expected.isNaN }
        return abs(found - expected) <= 1e-12 * abs(expected) + 1e-17 * scale
    }
}
