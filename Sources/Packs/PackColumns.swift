internal import Core
internal import Inference

/// One layer's columns where they lie.
///
/// Opening a layer found the sections inside the file; what stands in them is trusted by none of
/// these: an offset or a byte count that leads outside gives an empty key or no bytes.
struct PackColumns {
    let bytes: UnsafeRawBufferPointer
    let entryCount: Int
    let checksHashes: Bool
    private let blocksEnd: Int
    private let texts: UnsafeRawBufferPointer
    private let ends: UnsafeRawBufferPointer
    private let deviceByteCounts: UnsafeRawBufferPointer
    private let families: UnsafeRawBufferPointer
    private let names: UnsafeRawBufferPointer
    private let records: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer, _ footer: PackFooter, checksHashes: Bool) {
        self.bytes = bytes
        self.checksHashes = checksHashes
        let count = footer.entryCount
        entryCount = count
        blocksEnd = footer.blocksEnd
        texts = bytes.part(footer.textsOffset, footer.textsByteCount)
        let keys = bytes.part(footer.keysOffset, footer.keysByteCount)
        ends = keys.part(0, count * 4)
        deviceByteCounts = keys.part(count * 4, count * 2)
        families = keys.part(count * 6, count * 2)
        names = keys.part(count * 8, footer.namesByteCount)
        records = bytes.part(footer.recordsOffset, count * PackRecord.byteCount)
    }

    /// The key of an entry; empty where the columns do not fit together.
    @inline(__always)
    func key(_ index: Int) -> KeyBytes {
        let start = index == 0 ? 0 : Int(ends.integer(at: index * 4 - 4, as: UInt32.self))
        let end = Int(ends.integer(at: index * 4, as: UInt32.self))
        guard start <= end, end <= names.count else {
            return KeyBytes(device: names.part(0, 0), sensor: names.part(0, 0))
        }
        let device = min(
            Int(deviceByteCounts.integer(at: index * 2, as: UInt16.self)),
            end - start
        )
        return KeyBytes(
            device: names.part(start, device),
            sensor: names.part(start + device, end - start - device)
        )
    }

    @inline(__always)
    func family(_ index: Int) -> UInt16 { families.integer(at: index * 2, as: UInt16.self) }

    /// The record of an entry, nil when it does not match its hash.
    @inline(__always)
    func record(_ index: Int) -> PackRecord? {
        let record = records.loadUnaligned(
            fromByteOffset: index * PackRecord.byteCount,
            as: PackRecord.self
        )
        guard !checksHashes || record.check == record.computedCheck(at: index) else { return nil }
        return record
    }

    /// The bytes of a block, nil when they are not inside the blocks or not aligned.
    @inline(__always)
    func block(_ record: PackRecord) -> UnsafeRawBufferPointer? {
        guard record.blockByteCount > 0, record.blockOffset >= UInt64(PackLayout.headByteCount),
            record.blockOffset <= UInt64(blocksEnd),
            record.blockByteCount <= UInt64(blocksEnd) - record.blockOffset,
            record.blockOffset % UInt64(PackLayout.alignment) == 0
        else { return nil }
        return bytes.part(Int(record.blockOffset), Int(record.blockByteCount))
    }

    /// The bytes of a text, empty for none; nil when they are not inside or do not match.
    func text(_ reference: UInt32) -> UnsafeRawBufferPointer? {
        guard reference > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let offset = Int(reference - 1) * 4
        guard offset <= texts.count - PackLayout.textHeaderByteCount else { return nil }
        let count = Int(texts.integer(at: offset, as: UInt32.self))
        let start = offset + PackLayout.textHeaderByteCount
        guard count <= texts.count - start else { return nil }
        let text = texts.part(start, count)
        guard checksHashes else { return text }
        let hash = UInt32(truncatingIfNeeded: XXHash64.hash(text))
        return texts.integer(at: offset + 4, as: UInt32.self) == hash ? text : nil
    }
}
