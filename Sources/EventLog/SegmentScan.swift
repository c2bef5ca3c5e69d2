import Core
import Disk

/// Reads a segment record by record, checks everything and rebuilds its index.
struct SegmentScan {
    /// What was found up to the end or the first bad byte.
    private(set) var index: SegmentIndex
    /// Why the scan ended before the end of the file; nil when all of it is good.
    private(set) var damage: String?
    let fileByteCount: Int
    /// Where zeros begin that go on to the end of the file, for a page and more: a prepared file
    /// was not filled.
    private(set) var usedByteCount: Int
    private let file: any DiskFile
    private var buffer: [UInt8] = []
    private var bufferStart = 0

    private static let chunkByteCount = 4 << 20

    /// Scans the whole file.
    init(_ file: any DiskFile, header: SegmentHeader) throws {
        self.file = file
        index = SegmentIndex(header)
        fileByteCount = try file.size()
        usedByteCount = fileByteCount
        while index.byteCount < fileByteCount, damage == nil { try readRecord() }
        guard damage != nil else { return }
        try findUnused()
        if usedByteCount == index.byteCount { damage = nil }
    }

    /// Whether zeros are behind the records.
    var hasUnused: Bool { damage == nil && index.byteCount < fileByteCount }

    /// Looks for zeros at the end of the file.
    private mutating func findUnused() throws {
        var end = fileByteCount
        while end > index.byteCount {
            let start = max(index.byteCount, end - Self.chunkByteCount)
            let bytes = try file.read(at: start, count: end - start)
            if let last = bytes.lastIndex(where: { $0 != 0 }) {
                end = start + last + 1
                break
            }
            end = start
        }
        if end == index.byteCount || fileByteCount - end >= 4096 { usedByteCount = end }
    }

    private mutating func readRecord() throws {
        let start = index.byteCount
        var wanted = RecordHeader.fixedByteCount
        while true {
            guard try fill(start, wanted) else {
                damage = "the record is cut short"
                return
            }
            let parsed = buffer.withUnsafeBytes {
                RecordHeader.parse(
                    UnsafeRawBufferPointer(rebasing: $0[(start - bufferStart)...]),
                    salt: index.header.salt
                )
            }
            switch parsed {
            case .needs(let count):
                wanted = count
            case .damaged:
                damage = "the checksum of a record header does not match"
                return
            case .header(let record):
                guard try fill(start, record.recordByteCount) else {
                    damage = "the record is cut short"
                    return
                }
                accept(record, start)
                return
            }
        }
    }

    private mutating func accept(_ record: RecordHeader, _ start: Int) {
        let first = start - bufferStart + record.byteCount
        let checksum = buffer.withUnsafeBytes {
            CRC32C.checksum(
                UnsafeRawBufferPointer(rebasing: $0[first..<(first + record.payloadByteCount)])
            )
        }
        guard checksum == record.payloadChecksum else {
            damage = "the checksum of a record does not match"
            return
        }
        guard record.sequence == index.nextSequence, followsOn(record) else {
            damage = "record \(record.sequence) is out of order"
            return
        }
        index.note(
            byteCount: record.recordByteCount,
            appendedAt: record.appendedAt,
            parts: record.frames.lazy.map { ($0.partition, $0.count) },
            key: record.key,
            acceptedCount: record.acceptedCount
        )
    }

    private func followsOn(_ record: RecordHeader) -> Bool {
        var offsets = index.endOffsets
        for frame in record.frames {
            guard frame.partition < offsets.count, frame.baseOffset == offsets[frame.partition]
            else { return false }
            offsets[frame.partition] += Int64(frame.count)
        }
        return true
    }

    /// Makes bytes available in the buffer; false when the file ends before.
    private mutating func fill(_ start: Int, _ count: Int) throws -> Bool {
        guard count <= fileByteCount - start else { return false }
        if start >= bufferStart, start + count <= bufferStart + buffer.count { return true }
        bufferStart = start
        buffer = try file.read(at: start, count: max(count, Self.chunkByteCount))
        return buffer.count >= count
    }

    /// Whether a record behind the damage proves that the damaged bytes had been durable.
    ///
    /// A torn write damages only the last group, and a record knows where its group began.
    func damageWasDurable() throws -> Bool {
        let bytes = try file.read(at: index.byteCount, count: fileByteCount - index.byteCount)
        let first = UInt8(truncatingIfNeeded: RecordHeader.magic)
        return bytes.withUnsafeBytes { all in
            var position = 0
            while position + RecordHeader.fixedByteCount <= all.count {
                if all[position] == first,
                    case .header(let record) = RecordHeader.parse(
                        UnsafeRawBufferPointer(rebasing: all[position...]),
                        salt: index.header.salt
                    ),
                    record.groupStart > index.byteCount
                {
                    return true
                }
                position += 1
            }
            return false
        }
    }
}
