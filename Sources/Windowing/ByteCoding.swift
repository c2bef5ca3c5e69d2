import Core

/// Appends numbers and texts to bytes, little-endian.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func fixed(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func fixed(_ value: Int64) { fixed(UInt64(bitPattern: value)) }

    mutating func fixed(_ value: Double) { fixed(value.bitPattern) }

    /// An unsigned number in 7-bit groups, low first (LEB128).
    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// A signed number whose small magnitudes are short.
    mutating func zigzag(_ value: Int64) {
        varint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    mutating func text(_ value: String) {
        varint(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }
}

/// Reads what ``ByteWriter`` wrote, trusting nothing.
///
/// - Throws: every call ``FleetError`` `.dataLoss` when the bytes do not hold what is asked for.
struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var remaining: Int { bytes.endIndex - position }

    static func damaged(_ what: String) -> FleetError {
        FleetError(
            .dataLoss,
            "the window snapshot is damaged: \(what)",
            hint: "discard it and rebuild the windows from the log"
        )
    }

    mutating func fixed() throws -> UInt64 {
        guard remaining >= 8 else { throw Self.damaged("it ends early") }
        var value: UInt64 = 0
        for shift in 0..<8 { value |= UInt64(bytes[position + shift]) << UInt64(8 * shift) }
        position += 8
        return value
    }

    mutating func signed() throws -> Int64 { Int64(bitPattern: try fixed()) }

    mutating func double() throws -> Double { Double(bitPattern: try fixed()) }

    mutating func varint() throws -> UInt64 {
        var value: UInt64 = 0
        for group in 0..<10 {
            guard remaining >= 1 else { throw Self.damaged("it ends early") }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << UInt64(7 * group)
            if byte < 0x80 { return value }
        }
        throw Self.damaged("a number is too long")
    }

    mutating func zigzag() throws -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// A count of items that take at least one byte each.
    mutating func count() throws -> Int {
        let value = try varint()
        guard value <= UInt64(remaining) else { throw Self.damaged("a count is too large") }
        return Int(value)
    }

    mutating func text() throws -> ArraySlice<UInt8> {
        let length = try count()
        defer { position += length }
        return bytes[position..<(position + length)]
    }
}
