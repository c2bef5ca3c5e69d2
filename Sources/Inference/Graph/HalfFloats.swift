/// A 16-bit number in IEEE 754 form: 5 bits of exponent, 10 of fraction.
public struct Half: Sendable, Hashable {
    public var bits: UInt16

    public init(bits: UInt16) { self.bits = bits }

    /// The nearest number, ties to even; beyond the range, infinity.
    public init(_ value: Float) {
        let pattern = value.bitPattern
        let sign = UInt16(truncatingIfNeeded: pattern >> 16) & 0x8000
        let magnitude = pattern & 0x7FFF_FFFF
        if magnitude > 0x7F80_0000 {
            bits = sign | 0x7E00
        } else if magnitude >= 0x477F_F000 {
            bits = sign | 0x7C00
        } else if magnitude < 0x3880_0000 {
            // Adding this power of two leaves the subnormal fraction, rounded, in the low bits.
            let shifted = Float(bitPattern: magnitude) + Float(bitPattern: 0x3F00_0000)
            bits = sign | UInt16(truncatingIfNeeded: shifted.bitPattern &- 0x3F00_0000)
        } else {
            let odd = (magnitude >> 13) & 1
            let rounded = magnitude &+ 0xFFF &+ odd &- 0x3800_0000
            bits = sign | UInt16(truncatingIfNeeded: rounded >> 13)
        }
    }

    /// The same number with more bits.
    public var float: Float {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1F
        let fraction = UInt32(bits & 0x3FF)
        switch exponent {
        case 0:
            let magnitude = Float(fraction) * Float(bitPattern: 0x3380_0000)
            return Float(bitPattern: magnitude.bitPattern | sign)
        case 0x1F:
            return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default:
            return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}

/// The upper half of a 32-bit floating-point number.
public struct BFloat16: Sendable, Hashable {
    public var bits: UInt16

    public init(bits: UInt16) { self.bits = bits }

    /// The nearest number, ties to even.
    public init(_ value: Float) {
        let pattern = value.bitPattern
        if value.isNaN {
            bits = UInt16(truncatingIfNeeded: pattern >> 16) | 0x40
        } else {
            let rounded = pattern &+ 0x7FFF &+ ((pattern >> 16) & 1)
            bits = UInt16(truncatingIfNeeded: rounded >> 16)
        }
    }

    /// The same number with more bits.
    public var float: Float { Float(bitPattern: UInt32(bits) << 16) }
}
