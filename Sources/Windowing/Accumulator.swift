/// The running aggregates of one window, as a flat value without references.
///
/// Deviations from the first inserted value are summed in double-double, so that sum, mean and
/// standard deviation keep 1e-12 relative accuracy however far the readings are from zero.
/// Readings are inserted in log order; that order breaks ties of event time in first and last.
///
/// - Range: readings are finite; their spread is below 1e150, else the deviation is NaN.
public struct Accumulator: Sendable, Equatable {
    public internal(set) var count: Int64
    public internal(set) var min: Double
    public internal(set) var max: Double
    /// The reading with the smallest event time; of equal times the first inserted.
    public internal(set) var first: Double
    /// The reading with the largest event time; of equal times the last inserted.
    public internal(set) var last: Double
    var firstTime: Int64
    var lastTime: Int64
    /// The first inserted reading; sums are of deviations from it.
    var shift: Double
    var deviations: DoubleDouble
    var squares: DoubleDouble

    /// Starts with one reading.
    @inline(__always)
    public init(time: Int64, value: Double) {
        count = 1
        min = value
        max = value
        first = value
        last = value
        firstTime = time
        lastTime = time
        shift = value
        deviations = DoubleDouble(0)
        squares = DoubleDouble(0)
    }

    /// Adds one reading, later in the log than all before it.
    @inline(__always)
    public mutating func insert(time: Int64, value: Double) {
        count &+= 1
        if value < min { min = value }
        if value > max { max = value }
        if time < firstTime {
            firstTime = time
            first = value
        }
        if time >= lastTime {
            lastTime = time
            last = value
        }
        let deviation = DoubleDouble.sum(value, -shift)
        deviations = deviations + deviation
        squares = squares + deviation.squared
    }

    public var sum: Double { total.value }

    public var mean: Double { (total / Double(count)).value }

    /// The sample standard deviation; NaN below two readings.
    public var stddev: Double {
        guard count >= 2 else { return .nan }
        let n = Double(count)
        let scaled = deviations / n
        // S2 - S1^2 / n, with S1^2 / n as n * (S1 / n)^2.
        let variance = ((squares - scaled.squared * n) / (n - 1)).value
        return variance < 0 ? 0 : variance.squareRoot()
    }

    private var total: DoubleDouble {
        DoubleDouble.product(shift, Double(count)) + deviations
    }
}
