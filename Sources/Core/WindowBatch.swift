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
    /// Change from first to last a second; NaN where the count is below two or the times are equal.
    public var rates: [Double]
    /// How often the window was sent out before with other readings; 0 the first time.
    public var revisions: [Int32]
    /// The quantiles that every row has, ascending between 0 and 1.
    public internal(set) var quantilePoints: [Double]
    /// Row-major, `[count, quantilePoints.count]`.
    public var quantiles: [Double]

    /// An empty batch whose rows have these quantiles.
    public init(quantilePoints: [Double] = []) {
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
        rates = []
        revisions = []
        self.quantilePoints = quantilePoints
        quantiles = []
    }

    public var count: Int { ends.count }
    public var isEmpty: Bool { ends.isEmpty }

    /// The value of an aggregate in row i; NaN when it is null.
    public func value(_ aggregate: Aggregate, at row: Int) -> Double {
        aggregate.value(in: self, at: row)
    }

    /// The value of a quantile in row i; NaN when the rows do not have it.
    public func quantile(_ point: Double, at row: Int) -> Double {
        guard let column = quantilePoints.firstIndex(of: point) else { return .nan }
        return quantiles[row * quantilePoints.count + column]
    }

    /// The key of row i.
    public func key(at row: Int) -> SeriesKey { series.keys[Int(seriesIndex[row])] }

    /// Appends one window; every column grows by one.
    ///
    /// - Shape: `quantiles` has one value a quantile point; empty stands for none known, NaN each.
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
        last: Double,
        rate: Double = .nan,
        revision: Int32 = 0,
        quantiles row: [Double] = []
    ) {
        precondition(row.isEmpty || row.count == quantilePoints.count, "a value a quantile point")
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
        rates.append(rate)
        revisions.append(revision)
        if row.isEmpty {
            quantiles.append(contentsOf: repeatElement(.nan, count: quantilePoints.count))
        } else {
            quantiles.append(contentsOf: row)
        }
    }
}
