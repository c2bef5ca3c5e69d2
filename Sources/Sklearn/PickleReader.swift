/// A cursor over the bytes of a pickle; every read checks what is left.
struct PickleReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var remaining: Int { bytes.count - position }

    mutating func byte() throws(SklearnError) -> UInt8 {
        guard position < bytes.count else { throw endOfFile(1) }
        defer { position += 1 }
        return bytes[position]
    }

    /// Takes `count` bytes as they are.
    mutating func slice(_ count: Int) throws(SklearnError) -> ByteSlice {
        guard count >= 0, count <= remaining else { throw endOfFile(count) }
        defer { position += count }
        return ByteSlice(offset: position, count: count)
    }

    /// A little-endian unsigned number of 1 to 8 bytes.
    mutating func unsigned(_ width: Int) throws(SklearnError) -> UInt64 {
        let slice = try slice(width)
        var value: UInt64 = 0
        for index in 0..<slice.count {
            value |= UInt64(bytes[slice.offset + index]) << UInt64(8 * index)
        }
        return value
    }

    /// A big-endian IEEE 754 number.
    mutating func bigEndianDouble() throws(SklearnError) -> Double {
        Double(bitPattern: try unsigned(8).byteSwapped)
    }

    /// A length of `width` bytes followed by that many bytes.
    mutating func counted(_ width: Int) throws(SklearnError) -> ByteSlice {
        let length = try unsigned(width)
        guard let count = Int(exactly: length) else { throw endOfFile(Int.max) }
        return try slice(count)
    }

    /// The bytes up to the next line feed, which is taken but not part of the result.
    mutating func line() throws(SklearnError) -> ByteSlice {
        var end = position
        while end < bytes.count, bytes[end] != 0x0A { end += 1 }
        guard end < bytes.count else { throw endOfFile(end - position + 1) }
        defer { position = end + 1 }
        return ByteSlice(offset: position, count: end - position)
    }

    private func endOfFile(_ wanted: Int) -> SklearnError {
        .truncated(
            "the file ends too early: \(wanted) bytes wanted at offset \(position), "
                + "\(remaining) left"
        )
    }
}
