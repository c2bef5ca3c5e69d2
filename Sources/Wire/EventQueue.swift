internal import Core

/// Events that wait for their series, as columns.
struct EventQueue: ~Copyable {
    private(set) var count = 0
    let series: UnsafeMutablePointer<SeriesText>
    let times: UnsafeMutablePointer<Int64>
    let values: UnsafeMutablePointer<Double>
    let rows: UnsafeMutablePointer<Range<Int>>
    /// Where the series may be: a slot of the cache, or the address of a record.
    let candidates: UnsafeMutablePointer<Int>
    let ids: UnsafeMutablePointer<UInt32>
    let numbers: UnsafeMutablePointer<SeriesNumber>

    /// Enough for all the loads that a processor has in flight, and little enough for its cache.
    static let capacity = 64

    init() {
        series = .allocate(capacity: Self.capacity)
        times = .allocate(capacity: Self.capacity)
        values = .allocate(capacity: Self.capacity)
        rows = .allocate(capacity: Self.capacity)
        candidates = .allocate(capacity: Self.capacity)
        ids = .allocate(capacity: Self.capacity)
        numbers = .allocate(capacity: Self.capacity)
    }

    deinit {
        series.deallocate()
        times.deallocate()
        values.deallocate()
        rows.deallocate()
        candidates.deallocate()
        ids.deallocate()
        numbers.deallocate()
    }

    var isFull: Bool {
        @inline(__always) get { count == Self.capacity }
    }

    /// - Range: the queue is not full.
    @inline(__always)
    mutating func append(
        _ text: SeriesText,
        _ time: Int64,
        _ value: Double,
        _ row: Range<Int>
    ) {
        (series + count).initialize(to: text)
        (times + count).initialize(to: time)
        (values + count).initialize(to: value)
        (rows + count).initialize(to: row)
        count &+= 1
    }

    /// Takes all events away; what they were stays readable until the next one comes.
    mutating func clear() { count = 0 }

    /// Takes the last events away.
    mutating func cut(to count: Int) { self.count = min(self.count, count) }

    /// Gives the last events their time and row.
    @inline(__always)
    mutating func set(_ time: Int64, _ row: Range<Int>, from start: Int) {
        for index in start..<count {
            times[index] = time
            rows[index] = row
        }
    }
}
