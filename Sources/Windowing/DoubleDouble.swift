/// The unevaluated sum of two doubles: about 106 bits of precision.
///
/// Written without fused multiply-add, so that every CPU gives the same bits.
///
/// - Range: full precision for magnitudes of 1e-140 to 1e290; beyond, parts may become NaN.
/// - Source: Dekker, A floating-point technique for extending the available precision (1971);
///   Hida, Li, Bailey, Library for double-double and quad-double arithmetic (2007).
struct DoubleDouble: Sendable, Equatable {
    var high: Double
    var low: Double

    @inline(__always)
    init(_ high: Double, _ low: Double = 0) {
        self.high = high
        self.low = low
    }

    /// The nearest double; a sum beyond the largest double stays infinite.
    var value: Double { high.isInfinite ? high : high + low }

    /// The exact sum of two doubles.
    @inline(__always)
    static func sum(_ a: Double, _ b: Double) -> DoubleDouble {
        let s = a + b
        let t = s - a
        return DoubleDouble(s, (a - (s - t)) + (b - t))
    }

    /// The exact sum of two doubles of which the first is the larger in magnitude.
    @inline(__always)
    static func quickSum(_ a: Double, _ b: Double) -> DoubleDouble {
        let s = a + b
        return DoubleDouble(s, b - (s - a))
    }

    /// The exact product of two doubles.
    @inline(__always)
    static func product(_ a: Double, _ b: Double) -> DoubleDouble {
        let p = a * b
        let (aHigh, aLow) = split(a)
        let (bHigh, bLow) = split(b)
        let error = ((aHigh * bHigh - p) + aHigh * bLow + aLow * bHigh) + aLow * bLow
        return DoubleDouble(p, error)
    }

    @inline(__always)
    private static func split(_ a: Double) -> (Double, Double) {
        let t = 134_217_729.0 * a
        let high = t - (t - a)
        return (high, a - high)
    }

    @inline(__always)
    static func + (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
        var s = sum(a.high, b.high)
        let t = sum(a.low, b.low)
        s = quickSum(s.high, s.low + t.high)
        return quickSum(s.high, s.low + t.low)
    }

    static func - (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
        a + DoubleDouble(-b.high, -b.low)
    }

    @inline(__always)
    var squared: DoubleDouble {
        let p = Self.product(high, high)
        return Self.quickSum(p.high, p.low + (2 * (high * low) + low * low))
    }

    static func * (a: DoubleDouble, b: Double) -> DoubleDouble {
        let p = product(a.high, b)
        return quickSum(p.high, p.low + a.low * b)
    }

    static func * (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
        let p = product(a.high, b.high)
        return quickSum(p.high, p.low + (a.high * b.low + a.low * b.high))
    }
}
