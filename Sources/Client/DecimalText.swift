/// Writes numbers as decimal text without making a `String`.
package enum DecimalText {
    /// Bytes that any number takes at most.
    package static let byteCountMax = 32

    /// Writes a finite number so that reading it gives the same bits; answers how many bytes.
    ///
    /// Numbers of up to six decimals, as sensors send them, come out as people write them; others
    /// with 17 significant digits, which tell every `Double` from its neighbors.
    ///
    /// - Range: ``byteCountMax`` bytes can be written.
    @inline(__always)
    package static func write(_ value: Double, to out: UnsafeMutablePointer<UInt8>) -> Int {
        var at = 0
        if value.sign == .minus {
            out[0] = 0x2D
            at = 1
        }
        let size = value.magnitude
        if size < 1e9 {
            let scaled = UInt64(size * 1_000_000 + 0.5)
            // Below 2^53 one rounding gives the number back, so this proves that the text is exact.
            if Double(scaled) / 1_000_000 == size {
                return at + writeMillionths(scaled, to: out + at)
            }
        }
        if size >= 0.001, size < 9e15 { return at + writeLong(size, to: out + at) }
        var text = size.description
        return at
            + text.withUTF8 { bytes in
                for index in bytes.indices { out[at + index] = bytes[index] }
                return bytes.count
            }
    }

    /// Writes a whole number; answers how many bytes.
    @inline(__always)
    package static func write(_ value: Int64, to out: UnsafeMutablePointer<UInt8>) -> Int {
        guard value < 0 else { return write(UInt64(value), to: out) }
        out[0] = 0x2D
        return 1 + write(value.magnitude, to: out + 1)
    }

    /// Writes a whole number; answers how many bytes.
    @inline(__always)
    package static func write(_ value: UInt64, to out: UnsafeMutablePointer<UInt8>) -> Int {
        let count = digitCount(value)
        write(value, digits: count, to: out)
        return count
    }

    private static func writeMillionths(
        _ millionths: UInt64,
        to out: UnsafeMutablePointer<UInt8>
    ) -> Int {
        let (whole, rest) = millionths.quotientAndRemainder(dividingBy: 1_000_000)
        let count = write(whole, to: out)
        guard rest != 0 else { return count }
        var fraction = rest
        var digits = 6
        if fraction % 1000 == 0 {
            fraction /= 1000
            digits = 3
        }
        while fraction % 10 == 0 {
            fraction /= 10
            digits -= 1
        }
        out[count] = 0x2E
        write(fraction, digits: digits, to: out + count + 1)
        return count + 1 + digits
    }

    /// Writes 17 significant digits, rounded to the nearest.
    ///
    /// - Range: 0.001 ..< 2^53, not a whole number.
    private static func writeLong(_ size: Double, to out: UnsafeMutablePointer<UInt8>) -> Int {
        let mantissa = size.significandBitPattern | 1 << 52
        let shift = UInt64(52 - Int(size.exponent))  // 0...62
        var whole = shift < 64 ? mantissa >> shift : 0
        let fraction = mantissa & ((1 << shift) - 1)
        let wholeDigits = whole == 0 ? 0 : digitCount(whole)
        var digits = 17 - wholeDigits
        if whole == 0 { digits += size >= 0.1 ? 0 : size >= 0.01 ? 1 : 2 }
        guard digits > 0 else { return write(whole, to: out) }
        let power = powers[digits]
        let product = fraction.multipliedFullWidth(by: power)
        let half: UInt64 = shift > 0 ? 1 << (shift - 1) : 0
        let (low, carry) = product.low.addingReportingOverflow(half)
        let high = product.high + (carry ? 1 : 0)
        var decimals = shift == 0 ? low : high << (64 - shift) | low >> shift
        if decimals >= power {
            decimals -= power
            whole += 1
        }
        // Without a zero in front, so that readers count no more than 19 digits.
        let count = whole == 0 ? 0 : write(whole, to: out)
        out[count] = 0x2E
        write(decimals, digits: digits, to: out + count + 1)
        return count + 1 + digits
    }

    /// Writes the last digits of a number, zeros in front included.
    @inline(__always)
    private static func write(
        _ value: UInt64,
        digits: Int,
        to out: UnsafeMutablePointer<UInt8>
    ) {
        var rest = value
        var at = digits
        while at >= 2 {
            let next = rest / 100
            let pair = rest - next * 100
            let tens = (pair * 103) >> 10
            out[at - 1] = UInt8(truncatingIfNeeded: 0x30 + pair - tens * 10)
            out[at - 2] = UInt8(truncatingIfNeeded: 0x30 + tens)
            rest = next
            at -= 2
        }
        if at == 1 { out[0] = UInt8(truncatingIfNeeded: 0x30 + rest % 10) }
    }

    @inline(__always)
    private static func digitCount(_ value: UInt64) -> Int {
        // log10 from log2, corrected by one comparison.
        let guess = ((64 - (value | 1).leadingZeroBitCount) * 1233) >> 12
        return guess + ((value | 1) >= powers[guess] ? 1 : 0)
    }

    private static let powers: [UInt64] = [
        1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
        10_000_000_000, 100_000_000_000, 1_000_000_000_000, 10_000_000_000_000,
        100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000,
        100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ]
}
