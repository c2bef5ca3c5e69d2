/// A JSON string or number in the input: the bytes inside the quotes, or of the literal.
struct JSONText {
    /// What stands there.
    enum Kind: UInt8 {
        case absent, null, string, escapedString, number, notFinite, other
    }

    var kind: Kind
    var start: Int
    var end: Int

    static let absent = JSONText(kind: .absent, start: 0, end: 0)

    var count: Int { end &- start }

    /// Whether there is nothing: no field, null or an empty string.
    var isMissing: Bool { kind == .absent || kind == .null || count == 0 }
}

/// Reads JSON text front to back over bytes, strictly, except that it knows NaN and infinities.
///
/// - Source: RFC 8259.
struct JSONScanner {
    let base: UnsafePointer<UInt8>
    var at: Int
    var end: Int

    /// How deep values that nobody asks for may nest.
    static let depthMax = 64

    @inline(__always)
    mutating func skipSpace() {
        while at < end, base[at] <= 0x20,
            base[at] == 0x20 || base[at] == 0x0A || base[at] == 0x0D || base[at] == 0x09
        {
            at &+= 1
        }
    }

    /// Steps over a byte if it is next.
    @inline(__always)
    mutating func skip(_ byte: UInt8) -> Bool {
        guard at < end, base[at] == byte else { return false }
        at &+= 1
        return true
    }

    /// Reads a string; nil when there is none or it is malformed.
    @inline(__always)
    mutating func string() -> JSONText? {
        guard skip(0x22) else { return nil }
        let start = at
        while at < end {
            let byte = base[at]
            if byte == 0x22 {
                at &+= 1
                return JSONText(kind: .string, start: start, end: at &- 1)
            }
            if byte == 0x5C { return escapedString(start) }
            if byte < 0x20 { return nil }
            at &+= 1
        }
        return nil
    }

    /// Reads on from the first escape of a string.
    private mutating func escapedString(_ start: Int) -> JSONText? {
        while at < end {
            switch base[at] {
            case 0x22:
                at &+= 1
                return JSONText(kind: .escapedString, start: start, end: at &- 1)
            case 0x5C:
                guard at &+ 1 < end else { return nil }
                switch base[at &+ 1] {
                case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: at &+= 2
                case 0x75:
                    guard at &+ 6 <= end, hex(at &+ 2) != nil else { return nil }
                    at &+= 6
                default: return nil
                }
            case ..<0x20: return nil
            default: at &+= 1
            }
        }
        return nil
    }

    /// Reads a string, number or literal, or steps over an array or object; nil when malformed.
    @inline(__always)
    mutating func value() -> JSONText? {
        guard at < end else { return nil }
        let byte = base[at]
        if byte == 0x22 { return string() }
        if byte &- 0x30 < 10 { return number() }
        return otherValue(byte, depth: 0)
    }

    private mutating func otherValue(_ byte: UInt8, depth: Int) -> JSONText? {
        let start = at
        switch byte {
        case 0x2D:  // "-"
            if at &+ 1 < end, base[at &+ 1] == 0x49 {
                at &+= 1
                return literal("Infinity") ? text(.notFinite, start) : nil
            }
            return number()
        case 0x6E: return literal("null") ? text(.null, start) : nil
        case 0x74: return literal("true") ? text(.other, start) : nil
        case 0x66: return literal("false") ? text(.other, start) : nil
        case 0x4E: return literal("NaN") ? text(.notFinite, start) : nil
        case 0x49: return literal("Infinity") ? text(.notFinite, start) : nil
        case 0x5B, 0x7B: return nested(depth) ? text(.other, start) : nil
        default: return nil
        }
    }

    private func text(_ kind: JSONText.Kind, _ start: Int) -> JSONText {
        JSONText(kind: kind, start: start, end: at)
    }

    private mutating func literal(_ word: StaticString) -> Bool {
        guard end &- at >= word.utf8CodeUnitCount else { return false }
        for index in 0..<word.utf8CodeUnitCount where base[at &+ index] != word.utf8Start[index] {
            return false
        }
        at &+= word.utf8CodeUnitCount
        return true
    }

    /// Reads a number of the JSON grammar.
    @inline(__always)
    private mutating func number() -> JSONText? {
        let start = at
        if base[at] == 0x2D { at &+= 1 }
        let first = at
        guard digits() else { return nil }
        if base[first] == 0x30, at &- first > 1 { return nil }
        if at < end, base[at] == 0x2E {
            at &+= 1
            guard digits() else { return nil }
        }
        if at < end, base[at] | 0x20 == 0x65 {
            at &+= 1
            if at < end, base[at] == 0x2B || base[at] == 0x2D { at &+= 1 }
            guard digits() else { return nil }
        }
        return JSONText(kind: .number, start: start, end: at)
    }

    @inline(__always)
    private mutating func digits() -> Bool {
        let start = at
        while at < end, base[at] &- 0x30 < 10 { at &+= 1 }
        return at > start
    }

    /// Steps over an array or object, which must be well formed and not too deep.
    private mutating func nested(_ depth: Int) -> Bool {
        guard depth < Self.depthMax else { return false }
        let isObject = base[at] == 0x7B
        let close: UInt8 = isObject ? 0x7D : 0x5D
        at &+= 1
        skipSpace()
        if skip(close) { return true }
        while true {
            if isObject {
                guard string() != nil else { return false }
                skipSpace()
                guard skip(0x3A) else { return false }
                skipSpace()
            }
            guard at < end else { return false }
            let byte = base[at]
            let found: JSONText? =
                if byte == 0x22 { string() } else if byte &- 0x30 < 10 { number() } else {
                    otherValue(byte, depth: depth + 1)
                }
            guard found != nil else { return false }
            skipSpace()
            if skip(close) { return true }
            guard skip(0x2C) else { return false }
            skipSpace()
        }
    }

    /// The four hexadecimal digits at a position.
    private func hex(_ position: Int) -> UInt32? {
        var value: UInt32 = 0
        for index in position..<(position &+ 4) {
            let byte = base[index]
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte &- 0x30)
            case 0x41...0x46, 0x61...0x66: value = value << 4 | UInt32((byte | 0x20) &- 0x57)
            default: return nil
            }
        }
        return value
    }

    /// Writes a string's bytes without its escapes.
    ///
    /// - Returns: how many bytes were written; nil for half a surrogate pair or too little room.
    func unescape(_ text: JSONText, into room: UnsafeMutableBufferPointer<UInt8>) -> Int? {
        var count = 0
        var position = text.start
        while position < text.end {
            var scalar = Unicode.Scalar(base[position])
            if base[position] != 0x5C {
                guard count < room.count else { return nil }
                room[count] = base[position]
                count += 1
                position += 1
                continue
            }
            switch base[position + 1] {
            case 0x62: scalar = "\u{8}"
            case 0x66: scalar = "\u{C}"
            case 0x6E: scalar = "\n"
            case 0x72: scalar = "\r"
            case 0x74: scalar = "\t"
            case 0x75:
                guard let decoded = unicodeEscape(position + 2, text.end) else { return nil }
                scalar = decoded.scalar
                position = decoded.next - 2
            default: scalar = Unicode.Scalar(base[position + 1])
            }
            position += 2
            for byte in Character(scalar).utf8 {
                guard count < room.count else { return nil }
                room[count] = byte
                count += 1
            }
        }
        return count
    }

    /// The character whose hexadecimal digits start at a position, and where it ends.
    private func unicodeEscape(
        _ position: Int,
        _ limit: Int
    ) -> (scalar: Unicode.Scalar, next: Int)? {
        guard let high = hex(position) else { return nil }
        guard high & 0xFC00 == 0xD800 else {
            return Unicode.Scalar(high).map { ($0, position + 4) }
        }
        guard position + 10 <= limit, base[position + 4] == 0x5C, base[position + 5] == 0x75,
            let low = hex(position + 6), low & 0xFC00 == 0xDC00
        else { return nil }
        let value = 0x10000 + (high & 0x3FF) << 10 + (low & 0x3FF)
        return Unicode.Scalar(value).map { ($0, position + 10) }
    }
}
