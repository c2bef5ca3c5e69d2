/// Unpacks what other writers compress with Snappy, which many of them do by default.
///
/// - Source: format_description.txt of google/snappy, the raw format without framing.
enum Snappy {
    /// Unpacks a block that must have exactly `byteCount` bytes.
    ///
    /// - Throws: ``ParquetError`` `.corrupt`; never reads or writes outside the block.
    static func decompress(_ source: UnsafeRawBufferPointer, byteCount: Int) throws -> [UInt8] {
        var at = 0
        guard try length(source, &at) == byteCount else {
            throw ParquetError.corrupt("a snappy block that is not of \(byteCount) bytes")
        }
        return try [UInt8](unsafeUninitializedCapacity: byteCount) { target, written in
            while at < source.count {
                let tag = source[at]
                at += 1
                if tag & 3 == 0 {
                    let count = try literalCount(tag, source, &at)
                    guard count <= source.count - at, count <= byteCount - written else {
                        throw damaged()
                    }
                    if count > 0, let to = target.baseAddress, let from = source.baseAddress {
                        UnsafeMutableRawPointer(to + written).copyMemory(
                            from: from + at,
                            byteCount: count
                        )
                    }
                    at += count
                    written += count
                } else {
                    let (count, back) = try reference(tag, source, &at)
                    guard back > 0, back <= written, count <= byteCount - written else {
                        throw damaged()
                    }
                    // Forward, a byte at a time: the two may overlap, which repeats a pattern.
                    for index in written..<(written + count) {
                        target[index] = target[index - back]
                    }
                    written += count
                }
            }
            guard written == byteCount else { throw damaged() }
        }
    }

    private static func damaged() -> ParquetError { .corrupt("a damaged snappy block") }

    /// The length in front of a block: 7 bits a byte, lowest first, at most 32 bits.
    private static func length(_ source: UnsafeRawBufferPointer, _ at: inout Int) throws -> Int {
        var value = 0
        for shift in stride(from: 0, through: 28, by: 7) {
            guard at < source.count else { throw damaged() }
            let byte = source[at]
            at += 1
            value |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw damaged()
    }

    private static func little(
        _ source: UnsafeRawBufferPointer,
        _ at: inout Int,
        byteCount: Int
    ) throws -> Int {
        guard byteCount <= source.count - at else { throw damaged() }
        var value = 0
        for index in 0..<byteCount { value |= Int(source[at + index]) << (8 * index) }
        at += byteCount
        return value
    }

    private static func literalCount(
        _ tag: UInt8,
        _ source: UnsafeRawBufferPointer,
        _ at: inout Int
    ) throws -> Int {
        let short = Int(tag >> 2)
        guard short >= 60 else { return short + 1 }
        return try little(source, &at, byteCount: short - 59) + 1
    }

    private static func reference(
        _ tag: UInt8,
        _ source: UnsafeRawBufferPointer,
        _ at: inout Int
    ) throws -> (count: Int, back: Int) {
        switch tag & 3 {
        case 1:
            let low = try little(source, &at, byteCount: 1)
            return (Int(tag >> 2 & 7) + 4, Int(tag >> 5) << 8 | low)
        case 2: return (Int(tag >> 2) + 1, try little(source, &at, byteCount: 2))
        default: return (Int(tag >> 2) + 1, try little(source, &at, byteCount: 4))
        }
    }
}
