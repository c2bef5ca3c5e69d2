/// Reads the fields of one packet; never beyond its end.
struct PacketReader {
    private let bytes: UnsafeRawBufferPointer
    private let kind: PacketKind
    private(set) var index = 0

    init(_ bytes: UnsafeRawBufferPointer, of kind: PacketKind) {
        self.bytes = bytes
        self.kind = kind
    }

    var remainingCount: Int { bytes.count - index }

    /// One byte.
    mutating func readByte() throws(MQTTProtocolError) -> UInt8 {
        guard index < bytes.count else { throw .truncated(kind) }
        defer { index += 1 }
        return bytes[index]
    }

    /// Two bytes, the higher first.
    mutating func readUInt16() throws(MQTTProtocolError) -> UInt16 {
        guard bytes.count - index >= 2 else { throw .truncated(kind) }
        defer { index += 2 }
        return UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
    }

    /// Four bytes, the highest first.
    mutating func readUInt32() throws(MQTTProtocolError) -> UInt32 {
        let high = try readUInt16()
        return try UInt32(high) << 16 | UInt32(readUInt16())
    }

    /// A number of one to four bytes of seven bits, the lowest first.
    mutating func readVariable() throws(MQTTProtocolError) -> Int {
        var value = 0
        for position in 0..<4 {
            let byte = try readByte()
            value |= Int(byte & 0x7F) << (7 * position)
            if byte < 0x80 { return value }
        }
        throw .malformedLength
    }

    /// A length of two bytes and so many bytes.
    mutating func readData() throws(MQTTProtocolError) -> UnsafeRawBufferPointer {
        try read(Int(readUInt16()))
    }

    /// So many bytes.
    mutating func read(_ count: Int) throws(MQTTProtocolError) -> UnsafeRawBufferPointer {
        guard count <= bytes.count - index else { throw .truncated(kind) }
        defer { index += count }
        return UnsafeRawBufferPointer(rebasing: bytes[index..<(index + count)])
    }

    /// A text; bytes that are no UTF-8 become U+FFFD.
    mutating func readText() throws(MQTTProtocolError) -> String {
        try String(decoding: readData(), as: UTF8.self)
    }

    /// Everything that is left.
    mutating func readRest() -> UnsafeRawBufferPointer {
        defer { index = bytes.count }
        return UnsafeRawBufferPointer(rebasing: bytes[index...])
    }

    /// - Throws: ``MQTTProtocolError`` `.excess` when something is left.
    func checkEnd() throws(MQTTProtocolError) {
        guard index == bytes.count else { throw .excess(kind) }
    }
}
