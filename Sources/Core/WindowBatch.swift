/// An aggregate of the readings in a window.
public enum Aggregate: String, Sendable, Codable, CaseIterable {
    case count, sum, mean, min, max, stddev, first, last
}

/// Closed windows as columns.
///
/// Row i is the window `[starts[i], ends[i])` of `series.keys[seriesIndex[i]]`.
///
/// - Units: starts and ends are microseconds since the epoch; aggregates in the sensor's units.
public struct WindowBatch: Sendable {
    public var series: SeriesDictionary
    public var seriesIndex: [UInt32]
    public var starts: [Int64]
    public var ends: [Int64]
    public var counts: [Int64]
    public var sums: [Double]
    public var means: [Double]
    public var mins: [Double]
    public var maxs: [Double]
    /// Sample standard deviations; NaN where the count is below two (null outside).
    public var stddevs: [Double]
    public var firsts: [Double]
    public var lasts: [Double]

    public init() {
        series = SeriesDictionary()
        seriesIndex = []
        starts = []
        ends = []
        counts = []
        sums = []
        means = []
        mins = []
        maxs = []
        stddevs = []
        firsts = []
        lasts = []
    }

    public var count: Int { ends.count }
    public var isEmpty: Bool { ends.isEmpty }

    /// The value of an aggregate in row i; NaN when it is null.
    public func value(_ aggregate: Aggregate, at row: Int) -> Double {
        switch aggregate {
        case .count: Double(counts[row])
        case .sum: sums[row]
        case .mean: means[row]
        case .min: mins[row]
        case .max: maxs[row]
        case .stddev: stddevs[row]
        case .first: firsts[row]
        case .last: lasts[row]
        }
    }

    /// The key of row i.
    public func key(at row: Int) -> SeriesKey { series.keys[Int(seriesIndex[row])] }

    /// Appends one window; every column grows by one.
    public mutating func append(
        series id: UInt32,
        start: Int64,
        end: Int64,
        count: Int64,
        sum: Double,
        mean: Double,
        min: Double,
        max: Double,
        stddev: Double,
        first: Double,
        last: Double
    ) {
        seriesIndex.append(id)
        starts.append(start)
        ends.append(end)
        counts.append(count)
        sums.append(sum)
        means.append(mean)
        mins.append(min)
        maxs.append(max)
        stddevs.append(stddev)
        firsts.append(first)
        lasts.append(last)
    }
}
