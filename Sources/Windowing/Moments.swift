/// Count, sum and squares of readings as deviations from the first one.
///
/// Each sum is a double and what rounding took from it, both summed without branches, so that sum,
/// mean and deviation keep 1e-12 relative accuracy however far the readings are from zero.
///
/// - Source: Neumaier, Rundungsfehleranalyse einiger Verfahren zur Summation (1974).
struct Moments: Sendable, Equatable, BitwiseCopyable {
    var count: Int64
    /// The first inserted reading; sums are of deviations from it.
    var shift: Double
    /// The sum of the deviations and of their squares.
    var high: SIMD2<Double>
    /// What rounding took from ``high``.
    var low: SIMD2<Double>

    @inline(__always)
    init(value: Double) {
        count = 1
        shift = value
        high = .zero
        low = .zero
    }

    @inline(__always)
    mutating func insert(_ value: Double) {
        count &+= 1
        let deviation = DoubleDouble.sum(value, -shift)
        let square = DoubleDouble.product(deviation.high, deviation.high)
        let term = SIMD2(deviation.high, square.high)
        let rest = SIMD2(deviation.low, square.low + 2 * (deviation.high * deviation.low))
        let sum = high + term
        let part = sum - high
        low += ((high - (sum - part)) + (term - part)) + rest
        high = sum
    }

    /// Adds the readings of another, as if they had been inserted after its own.
    mutating func merge(_ other: Moments) {
        let n = Double(other.count)
        let distance = DoubleDouble.sum(other.shift, -shift)
        // Around this shift: S1' = S1 + n d, S2' = S2 + 2 d S1 + n d^2.
        let moved = other.deviations + distance * n
        let squares = other.squares + distance * other.deviations * 2 + distance.squared * n
        let sum = deviations + moved
        let square = self.squares + squares
        count &+= other.count
        high = SIMD2(sum.high, square.high)
        low = SIMD2(sum.low, square.low)
    }

    /// The sum of all readings.
    @inline(__always)
    var sum: Double {
        let exact = (DoubleDouble.product(shift, Double(count)) + deviations).value
        // Beyond 1e290 the parts overflow before the sum does.
        return exact.isNaN ? shift * Double(count) + high.x : exact
    }

    /// The sample standard deviation; NaN below two readings.
    @inline(__always)
    var stddev: Double {
        guard count >= 2 else { return .nan }
        let n = Double(count)
        // (n S2 - S1^2) / (n (n - 1))
        let difference = (squares * n - deviations.squared).value
        let variance = difference / (n * (n - 1))
        return variance < 0 ? 0 : variance.squareRoot()
    }

    @inline(__always)
    private var deviations: DoubleDouble { DoubleDouble.quickSum(high.x, low.x) }

    @inline(__always)
    private var squares: DoubleDouble { DoubleDouble.quickSum(high.y, low.y) }
}
