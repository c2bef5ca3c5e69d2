import Core

/// What is known of a segment without reading it: its offsets, and where some of them are.
struct SegmentIndex: Sendable {
    /// An idempotency key and the count it was answered with.
    struct KeyedCount: Sendable {
        let key: IdempotencyKey
        let count: Int
    }

    /// Bytes between two checkpoints, so that a search scans little and an index stays small.
    static let checkpointByteCount = 256 << 10

    let header: SegmentHeader
    var endOffsets: [Int64]
    /// The durable size of the file.
    var byteCount: Int
    var recordCount: Int64 = 0
    var firstAppendedAt: Timestamp?
    var lastAppendedAt: Timestamp?
    /// Positions of some records, with the offsets (one a partition) that hold before each.
    var checkpoints: [Int] = []
    var checkpointOffsets: [Int64] = []
    /// The idempotency keys of the active segment, until its index is written.
    var keys: [KeyedCount] = []

    init(_ header: SegmentHeader) {
        self.header = header
        endOffsets = header.startOffsets
        byteCount = SegmentHeader.byteCount(partitionCount: header.startOffsets.count)
    }

    var sequence: Int64 { header.sequence }
    var nextSequence: Int64 { header.sequence + recordCount }
    var startOffsets: [Int64] { header.startOffsets }
    var partitionCount: Int { header.startOffsets.count }
    var dataStart: Int { SegmentHeader.byteCount(partitionCount: partitionCount) }

    /// Adds the record that begins at the current end.
    mutating func note(
        byteCount size: Int,
        appendedAt: Timestamp,
        parts: some Sequence<(partition: Int, count: Int)>,
        key: IdempotencyKey?,
        acceptedCount: Int
    ) {
        if byteCount - (checkpoints.last ?? -Self.checkpointByteCount) >= Self.checkpointByteCount {
            checkpoints.append(byteCount)
            checkpointOffsets.append(contentsOf: endOffsets)
        }
        for part in parts { endOffsets[part.partition] += Int64(part.count) }
        if let key { keys.append(KeyedCount(key: key, count: acceptedCount)) }
        firstAppendedAt = firstAppendedAt ?? appendedAt
        lastAppendedAt = appendedAt
        byteCount += size
        recordCount += 1
    }

    /// A position at or before the first entry that is wanted; nil when none is here.
    func position(of offsets: [Int64]) -> Int? {
        var best: Int?
        for partition in 0..<partitionCount where offsets[partition] < endOffsets[partition] {
            let position = position(of: offsets[partition], partition)
            best = min(best ?? position, position)
        }
        return best
    }

    private func position(of offset: Int64, _ partition: Int) -> Int {
        var low = 0
        var high = checkpoints.count
        while low < high {
            let middle = (low + high) / 2
            if checkpointOffsets[middle * partitionCount + partition] <= offset {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low == 0 ? dataStart : checkpoints[low - 1]
    }

    /// What users of the log see of the segment.
    func info(isCaptured: Bool) -> SegmentInfo {
        SegmentInfo(
            sequence: sequence,
            firstAppendedAt: firstAppendedAt ?? header.createdAt,
            lastAppendedAt: lastAppendedAt ?? header.createdAt,
            byteCount: byteCount,
            startOffsets: startOffsets,
            endOffsets: endOffsets,
            isCaptured: isCaptured
        )
    }
}

extension SegmentIndex {
    private static let magic: UInt64 = 0x3158_4449_4C53_4653

    /// The bytes of the index file beside a sealed segment.
    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.append(Self.magic)
        writer.append(UInt64(byteCount))
        writer.append(recordCount)
        writer.append((firstAppendedAt ?? header.createdAt).microseconds)
        writer.append((lastAppendedAt ?? header.createdAt).microseconds)
        writer.append(header.salt)
        writer.append(UInt32(checkpoints.count))
        writer.append(UInt32(keys.count))
        writer.append(column: endOffsets)
        writer.append(column: checkpoints.map(Int64.init))
        writer.append(column: checkpointOffsets)
        for entry in keys {
            writer.append(UInt16(entry.key.bytes.count))
            writer.append(UInt32(clamping: entry.count))
            writer.bytes.append(contentsOf: entry.key.bytes)
        }
        writer.append(writer.bytes.withUnsafeBytes { CRC32C.checksum($0) })
        return writer.bytes
    }

    /// Reads an index file; nil when it is damaged or belongs to another state of the segment.
    init?(_ bytes: [UInt8], header: SegmentHeader, fileByteCount: Int) {
        self.init(header)
        let isRead = bytes.withUnsafeBytes { all -> Bool in
            guard all.count > 4 else { return false }
            let body = UnsafeRawBufferPointer(rebasing: all[..<(all.count - 4)])
            var end = ByteReader(UnsafeRawBufferPointer(rebasing: all[(all.count - 4)...]))
            guard end.number(UInt32.self) == CRC32C.checksum(body) else { return false }
            var reader = ByteReader(body)
            return read(&reader, fileByteCount)
        }
        guard isRead else { return nil }
    }

    private mutating func read(_ reader: inout ByteReader, _ fileByteCount: Int) -> Bool {
        guard reader.number(UInt64.self) == Self.magic,
            reader.number(UInt64.self) == UInt64(fileByteCount),
            let recordCount = reader.number(Int64.self),
            let first = reader.number(Int64.self), let last = reader.number(Int64.self),
            reader.number(UInt32.self) == header.salt,
            let checkpointCount = reader.number(UInt32.self).map(Int.init),
            let keyCount = reader.number(UInt32.self),
            let endOffsets = reader.column(Int64.self, count: partitionCount),
            let positions = reader.column(Int64.self, count: checkpointCount),
            let offsets = reader.column(Int64.self, count: checkpointCount * partitionCount)
        else { return false }
        for _ in 0..<keyCount {
            guard let size = reader.number(UInt16.self), let count = reader.number(UInt32.self),
                let bytes = reader.take(Int(size))
            else { return false }
            let key = IdempotencyKey(bytes: Array(bytes))
            keys.append(KeyedCount(key: key, count: Int(count)))
        }
        self.recordCount = recordCount
        self.endOffsets = endOffsets
        byteCount = fileByteCount
        firstAppendedAt = Timestamp(microseconds: first)
        lastAppendedAt = Timestamp(microseconds: last)
        checkpoints = positions.map(Int.init)
        checkpointOffsets = offsets
        return true
    }
}
