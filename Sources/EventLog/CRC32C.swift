internal import CChecksum

/// The CRC-32C checksum (Castagnoli polynomial), eight bytes a step.
///
/// The processor's own instruction where it has one, tables elsewhere.
///
/// - Source: RFC 3720 appendix B.4; Kounavis, Berry: Novel Table Lookup-Based Algorithms (2008).
enum CRC32C {
    /// The checksum of bytes, continued from the checksum of what came before.
    static func checksum(_ bytes: UnsafeRawBufferPointer, after previous: UInt32 = 0) -> UInt32 {
        guard hasInstruction, let start = bytes.baseAddress else {
            return tableChecksum(bytes, after: previous)
        }
        return cchecksum_crc32c(start, bytes.count, previous)
    }

    private static let hasInstruction = cchecksum_has_crc32c()

    /// The checksum by tables.
    static func tableChecksum(
        _ bytes: UnsafeRawBufferPointer,
        after previous: UInt32 = 0
    ) -> UInt32 {
        tables.withUnsafeBufferPointer { table in
            var crc = ~previous
            var position = 0
            let count = bytes.count
            while position &+ 8 <= count {
                let word = UInt64(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                )
                let low = UInt32(truncatingIfNeeded: word) ^ crc
                let high = UInt32(truncatingIfNeeded: word >> 32)
                crc = step(table, low, 4) ^ step(table, high, 0)
                position &+= 8
            }
            while position < count {
                let index = Int((crc ^ UInt32(bytes[position])) & 0xFF)
                crc = table[index] ^ (crc >> 8)
                position &+= 1
            }
            return ~crc
        }
    }

    @inline(__always)
    private static func step(
        _ table: UnsafeBufferPointer<UInt32>,
        _ word: UInt32,
        _ first: Int
    ) -> UInt32 {
        table[(first &+ 3) &* 256 &+ Int(word & 0xFF)]
            ^ table[(first &+ 2) &* 256 &+ Int((word >> 8) & 0xFF)]
            ^ table[(first &+ 1) &* 256 &+ Int((word >> 16) & 0xFF)]
            ^ table[first &* 256 &+ Int(word >> 24)]
    }

    /// Eight tables of 256 entries; table k advances a byte by k more bytes.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1 }
            tables[byte] = crc
        }
        for index in 256..<(8 * 256) {
            let before = tables[index - 256]
            tables[index] = tables[Int(before & 0xFF)] ^ (before >> 8)
        }
        return tables
    }()
}
