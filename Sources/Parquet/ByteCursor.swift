/// Reads bytes front to back and never beyond their end.
///
/// - Throws: ``ParquetError`` `.corrupt` from every read past the end.
struct ByteCursor {
    let bytes: UnsafeRawBufferPointer
    var position: Int
    let end: Int

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        position = 0
        end = bytes.count
    }

    var remaining: Int { end - position }

    /// The next byte.
    mutating func byte() throws -> UInt8 {
        guard position < end else { throw ParquetError.corrupt("it ends inside a value") }
        defer { position += 1 }
        return bytes[position]
    }

    /// The next `count` bytes.
    mutating func take(_ count: Int) throws -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else {
            throw ParquetError.corrupt("\(count) bytes wanted where \(remaining) are left")
        }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])
    }

    /// The next 4 bytes as a little-endian count.
    mutating func count32() throws -> Int {
        let four = try take(4)
        return Int(UInt32(littleEndian: four.loadUnaligned(as: UInt32.self)))
    }

    /// The next variable-length number.
    mutating func varint() throws -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            guard shift < 64 else { throw ParquetError.corrupt("a number is too long") }
            result |= UInt64(next & 0x7F) << shift
            if next & 0x80 == 0 { return result }
            shift += 7
        }
    }
}
