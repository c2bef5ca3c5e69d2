/// Cuts the real numbers into buckets whose middle is within 1 % of everything in them.
///
/// An octave has 35 buckets, cut at even steps of a cubic that stands for the logarithm, so that
/// no library function is involved and every machine gives the same bucket. A key orders buckets
/// as their values are ordered; 0 is zero's. At level L, two to the L neighbours are one bucket.
///
/// - Source: Masson, Rim, Lee, DDSketch (VLDB 2019), with the cubic interpolation of its authors'
///   Java implementation; Epicoco et al., UDDSketch (2020), for the levels.
enum QuantileBuckets {
    /// Steps of the cubic an octave; its slope then keeps a bucket below a ratio of exp(0.02).
    private static let perOctave = 35
    /// Makes indexes positive; a multiple of every power of two that levels divide by.
    private static let bias = 1 << 16
    static let levelMax = 17

    /// The relative error of a bucket's middle at a level.
    ///
    /// tanh(0.01 x 2^level): 1 % at 0, 2 % at 1, 4 % at 2.
    static func relativeError(level: Int) -> Double {
        var error = 0.0099996667
        for _ in 0..<level { error = 2 * error / (1 + error * error) }
        return error
    }

    /// The key of a finite value at level 0.
    @inline(__always)
    static func key(of value: Double) -> Int32 {
        let magnitude = value.magnitude
        guard magnitude > 0 else { return 0 }
        var bits = magnitude.bitPattern
        var exponent = Int(bits >> 52) &- 1023
        if bits >> 52 == 0 {
            // Below the smallest normal number: scaled by 2^52 first.
            bits = (magnitude * 0x1p52).bitPattern
            exponent = Int(bits >> 52) &- 1075
        }
        let fraction = Double(bitPattern: bits & 0xF_FFFF_FFFF_FFFF | 0x3FF0_0000_0000_0000) - 1
        let step = Int(Double(perOctave) * cubic(fraction))
        let index = exponent &* perOctave &+ min(step, perOctave - 1) &+ bias
        return value < 0
            ? Int32(truncatingIfNeeded: -1 &- index)
            : Int32(truncatingIfNeeded: 1 &+ index)
    }

    /// The key at the next level.
    @inline(__always)
    static func parent(_ key: Int32) -> Int32 {
        if key == 0 { return 0 }
        return key > 0 ? 1 &+ (key &- 1) >> 1 : -1 &- (-1 &- key) >> 1
    }

    /// The value that is nearest, relatively, to all values of a bucket.
    static func middle(of key: Int32, level: Int) -> Double {
        guard key != 0 else { return 0 }
        let index = key > 0 ? Int(key) - 1 : -1 - Int(key)
        let low = bound((index << level) - bias)
        let high = min(bound(((index + 1) << level) - bias), .greatestFiniteMagnitude)
        // 2 low high / (low + high), without overflow.
        let middle = low * (2 / (1 + low / high))
        return key > 0 ? middle : -middle
    }

    /// Where a bucket of level 0 begins.
    private static func bound(_ index: Int) -> Double {
        var octave = index / perOctave
        var step = index % perOctave
        if step < 0 {
            step += perOctave
            octave -= 1
        }
        let scale = max(-1100, min(1100, octave))
        return Double(sign: .plus, exponent: scale, significand: 1 + fractions[step])
    }

    /// From 0 to 1 as the fraction does; its slope times (1 + fraction) is at least 10/7.
    @inline(__always)
    private static func cubic(_ s: Double) -> Double {
        ((6.0 / 35 * s - 3.0 / 5) * s + 10.0 / 7) * s
    }

    /// Per step of an octave: the fraction where the cubic reaches it, by bisection.
    private static let fractions: [Double] = (0..<perOctave).map { step in
        var low = 0.0
        var high = 1.0
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if Double(perOctave) * cubic(middle) < Double(step) {
                low = middle
            } else {
                high = middle
            }
        }
        return step == 0 ? 0 : high
    }
}
