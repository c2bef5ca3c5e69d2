import Core

/// A few rows of closed windows as columns, on their way to a batch.
struct RowBlock: Sendable {
    static let rowCountMax = 256

    private(set) var count = 0
    private let quantileCount: Int
    private var series = Column<UInt32>()
    private var starts = Column<Int64>()
    private var ends = Column<Int64>()
    private var counts = Column<Int64>()
    /// sum, mean, min, max, stddev, first, last, rate, one after another.
    private var values = Column<Double>()
    private var revisions = Column<Int32>()
    private var quantiles = Column<Double>()

    private static let valueCount = 8

    init(quantileCount: Int) {
        self.quantileCount = quantileCount
    }

    /// Where the quantiles of the next row go.
    var nextQuantiles: UnsafeMutablePointer<Double> { quantiles.base + count * quantileCount }

    /// Makes its memory, and its own when it was copied.
    mutating func prepare() {
        series.grow(to: Self.rowCountMax, filledWith: 0)
        starts.grow(to: Self.rowCountMax, filledWith: 0)
        ends.grow(to: Self.rowCountMax, filledWith: 0)
        counts.grow(to: Self.rowCountMax, filledWith: 0)
        values.grow(to: Self.rowCountMax * Self.valueCount, filledWith: 0)
        revisions.grow(to: Self.rowCountMax, filledWith: 0)
        quantiles.grow(to: Self.rowCountMax * quantileCount, filledWith: 0)
        series.makeUnique()
        starts.makeUnique()
        ends.makeUnique()
        counts.makeUnique()
        values.makeUnique()
        revisions.makeUnique()
        quantiles.makeUnique()
    }

    /// Adds a row; there must be room.
    @inline(__always)
    mutating func append(
        series id: UInt32,
        start: Int64,
        end: Int64,
        _ window: borrowing Accumulator,
        revision: Int32
    ) {
        series.base[count] = id
        starts.base[count] = start
        ends.base[count] = end
        counts.base[count] = window.moments.count
        revisions.base[count] = revision
        let sum = window.moments.sum
        let column = values.base + count
        column[0] = sum
        column[Self.rowCountMax] = sum / Double(window.moments.count)
        column[2 * Self.rowCountMax] = window.extremes.min
        column[3 * Self.rowCountMax] = window.extremes.max
        column[4 * Self.rowCountMax] = window.moments.stddev
        column[5 * Self.rowCountMax] = window.ends.first
        column[6 * Self.rowCountMax] = window.ends.last
        column[7 * Self.rowCountMax] = window.ends.rate
        count &+= 1
    }

    /// Moves the rows to the end of a batch.
    mutating func flush(to batch: inout WindowBatch) {
        guard count > 0 else { return }
        batch.seriesIndex.append(contentsOf: rows(series))
        batch.starts.append(contentsOf: rows(starts))
        batch.ends.append(contentsOf: rows(ends))
        batch.counts.append(contentsOf: rows(counts))
        batch.sums.append(contentsOf: value(0))
        batch.means.append(contentsOf: value(1))
        batch.mins.append(contentsOf: value(2))
        batch.maxs.append(contentsOf: value(3))
        batch.stddevs.append(contentsOf: value(4))
        batch.firsts.append(contentsOf: value(5))
        batch.lasts.append(contentsOf: value(6))
        batch.rates.append(contentsOf: value(7))
        batch.revisions.append(contentsOf: rows(revisions))
        batch.quantiles.append(
            contentsOf: UnsafeBufferPointer(start: quantiles.base, count: count * quantileCount)
        )
        count = 0
    }

    private func rows<T: BitwiseCopyable>(_ column: Column<T>) -> UnsafeBufferPointer<T> {
        UnsafeBufferPointer(start: column.base, count: count)
    }

    private func value(_ index: Int) -> UnsafeBufferPointer<Double> {
        UnsafeBufferPointer(start: values.base + index * Self.rowCountMax, count: count)
    }
}
