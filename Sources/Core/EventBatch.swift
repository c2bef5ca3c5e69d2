/// Events as columns: row i is `values[i]` of `series.keys[seriesIndex[i]]` at `times[i]`.
///
/// - Units: times are microseconds since the epoch, UTC.
public struct EventBatch: Sendable {
    /// The keys this batch uses; its ids are the batch's own.
    public var series: SeriesDictionary
    public var seriesIndex: [UInt32]
    public var times: [Int64]
    public var values: [Double]

    public init() {
        series = SeriesDictionary()
        seriesIndex = []
        times = []
        values = []
    }

    @inlinable
    public var count: Int { values.count }
    @inlinable
    public var isEmpty: Bool { values.isEmpty }

    public mutating func reserveCapacity(_ count: Int) {
        seriesIndex.reserveCapacity(count)
        times.reserveCapacity(count)
        values.reserveCapacity(count)
    }

    @inlinable
    public mutating func append(series id: UInt32, time: Int64, value: Double) {
        seriesIndex.append(id)
        times.append(time)
        values.append(value)
    }

    /// Removes rows at the end; their series stay.
    public mutating func removeLast(_ count: Int) {
        seriesIndex.removeLast(count)
        times.removeLast(count)
        values.removeLast(count)
    }

    /// Appends one event by key; for tests and small inputs.
    public mutating func append(_ key: SeriesKey, _ time: Timestamp, _ value: Double) {
        append(series: series.insert(key), time: time.microseconds, value: value)
    }
}
