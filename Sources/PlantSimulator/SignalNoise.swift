/// Numbers that look random and are pure functions of their arguments.
///
/// Arithmetic only, no mathematical library: every machine gives the same bits.
enum SignalNoise {
    /// Mixes words into one well-spread word (the SplitMix64 finalizer, chained).
    @inline(__always)
    static func hash(_ a: UInt64, _ b: UInt64, _ c: UInt64 = 0, _ d: UInt64 = 0) -> UInt64 {
        mix(mix(mix(mix(a) ^ b) ^ c) ^ d)
    }

    @inline(__always)
    private static func mix(_ word: UInt64) -> UInt64 {
        var z = word &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number in 0..<1 from a hash.
    @inline(__always)
    static func unit(_ hash: UInt64) -> Double { Double(hash >> 11) * 0x1p-53 }

    /// A nearly normal number of mean 0 and deviation 1, within ±3.47 (a sum of four uniforms).
    @inline(__always)
    static func normal(_ hash: UInt64) -> Double {
        let sum =
            (hash & 0xFFFF) + ((hash >> 16) & 0xFFFF) + ((hash >> 32) & 0xFFFF) + (hash >> 48)
        // Four uniforms of 16 bits: mean 2 * 65535, deviation 65536 / sqrt(3).
        return (Double(sum) - 131_070) * (1.732_050_807_568_877_2 / 65_536)
    }

    /// A smooth wander within ±1 that changes over about one lattice step.
    static func slow(_ seed: UInt64, _ series: UInt64, _ position: Double) -> Double {
        let below = position.rounded(.down)
        let index = UInt64(bitPattern: Int64(below))
        let left = unit(hash(seed, series, index, 0x510)) * 2 - 1
        let right = unit(hash(seed, series, index &+ 1, 0x510)) * 2 - 1
        return left + (right - left) * smoothStep(position - below)
    }

    /// 0 to 1 with flat ends, for 0...1.
    @inline(__always)
    static func smoothStep(_ x: Double) -> Double { x * x * (3 - 2 * x) }

    /// A wave like a sine, of period 1, made of two parabolas.
    static func wave(_ position: Double) -> Double {
        let phase = position - position.rounded(.down)
        let half = phase < 0.5 ? phase : phase - 0.5
        let arch = 16 * half * (0.5 - half)
        return phase < 0.5 ? arch : -arch
    }
}
