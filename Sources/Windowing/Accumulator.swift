/// The running aggregates of one window, as a flat value without references.
///
/// It is made of parts: each knows how to start with a reading, take one and merge with another.
/// An aggregate that needs state of its own is one more part; what follows from the parts there
/// are costs nothing. Readings are inserted in log order.
///
/// - Range: readings are finite; their spread is below 1e150, else the deviation is NaN.
struct Accumulator: Sendable, Equatable, BitwiseCopyable {
    var moments: Moments
    var extremes: Extremes
    var ends: Ends

    /// Starts with one reading.
    @inline(__always)
    init(time: Int64, value: Double) {
        moments = Moments(value: value)
        extremes = Extremes(value: value)
        ends = Ends(time: time, value: value)
    }

    /// Without a reading; its first one starts it (``isEmpty``).
    static var empty: Accumulator {
        var result = Accumulator(time: 0, value: 0)
        result.moments.count = 0
        return result
    }

    @inline(__always)
    var isEmpty: Bool { moments.count == 0 }

    /// Adds one reading, later in the log than all before it.
    @inline(__always)
    mutating func insert(time: Int64, value: Double) {
        guard !isEmpty else {
            self = Accumulator(time: time, value: value)
            return
        }
        moments.insert(value)
        extremes.insert(value)
        ends.insert(time: time, value: value)
    }

    /// Adds the readings of another.
    mutating func merge(_ other: Accumulator) {
        guard !other.isEmpty else { return }
        guard !isEmpty else {
            self = other
            return
        }
        moments.merge(other.moments)
        extremes.merge(other.extremes)
        ends.merge(other.ends)
    }

    var count: Int64 { moments.count }
    var sum: Double { moments.sum }
    var mean: Double { moments.sum / Double(moments.count) }
    var stddev: Double { moments.stddev }
    var min: Double { extremes.min }
    var max: Double { extremes.max }
    var first: Double { ends.first }
    var last: Double { ends.last }
    var rate: Double { ends.rate }
}
