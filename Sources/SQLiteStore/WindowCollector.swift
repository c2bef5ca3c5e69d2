import Core

/// Collects stored windows into a batch.
///
/// Quantiles are kept per row and put in columns at the end, because rows need not have the same.
struct WindowCollector {
    /// The columns of `windows_data w` and `ends_data e` that ``append(_:series:size:)`` reads.
    static let columns = """
        w.count, w.sum, w.mean, w.min, w.max, w.stddev, w.first, w.last, w.rate, w.revision,
        w.start_us, w.quantiles, w.sequence
        """

    private(set) var batch = WindowBatch()
    private var quantiles: [(row: Int, values: [(point: Double, value: Double)])] = []

    var count: Int { batch.count }

    mutating func insert(_ key: SeriesKey) -> UInt32 { batch.series.insert(key) }

    /// Appends the row that a query of ``columns`` is at, counted from a first column.
    mutating func append(
        _ query: RawStatement,
        from column: Int32 = 0,
        series: UInt32,
        end: Int64,
        size: Int64?
    ) {
        if !query.isNull(column + 11) {
            quantiles.append((batch.count, QuantileText.read(query.text(column + 11))))
        }
        let start = query.isNull(column + 10) ? end &- (size ?? 0) : query.int(column + 10)
        batch.append(
            series: series,
            start: start,
            end: end,
            count: query.int(column),
            sum: query.double(column + 1),
            mean: query.double(column + 2),
            min: query.double(column + 3),
            max: query.double(column + 4),
            stddev: query.double(column + 5),
            first: query.double(column + 6),
            last: query.double(column + 7),
            rate: query.double(column + 8),
            revision: Int32(truncatingIfNeeded: query.int(column + 9))
        )
    }

    /// The batch with the quantiles that any of its rows has.
    consuming func finish() -> WindowBatch {
        let points = Set(quantiles.lazy.flatMap(\.values).map(\.point)).sorted()
        if points.isEmpty { return batch }
        var result = WindowBatch(quantilePoints: points)
        result.series = batch.series
        result.seriesIndex = batch.seriesIndex
        result.starts = batch.starts
        result.ends = batch.ends
        result.counts = batch.counts
        result.sums = batch.sums
        result.means = batch.means
        result.mins = batch.mins
        result.maxs = batch.maxs
        result.stddevs = batch.stddevs
        result.firsts = batch.firsts
        result.lasts = batch.lasts
        result.rates = batch.rates
        result.revisions = batch.revisions
        result.quantiles = [Double](repeating: .nan, count: batch.count * points.count)
        for (row, values) in quantiles {
            for (point, value) in values {
                guard let column = points.firstIndex(of: point) else { continue }
                result.quantiles[row * points.count + column] = value
            }
        }
        return result
    }
}
