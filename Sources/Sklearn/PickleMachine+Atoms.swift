/// Numbers, texts and bytes.
extension PickleMachine {
    mutating func number(_ opcode: PickleOpcode) throws(SklearnError) -> PickleValue {
        switch opcode {
        case .none: return .none
        case .newTrue: return .bool(true)
        case .newFalse: return .bool(false)
        case .binInt:
            return .int(Int(Int32(truncatingIfNeeded: try reader.unsigned(4))))
        case .binInt1: return .int(Int(try reader.byte()))
        case .binInt2: return .int(Int(try reader.unsigned(2)))
        case .long1: return long(try reader.counted(1))
        case .long4: return long(try reader.counted(4))
        case .binFloat: return .float(try reader.bigEndianDouble())
        case .int: return try textInt()
        case .long: return try textLong()
        default: return try textFloat()
        }
    }

    mutating func text(_ opcode: PickleOpcode) throws(SklearnError) -> PickleValue {
        switch opcode {
        case .string: try quotedString()
        case .unicode: try escapedUnicode()
        case .binUnicode: .text(try reader.counted(4))
        case .shortBinUnicode: .text(try reader.counted(1))
        case .binUnicode8: .text(try reader.counted(8))
        case .binString, .binBytes: .bytes(try reader.counted(4))
        case .shortBinString, .shortBinBytes: .bytes(try reader.counted(1))
        default: .bytes(try reader.counted(8))
        }
    }

    /// A two's complement little-endian integer of any length.
    private func long(_ slice: ByteSlice) -> PickleValue {
        guard slice.count > 0 else { return .int(0) }
        guard slice.count <= 8 else { return .bigInt }
        let isNegative = arena.byte(slice, slice.count - 1) & 0x80 != 0
        var value: UInt64 = isNegative ? .max : 0
        for index in (0..<slice.count).reversed() {
            value = value << 8 | UInt64(arena.byte(slice, index))
        }
        return .int(Int(truncatingIfNeeded: value))
    }

    /// The decimal memo index of protocol 0.
    mutating func textIndex() throws(SklearnError) -> Int {
        let text = try shortLine()
        guard let index = Int(text), index >= 0 else {
            throw .malformed("memo index \"\(printable(text))\" is not a number")
        }
        return index
    }

    private mutating func textInt() throws(SklearnError) -> PickleValue {
        let text = try shortLine()
        if text == "00" { return .bool(false) }
        if text == "01" { return .bool(true) }
        guard let value = Int(text) else {
            throw .malformed("\"\(printable(text))\" is not an integer")
        }
        return .int(value)
    }

    private mutating func textLong() throws(SklearnError) -> PickleValue {
        let line = try reader.line()
        // Twenty digits are past 64 bits, and nothing needs such a number.
        guard line.count <= 21 else { return .bigInt }
        var text = arena.string(line)
        if text.hasSuffix("L") { text.removeLast() }
        if let value = Int(text) { return .int(value) }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2D })
        else { throw .malformed("\"\(printable(text))\" is not an integer") }
        return .bigInt
    }

    private mutating func textFloat() throws(SklearnError) -> PickleValue {
        let text = try shortLine()
        guard let value = Double(text) else {
            throw .malformed("\"\(printable(text))\" is not a number")
        }
        return .float(value)
    }

    private mutating func shortLine() throws(SklearnError) -> String {
        let line = try reader.line()
        guard line.count <= 64 else { throw .malformed("a number of \(line.count) characters") }
        return arena.string(line)
    }

    /// A Python 2 `repr` of a byte string.
    private mutating func quotedString() throws(SklearnError) -> PickleValue {
        let line = try reader.line()
        guard line.count >= 2, case let quote = arena.byte(line, 0), quote == 0x22 || quote == 0x27,
            arena.byte(line, line.count - 1) == quote
        else { throw .malformed("a STRING without quotes before offset \(reader.position)") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(line.count)
        var index = 1
        while index < line.count - 1 {
            let byte = arena.byte(line, index)
            index += 1
            guard byte == 0x5C else {
                bytes.append(byte)
                continue
            }
            guard index < line.count - 1 else { throw .malformed("a STRING ends in an escape") }
            let escape = arena.byte(line, index)
            index += 1
            switch escape {
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case 0x5C, 0x22, 0x27: bytes.append(escape)
            case UInt8(ascii: "x"):
                guard let code = hex(line, at: index, digits: 2) else {
                    throw .malformed("a STRING holds an escape that is not hexadecimal")
                }
                bytes.append(UInt8(truncatingIfNeeded: code))
                index += 2
            default: throw .malformed("a STRING holds an unknown escape")
            }
        }
        return .bytes(try arena.store(bytes))
    }

    /// Python's raw-unicode-escape: Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
    private mutating func escapedUnicode() throws(SklearnError) -> PickleValue {
        let line = try reader.line()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(line.count)
        var index = 0
        while index < line.count {
            var code = UInt32(arena.byte(line, index))
            index += 1
            if code == 0x5C, index < line.count {
                let letter = arena.byte(line, index)
                let digits =
                    letter == UInt8(ascii: "u") ? 4 : letter == UInt8(ascii: "U") ? 8 : 0
                if digits > 0 {
                    guard let escaped = hex(line, at: index + 1, digits: digits) else {
                        throw .malformed("a UNICODE holds an escape that is not hexadecimal")
                    }
                    code = escaped
                    index += 1 + digits
                }
            }
            appendUTF8(code, to: &bytes)
        }
        return .text(try arena.store(bytes))
    }

    private func hex(_ slice: ByteSlice, at start: Int, digits: Int) -> UInt32? {
        guard start + digits <= slice.count else { return nil }
        var value: UInt32 = 0
        for index in start..<start + digits {
            guard let digit = Character(UnicodeScalar(arena.byte(slice, index))).hexDigitValue
            else { return nil }
            value = value << 4 | UInt32(truncatingIfNeeded: digit)
        }
        return value
    }
}

/// Appends a code point as UTF-8; one that cannot be written becomes the replacement character.
func appendUTF8(_ code: UInt32, to bytes: inout [UInt8]) {
    let scalar = Unicode.Scalar(code) ?? "\u{FFFD}"
    bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
}
