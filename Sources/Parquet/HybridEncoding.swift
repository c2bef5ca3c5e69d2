/// The mixture of runs and bit-packed groups that levels and dictionary codes use.
///
/// - Source: Encodings.md of apache/parquet-format, "RLE/Bit-Packing Hybrid".
enum HybridEncoding {
    /// The bits that hold every number up to `max`.
    static func bitWidth(max: Int) -> Int {
        max <= 0 ? 0 : Int.bitWidth - max.leadingZeroBitCount
    }

    /// Appends numbers of at most `bitWidth` bits.
    static func append(_ values: [UInt32], bitWidth: Int, to out: inout [UInt8]) {
        append(values[...], bitWidth: bitWidth, to: &out)
    }

    /// As ``append(_:bitWidth:to:)-([UInt32],_,_)`` for a part of an array.
    static func append(_ values: ArraySlice<UInt32>, bitWidth: Int, to out: inout [UInt8]) {
        values.withUnsafeBufferPointer { append($0, bitWidth: bitWidth, to: &out) }
    }

    private static func append(
        _ values: UnsafeBufferPointer<UInt32>,
        bitWidth: Int,
        to out: inout [UInt8]
    ) {
        var index = 0
        var packedStart = 0
        while index < values.count {
            var end = index + 1
            while end < values.count, values[end] == values[index] { end += 1 }
            let misaligned = (index - packedStart) % 8
            if end - index >= 8, misaligned == 0 {
                pack(values, packedStart..<index, bitWidth, to: &out)
                appendRun(values[index], count: end - index, bitWidth, to: &out)
                packedStart = end
                index = end
            } else if end - index >= 8 {
                // The pending group must be full before a run may begin.
                index += 8 - misaligned
            } else {
                index = end
            }
        }
        pack(values, packedStart..<values.count, bitWidth, to: &out)
    }

    /// Appends one number repeated.
    static func appendRun(_ value: UInt32, count: Int, _ bitWidth: Int, to out: inout [UInt8]) {
        guard count > 0 else { return }
        appendVarint(UInt64(count) << 1, to: &out)
        var rest = value
        for _ in 0..<((bitWidth + 7) / 8) {
            out.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }

    private static func pack(
        _ values: UnsafeBufferPointer<UInt32>,
        _ range: Range<Int>,
        _ bitWidth: Int,
        to out: inout [UInt8]
    ) {
        guard !range.isEmpty else { return }
        let groupCount = (range.count + 7) / 8
        appendVarint(UInt64(groupCount) << 1 | 1, to: &out)
        let start = out.count
        // What no value fills of the last group is zero; the last word may be written too far.
        out.append(contentsOf: repeatElement(0, count: groupCount * bitWidth + 8))
        out.withUnsafeMutableBytes { bytes in
            var position = start
            var buffer: UInt64 = 0
            var bitCount = 0
            for index in range {
                buffer |= UInt64(values[index]) << UInt64(bitCount)
                bitCount &+= bitWidth
                if bitCount >= 32 {
                    let word = UInt32(truncatingIfNeeded: buffer)
                    bytes.storeBytes(of: word.littleEndian, toByteOffset: position, as: UInt32.self)
                    position &+= 4
                    buffer >>= 32
                    bitCount &-= 32
                }
            }
            bytes.storeBytes(of: buffer.littleEndian, toByteOffset: position, as: UInt64.self)
        }
        out.removeLast(8)
    }

    /// Reads `count` numbers, each at most `max`.
    ///
    /// - Throws: ``ParquetError`` `.corrupt`.
    static func decode(
        _ cursor: inout ByteCursor,
        bitWidth: Int,
        count: Int,
        max: UInt32
    ) throws -> [UInt32] {
        guard bitWidth >= 0, bitWidth <= 32 else {
            throw ParquetError.corrupt("a bit width of \(bitWidth)")
        }
        var result: [UInt32] = []
        while result.count < count {
            let header = try cursor.varint()
            let wanted = count - result.count
            if header & 1 == 0 {
                let runLength = header >> 1
                guard runLength > 0 else { throw ParquetError.corrupt("an empty run") }
                let value = try runValue(&cursor, bitWidth)
                guard value <= max else { throw outside(value, max) }
                let taken = runLength > UInt64(wanted) ? wanted : Int(runLength)
                result.append(contentsOf: repeatElement(value, count: taken))
            } else {
                let groupCount = header >> 1
                guard groupCount > 0, groupCount <= UInt64(cursor.remaining) + UInt64(wanted)
                else { throw ParquetError.corrupt("\(groupCount) groups of packed numbers") }
                let groups = Swift.min(Int(groupCount), (wanted + 7) / 8)
                // A last group may be cut where its values are not needed.
                let byteCount = Swift.min(Int(groupCount) &* bitWidth, cursor.remaining)
                guard byteCount >= (Swift.min(wanted, groups * 8) * bitWidth + 7) / 8 else {
                    throw ParquetError.corrupt("packed numbers are cut off")
                }
                let packed = try cursor.take(byteCount)
                try unpack(
                    packed,
                    bitWidth,
                    count: Swift.min(wanted, groups * 8),
                    max: max,
                    into: &result
                )
            }
        }
        return result
    }

    private static func runValue(_ cursor: inout ByteCursor, _ bitWidth: Int) throws -> UInt32 {
        var value: UInt32 = 0
        for index in 0..<((bitWidth + 7) / 8) {
            value |= UInt32(try cursor.byte()) << UInt32(8 * index)
        }
        return value
    }

    private static func unpack(
        _ packed: UnsafeRawBufferPointer,
        _ bitWidth: Int,
        count: Int,
        max: UInt32,
        into result: inout [UInt32]
    ) throws {
        let mask = bitWidth == 0 ? 0 : UInt64.max >> UInt64(64 - bitWidth)
        var most: UInt32 = 0
        result.append(
            contentsOf: (0..<count).lazy.map { index in
                let bit = index &* bitWidth
                let word = Parquet.word(packed, at: bit >> 3) >> UInt64(bit & 7)
                let value = UInt32(truncatingIfNeeded: word & mask)
                most = Swift.max(most, value)
                return value
            }
        )
        guard most <= max else { throw outside(most, max) }
    }

    private static func outside(_ value: UInt32, _ max: UInt32) -> ParquetError {
        .corrupt("the number \(value) where at most \(max) may stand")
    }
}
