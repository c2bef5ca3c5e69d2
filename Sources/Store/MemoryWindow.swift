import Core

/// A window of the in-memory store.
struct MemoryWindow: Sendable {
    let start: Int64
    let end: Int64
    let count: Int64
    let sum, mean, min, max, stddev, first, last, rate: Double
    var revision: Int32
    var sequence: Int64
    let quantiles: [(point: Double, value: Double)]

    /// Row i of a batch.
    init(_ batch: WindowBatch, at row: Int, sequence: Int64) {
        start = batch.starts[row]
        end = batch.ends[row]
        count = batch.counts[row]
        sum = batch.sums[row]
        mean = batch.means[row]
        min = batch.mins[row]
        max = batch.maxs[row]
        stddev = batch.stddevs[row]
        first = batch.firsts[row]
        last = batch.lasts[row]
        rate = batch.rates[row]
        revision = batch.revisions[row]
        self.sequence = sequence
        let width = batch.quantilePoints.count
        quantiles = batch.quantilePoints.enumerated().map {
            ($1, batch.quantiles[row * width + $0])
        }
    }

    /// Whether all values are those of another one, bit for bit.
    func hasValues(of other: MemoryWindow) -> Bool {
        let pairs = [
            (sum, other.sum), (mean, other.mean), (min, other.min), (max, other.max),
            (stddev, other.stddev), (first, other.first), (last, other.last), (rate, other.rate),
        ]
        return start == other.start && end == other.end && count == other.count
            && pairs.allSatisfy { Self.isSame($0, $1) }
            && quantiles.map(\.point) == other.quantiles.map(\.point)
            && zip(quantiles, other.quantiles).allSatisfy { Self.isSame($0.value, $1.value) }
    }

    private static func isSame(_ left: Double, _ right: Double) -> Bool {
        left.bitPattern == right.bitPattern || (left.isNaN && right.isNaN)
    }
}

extension [(key: SeriesKey, window: MemoryWindow)] {
    /// These windows as columns.
    var batch: WindowBatch {
        let points = Set(flatMap(\.window.quantiles).map(\.point)).sorted()
        var batch = WindowBatch(quantilePoints: points)
        for (key, window) in self {
            batch.append(
                series: batch.series.insert(key),
                start: window.start,
                end: window.end,
                count: window.count,
                sum: window.sum,
                mean: window.mean,
                min: window.min,
                max: window.max,
                stddev: window.stddev,
                first: window.first,
                last: window.last,
                rate: window.rate,
                revision: window.revision,
                quantiles: points.map { point in
                    window.quantiles.first { $0.point == point }?.value ?? .nan
                }
            )
        }
        return batch
    }
}
