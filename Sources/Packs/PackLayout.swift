internal import Core

#if _endian(big)
#error("packs are read in place and need a little-endian machine")
#endif

/// Where things are in one layer of a version-2 pack; all numbers little-endian.
///
/// Head, blocks (by family, then by key), texts, keys, records, map (families and parents), footer;
/// each section begins at a multiple of 64, so that its offset follows from the sizes before it.
enum PackLayout {
    /// The family of entries without a model: their file could not be decoded.
    static let undecodableFamily: UInt16 = 0
    /// The family of entries that take a key of the layers below away.
    static let tombstoneFamily: UInt16 = 0xFFFF

    /// Whether a family is one of models.
    static func isModelFamily(_ family: UInt16) -> Bool {
        family != undecodableFamily && family != tombstoneFamily
    }

    static let magic: UInt64 = 0x324B_4341_5054_4C46  // "FLTPACK2"
    static let oldMagic: UInt64 = 0x314B_4341_5054_4C46  // "FLTPACK1"
    static let endMagic: UInt64 = 0x444E_454B_5054_4C46  // "FLTPKEND"
    static let version: UInt32 = 2

    static let alignment = 64
    static let headByteCount = 64
    static let footerByteCount = 512
    static let digestOffset = footerByteCount - 8 - PackDigest.byteCount
    static let footerHashOffset = footerByteCount - 8

    /// Family, model count, offset and byte count of an area of blocks, 8 bytes each.
    static let areaByteCount = 32
    /// Bytes of the key columns for each entry besides the names: end, device length, family.
    static let keyColumnsByteCount = 8
    /// Entries of one layer: an index over layers keeps 28 bits of the position.
    static let entryCountMax = 1 << 28 - 1
    /// Texts begin at multiples of 4 and are named in 32 bits.
    static let textsByteCountMax = 4 * (Int(UInt32.max) - 1)
    /// Byte count and hash in front of a text.
    static let textHeaderByteCount = 8

    /// The number rounded up to where a section or block may begin.
    static func aligned(_ offset: Int) -> Int { (offset + alignment - 1) & ~(alignment - 1) }

    /// The first bytes of every layer.
    static var head: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(magic)
        return bytes + Array(repeating: 0, count: headByteCount - bytes.count)
    }
}

/// The numbers of a layer's footer, from which everything in the layer is found.
struct PackFooter: Equatable {
    var areaCount = 0
    var parentCount = 0
    /// Entries of this layer, tombstones among them.
    var entryCount = 0
    var tombstoneCount = 0
    /// Models of this layer and the ones below together.
    var liveCount = 0
    var blocksByteCount = 0
    var textsByteCount = 0
    var namesByteCount = 0
    var mapByteCount = 0
    var keysHash: UInt64 = 0
    var mapHash: UInt64 = 0

    var blocksOffset: Int { PackLayout.headByteCount }
    var blocksEnd: Int { blocksOffset + blocksByteCount }
    var textsOffset: Int { PackLayout.aligned(blocksEnd) }
    var keysOffset: Int { PackLayout.aligned(textsOffset + textsByteCount) }
    var keysByteCount: Int { entryCount * PackLayout.keyColumnsByteCount + namesByteCount }
    var recordsOffset: Int { PackLayout.aligned(keysOffset + keysByteCount) }
    var mapOffset: Int {
        PackLayout.aligned(recordsOffset + entryCount * PackRecord.byteCount)
    }
    var footerOffset: Int { PackLayout.aligned(mapOffset + mapByteCount) }
    var fileByteCount: Int { footerOffset + PackLayout.footerByteCount }

    /// The footer's bytes before its digest.
    func encodedHead() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(PackLayout.footerByteCount)
        bytes.append(PackLayout.endMagic)
        bytes.append(PackLayout.version)
        bytes.append(UInt32(areaCount))
        for value in [
            fileByteCount, entryCount, liveCount, tombstoneCount, parentCount, blocksByteCount,
            textsByteCount, namesByteCount, mapByteCount,
        ] {
            bytes.append(UInt64(value))
        }
        bytes.append(keysHash)
        bytes.append(mapHash)
        return bytes + Array(repeating: 0, count: PackLayout.digestOffset - bytes.count)
    }
}

/// What a layer keeps of one entry besides its key.
///
/// Its fields in this order, without gaps, are the record in the file.
struct PackRecord: BitwiseCopyable, Sendable {
    var blockOffset: UInt64 = 0
    var blockByteCount: UInt64 = 0
    var blockHash: UInt64 = 0
    var digest = PackDigest.none
    var sourceDigest = PackDigest.none
    /// Texts by a quarter of their offset among the texts, plus 1; 0 for no text.
    var description: UInt32 = 0
    var facts: UInt32 = 0
    var findings: UInt32 = 0
    var path: UInt32 = 0
    /// The hash of the fields above, with the entry's position as the seed.
    var check: UInt64 = 0

    static let byteCount = 112

    /// The fields that name texts.
    enum TextField: CaseIterable {
        case description, facts, findings, path

        /// Whether many models have the same text.
        var isShared: Bool { self != .path }
    }

    subscript(field: TextField) -> UInt32 {
        get {
            switch field {
            case .description: description
            case .facts: facts
            case .findings: findings
            case .path: path
            }
        }
        set {
            switch field {
            case .description: description = newValue
            case .facts: facts = newValue
            case .findings: findings = newValue
            case .path: path = newValue
            }
        }
    }

    /// The hash of the fields before the last.
    func computedCheck(at position: Int) -> UInt64 {
        withUnsafeBytes(of: self) { bytes in
            XXHash64.hash(bytes.part(0, Self.byteCount - 8), seed: UInt64(position))
        }
    }
}

extension [UInt8] {
    /// Appends an integer, little-endian.
    mutating func append<Value: FixedWidthInteger>(_ value: Value) where Value: BitwiseCopyable {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}

extension UnsafeRawBufferPointer {
    /// The little-endian integer at an offset that is known to lie inside.
    @inline(__always)
    func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int,
        as type: Value.Type
    ) -> Value {
        Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }

    /// The bytes of a range that is known to lie inside.
    @inline(__always)
    func part(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[start..<(start + count)])
    }
}
