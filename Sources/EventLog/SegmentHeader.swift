import Core

/// The first bytes of a segment file: where its offsets begin.
struct SegmentHeader: Sendable {
    static let magic: UInt64 = 0x314C_474F_4C53_4653  // "SFSLOGL1" in memory order.

    let sequence: Int64
    let createdAt: Timestamp
    /// Where the checksums of this segment's record headers begin.
    let salt: UInt32
    let startOffsets: [Int64]

    /// The size of a header.
    static func byteCount(partitionCount: Int) -> Int { 36 + partitionCount * 8 }

    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.append(Self.magic)
        writer.append(UInt32(startOffsets.count))
        writer.append(salt)
        writer.append(sequence)
        writer.append(createdAt.microseconds)
        for offset in startOffsets { writer.append(offset) }
        writer.append(writer.bytes.withUnsafeBytes { CRC32C.checksum($0) })
        return writer.bytes
    }

    /// Reads a header; nil when the bytes are not one for so many partitions.
    init?(_ bytes: [UInt8], partitionCount: Int) {
        let size = Self.byteCount(partitionCount: partitionCount)
        guard bytes.count >= size else { return nil }
        let parsed: SegmentHeader? = bytes.withUnsafeBytes { all in
            var reader = ByteReader(UnsafeRawBufferPointer(rebasing: all[..<size]))
            guard reader.number(UInt64.self) == Self.magic,
                reader.number(UInt32.self) == UInt32(partitionCount),
                let salt = reader.number(UInt32.self),
                let sequence = reader.number(Int64.self),
                let createdAt = reader.number(Int64.self),
                let offsets = reader.column(Int64.self, count: partitionCount),
                let checksum = reader.number(UInt32.self),
                checksum
                    == CRC32C.checksum(UnsafeRawBufferPointer(rebasing: all[..<(size - 4)])),
                sequence >= 0, offsets.allSatisfy({ $0 >= 0 })
            else { return nil }
            return SegmentHeader(
                sequence: sequence,
                createdAt: Timestamp(microseconds: createdAt),
                salt: salt,
                startOffsets: offsets
            )
        }
        guard let parsed else { return nil }
        self = parsed
    }

    init(sequence: Int64, createdAt: Timestamp, salt: UInt32, startOffsets: [Int64]) {
        self.sequence = sequence
        self.createdAt = createdAt
        self.salt = salt
        self.startOffsets = startOffsets
    }
}

/// The names of the log's files.
struct LogPaths: Sendable {
    let folder: String

    var meta: String { folder + "/meta" }
    var captured: String { folder + "/captured" }

    /// The prepared file of the next segment.
    var spare: String { folder + "/segment-next.log" }

    /// The file of a segment.
    func segment(_ sequence: Int64) -> String { folder + "/segment-" + digits(sequence) + ".log" }
    /// The index file beside a segment.
    func index(_ sequence: Int64) -> String { folder + "/segment-" + digits(sequence) + ".index" }

    /// The sequence in a name such as `segment-00000000000000000042.log`.
    static func sequence(of name: String, _ suffix: String) -> Int64? {
        guard name.hasPrefix("segment-"), name.hasSuffix(suffix) else { return nil }
        let digits = name.dropFirst("segment-".count).dropLast(suffix.count)
        guard digits.utf8.count == 20, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            return nil
        }
        return Int64(digits)
    }

    private func digits(_ sequence: Int64) -> String {
        let text = String(sequence)
        return String(repeating: "0", count: max(0, 20 - text.utf8.count)) + text
    }
}
