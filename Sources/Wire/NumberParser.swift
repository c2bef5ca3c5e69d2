internal import CBytes

/// Parses decimal numbers over bytes, correctly rounded.
enum NumberParser {
    /// What some bytes are, as a number.
    enum Outcome: Equatable {
        case finite(Double)
        /// NaN, an infinity, or a number too large for a `Double`.
        case notFinite
        case notANumber
    }

    /// Parses `[+-]digits[.digits][e[+-]digits]`, with digits on at least one side of the point.
    ///
    /// The result equals `Double(String)` bit for bit.
    ///
    /// - Source: Clinger, "How to read floating point numbers accurately" (PLDI 1990), for the
    ///   case that is exact in one step; integer division for up to 19 digits.
    static func parse(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Outcome {
        var at = 0
        var isNegative = false
        if count > 0, bytes[0] == 0x2D || bytes[0] == 0x2B {
            isNegative = bytes[0] == 0x2D
            at = 1
        }
        var mantissa: UInt64 = 0
        var exponent = 0
        let firstDigit = at
        while at < count, bytes[at] &- 0x30 < 10 {
            mantissa = mantissa &* 10 &+ UInt64(bytes[at] &- 0x30)
            at &+= 1
        }
        var digitCount = at &- firstDigit
        if at < count, bytes[at] == 0x2E {
            at &+= 1
            let firstFraction = at
            while at < count, bytes[at] &- 0x30 < 10 {
                mantissa = mantissa &* 10 &+ UInt64(bytes[at] &- 0x30)
                at &+= 1
            }
            exponent = firstFraction &- at
            digitCount &+= at &- firstFraction
        }
        guard digitCount > 0 else { return nonFinite(bytes, count) }
        if at < count {
            guard bytes[at] | 0x20 == 0x65, let written = exponentPart(bytes, at &+ 1, count) else {
                return .notANumber
            }
            exponent &+= written
        }
        if digitCount <= 19, let value = exact(mantissa, exponent) {
            return .finite(isNegative ? -value : value)
        }
        return slow(bytes, count)
    }

    /// The exponent's digits, which must end the number; huge ones are cut at a million.
    private static func exponentPart(
        _ bytes: UnsafePointer<UInt8>,
        _ start: Int,
        _ count: Int
    ) -> Int? {
        var at = start
        var isNegative = false
        if at < count, bytes[at] == 0x2D || bytes[at] == 0x2B {
            isNegative = bytes[at] == 0x2D
            at &+= 1
        }
        guard at < count else { return nil }
        var value = 0
        while at < count {
            guard bytes[at] &- 0x30 < 10 else { return nil }
            value = min(value &* 10 &+ Int(bytes[at] &- 0x30), 1_000_000)
            at &+= 1
        }
        return isNegative ? -value : value
    }

    /// `mantissa x 10^exponent` where one rounding gives it, nil otherwise.
    @inline(__always)
    private static func exact(_ mantissa: UInt64, _ exponent: Int) -> Double? {
        if mantissa <= 1 << 53 {
            if exponent == 0 || mantissa == 0 { return Double(mantissa) }
            if exponent < 0, exponent >= -22 { return Double(mantissa) / powers[-exponent] }
            if exponent > 0, exponent <= 22 { return Double(mantissa) * powers[exponent] }
        }
        return exponent < 0 && exponent >= -19 ? divided(mantissa, -exponent) : nil
    }

    /// `mantissa / 10^power`, by dividing integers and rounding once, to even.
    ///
    /// - Range: mantissa above 0, power 1...19.
    private static func divided(_ mantissa: UInt64, _ power: Int) -> Double {
        let divisor = integerPowers[power]
        let divisorShift = divisor.leadingZeroBitCount
        let mantissaShift = mantissa.leadingZeroBitCount
        let high = divisor << UInt64(divisorShift)
        // Halved, so that the dividend's high word is below the divisor and the quotient fits.
        let dividend = (mantissa << UInt64(mantissaShift)) >> 1
        let lost = (mantissa << UInt64(mantissaShift)) & 1
        let (quotient, remainder) = high.dividingFullWidth((dividend, lost << 63))
        // value = quotient x 2^(divisorShift - mantissaShift + 1 - 64)
        var kept = quotient >> 10
        var exponent = divisorShift &- mantissaShift &- 63 &+ 10
        var rest = quotient & 0x3FF
        var restBits: UInt64 = 10
        if kept >> 53 != 0 {
            rest |= (kept & 1) << 10
            kept >>= 1
            exponent &+= 1
            restBits = 11
        }
        let half: UInt64 = 1 << (restBits &- 1)
        let isAbove = rest > half || (rest == half && (remainder != 0 || kept & 1 == 1))
        if isAbove { kept &+= 1 }
        let scale = Double(bitPattern: UInt64(truncatingIfNeeded: 1023 &+ exponent) << 52)
        return Double(kept) * scale  // Exact: a power of two, far from both ends of the range.
    }

    /// Numbers of many digits or far exponents: the standard library knows them all.
    private static func slow(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Outcome {
        let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
        guard let value = Double(text) else { return .notANumber }
        return value.isFinite ? .finite(value) : .notFinite
    }

    private static func nonFinite(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Outcome {
        guard count >= 3, count <= 9 else { return .notANumber }
        var text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
            .lowercased()
        if text.hasPrefix("-") || text.hasPrefix("+") { text.removeFirst() }
        return text == "nan" || text == "inf" || text == "infinity" ? .notFinite : .notANumber
    }

    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]

    private static let integerPowers: [UInt64] = [
        1, 10, 100, 1000, 10000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
        10_000_000_000, 100_000_000_000, 1_000_000_000_000, 10_000_000_000_000,
        100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000,
        100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ]
}

extension NumberParser {
    /// Reads the number at the front of some bytes if it is `[-]digits[.digits]` and not long.
    ///
    /// The value equals ``parse(_:_:)``'s for the bytes counted. Whatever follows them is for the
    /// caller to look at: an exponent may.
    ///
    /// - Range: 32 bytes can be read. At most 14 digits in all, 8 of them behind the point.
    /// - Returns: how many bytes the number has, 0 when it is of another shape.
    @inline(__always)
    static func parsePadded(
        _ text: UnsafePointer<UInt8>
    ) -> (value: Double, count: Int, isWhole: Bool) {
        let isNegative = text[0] == 0x2D
        let sign = isNegative ? 1 : 0
        let start = text + sign
        let digits = bytes_digits(start)
        let whole = (~digits).trailingZeroBitCount
        guard whole > 0, whole < 15 else { return (0, 0, false) }
        var mantissa: UInt64
        if whole <= 8 {
            mantissa = bytes_decimal(start, Int32(truncatingIfNeeded: whole))
        } else {
            let rest = Int32(truncatingIfNeeded: whole &- 8)
            mantissa = bytes_decimal(start, 8) &* bytes_whole_power(rest)
            mantissa &+= bytes_decimal(start + 8, rest)
        }
        guard start[whole] == 0x2E else {
            let value = Double(mantissa)
            return (isNegative ? -value : value, whole &+ sign, true)
        }
        let fraction = (~(digits >> UInt32(truncatingIfNeeded: whole &+ 1))).trailingZeroBitCount
        guard fraction > 0, fraction <= 8, whole &+ fraction < 15 else { return (0, 0, false) }
        let places = Int32(truncatingIfNeeded: fraction)
        let more = bytes_decimal(start + (whole &+ 1), places)
        mantissa = mantissa &* bytes_whole_power(places) &+ more
        let value = Double(mantissa) / bytes_power(places)
        return (isNegative ? -value : value, whole &+ fraction &+ 1 &+ sign, false)
    }
}
