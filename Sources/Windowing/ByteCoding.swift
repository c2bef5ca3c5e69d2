import Core

/// Appends numbers and texts to bytes, little-endian.
struct ByteWriter {
    private var column = Column<UInt8>()

    /// What was written.
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: column.base, count: column.count)
    }

    @inline(__always)
    mutating func fixed(_ value: UInt64) {
        UnsafeMutableRawPointer(column.tail(8)).storeBytes(of: value.littleEndian, as: UInt64.self)
        column.advance(8)
    }

    @inline(__always)
    mutating func fixed(_ value: Int64) { fixed(UInt64(bitPattern: value)) }

    @inline(__always)
    mutating func fixed(_ value: Double) { fixed(value.bitPattern) }

    /// An unsigned number in 7-bit groups, low first (LEB128).
    @inline(__always)
    mutating func varint(_ value: UInt64) {
        let tail = column.tail(10)
        var rest = value
        var length = 0
        while rest >= 0x80 {
            tail[length] = UInt8(truncatingIfNeeded: rest) | 0x80
            rest >>= 7
            length &+= 1
        }
        tail[length] = UInt8(truncatingIfNeeded: rest)
        column.advance(length &+ 1)
    }

    /// A signed number whose small magnitudes are short.
    @inline(__always)
    mutating func zigzag(_ value: Int64) {
        varint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    mutating func text(_ value: UnsafeRawBufferPointer) {
        varint(UInt64(value.count))
        UnsafeMutableRawBufferPointer(start: column.tail(value.count), count: value.count)
            .copyMemory(from: value)
        column.advance(value.count)
    }

    mutating func text(_ value: String) {
        var copy = value
        copy.withUTF8 { text(UnsafeRawBufferPointer($0)) }
    }
}

/// Reads what ``ByteWriter`` wrote, trusting nothing.
///
/// - Throws: every call ``FleetError`` `.dataLoss` when the bytes do not hold what is asked for.
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    /// Reads bytes that outlive the reader.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var remaining: Int { bytes.count &- position }

    static func damaged(_ what: String) -> FleetError {
        FleetError(
            .dataLoss,
            "the window snapshot is damaged: \(what)",
            hint: "discard it and rebuild the windows from the log"
        )
    }

    mutating func fixed() throws -> UInt64 {
        guard remaining >= 8 else { throw Self.damaged("it ends early") }
        let value = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
        position += 8
        return UInt64(littleEndian: value)
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

    mutating func text() throws -> UnsafeRawBufferPointer {
        let length = try count()
        defer { position += length }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<(position + length)])
    }

    /// A number of 64 bits that must lie in a range, or be the smallest one.
    mutating func time(within limit: Int64) throws -> Int64 {
        let time = try signed()
        guard time == Int64.min || (-limit...limit).contains(time) else {
            throw Self.damaged("a time is out of range")
        }
        return time
    }
}
