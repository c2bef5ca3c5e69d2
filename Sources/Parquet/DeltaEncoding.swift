/// Whole numbers as differences, in blocks of which each has its least difference.
///
/// - Source: Encodings.md of apache/parquet-format, "Delta Encoding" and "Delta-length byte array".
enum DeltaEncoding {
    /// Numbers of a block at most; writers use 128.
    private static let blockCountMax: UInt64 = 1 << 16

    /// Reads exactly `count` numbers.
    ///
    /// - Throws: ``ParquetError`` `.corrupt`.
    static func decode(_ cursor: inout ByteCursor, count: Int) throws -> [Int64] {
        let blockCount = try cursor.varint()
        let partCount = try cursor.varint()
        let total = try cursor.varint()
        let first = try signed(&cursor)
        guard blockCount > 0, blockCount <= blockCountMax, partCount > 0,
            blockCount.isMultiple(of: partCount), (blockCount / partCount).isMultiple(of: 8)
        else {
            throw ParquetError.corrupt("blocks of \(blockCount) numbers in \(partCount) parts")
        }
        guard total == UInt64(count) else {
            throw ParquetError.corrupt("\(total) differences where \(count) are promised")
        }
        guard count > 0 else { return [] }
        var values: [Int64] = [first]
        while values.count < count {
            try decodeBlock(
                &cursor,
                partCount: Int(partCount),
                valuesPerPart: Int(blockCount / partCount),
                count: count,
                into: &values
            )
        }
        return values
    }

    private static func decodeBlock(
        _ cursor: inout ByteCursor,
        partCount: Int,
        valuesPerPart: Int,
        count: Int,
        into values: inout [Int64]
    ) throws {
        let least = try signed(&cursor)
        let widths = try cursor.take(partCount)
        var value = values[values.count - 1]
        for width in widths {
            // Parts without values are not stored, whatever width is said of them.
            guard values.count < count else { return }
            guard width <= 64 else { throw ParquetError.corrupt("a bit width of \(width)") }
            let packed = try cursor.take(valuesPerPart / 8 * Int(width))
            for index in 0..<min(valuesPerPart, count - values.count) {
                let difference = number(packed, at: index &* Int(width), bitCount: UInt64(width))
                value &+= least &+ Int64(bitPattern: difference)
                values.append(value)
            }
        }
    }

    /// The texts of a page whose lengths come first.
    ///
    /// - Throws: ``ParquetError`` `.corrupt`.
    static func texts(
        _ cursor: inout ByteCursor,
        count: Int
    ) throws -> [UnsafeRawBufferPointer] {
        try decode(&cursor, count: count).map { try cursor.take(Int($0)) }
    }

    /// A number of which every other one is negative.
    private static func signed(_ cursor: inout ByteCursor) throws -> Int64 {
        let number = try cursor.varint()
        return Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1)
    }

    /// The number at a bit, of at most 64 bits, lowest first.
    @inline(__always)
    private static func number(
        _ bytes: UnsafeRawBufferPointer,
        at bit: Int,
        bitCount: UInt64
    ) -> UInt64 {
        guard bitCount > 0 else { return 0 }
        let shift = UInt64(bit & 7)
        var number = word(bytes, at: bit >> 3) >> shift
        if shift > 0 { number |= word(bytes, at: bit >> 3 &+ 8) << (64 &- shift) }
        return number & (.max >> (64 &- bitCount))
    }
}

/// The eight bytes at an offset, zeros behind the end.
@inline(__always)
func word(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
    if offset &+ 8 <= bytes.count {
        return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    var word: UInt64 = 0
    for index in min(offset, bytes.count)..<bytes.count {
        word |= UInt64(bytes[index]) << UInt64(8 &* (index &- offset))
    }
    return word
}
