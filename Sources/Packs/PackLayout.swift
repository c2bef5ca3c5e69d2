internal import Core

/// Where things are in a version-1 pack; all numbers little-endian.
///
/// Header, then the directory (family areas, index, key bytes), then texts, then the blocks from a
/// multiple of 64. Keys and texts lie in index order without gaps, blocks by family, then by key.
/// A SHA-256 covers the directory, an xxHash64 the header, each model's texts and its block.
enum PackLayout {
    /// The family of entries without a model: their file could not be decoded.
    static let undecodableFamily: UInt16 = 0

    static let magic: UInt64 = 0x314B_4341_5054_4C46  // "FLTPACK1"
    static let version: UInt32 = 1
    static let blockAlignment = 64

    static let headerByteCount = 192
    static let headerHashOffset = headerByteCount - 8
    static let digestByteCount = 32

    /// Family, model count, offset and byte count of an area of blocks.
    static let areaByteCount = 32
    static let areaCountMax = 256

    static let entryByteCount = 96
    static let entryKeyOffset = 0
    static let entryDeviceByteCount = 8
    static let entrySensorByteCount = 10
    static let entryFamily = 12
    static let entryBlockOffset = 16
    static let entryBlockByteCount = 24
    static let entryBlockHash = 32
    static let entryTextOffset = 40
    static let entryDescriptionByteCount = 48
    static let entryFindingsByteCount = 52
    static let entryTextHash = 56
    static let entryDigest = 64

    /// The number rounded up to where a block may begin.
    static func blockAligned(_ offset: Int) -> Int {
        (offset + blockAlignment - 1) & ~(blockAlignment - 1)
    }
}

/// The numbers of a pack's header.
struct PackHeader {
    var modelCount = 0
    var areaCount = 0
    var keysByteCount = 0
    var textsByteCount = 0
    var blocksByteCount = 0
    var directoryDigest: [UInt8] = Array(repeating: 0, count: PackLayout.digestByteCount)

    var areasOffset: Int { PackLayout.headerByteCount }
    var indexOffset: Int { areasOffset + areaCount * PackLayout.areaByteCount }
    var keysOffset: Int { indexOffset + modelCount * PackLayout.entryByteCount }
    var textsOffset: Int { keysOffset + keysByteCount }
    var blocksOffset: Int { PackLayout.blockAligned(textsOffset + textsByteCount) }
    var fileByteCount: Int { blocksOffset + blocksByteCount }

    /// The bytes of the header, its own hash last.
    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(PackLayout.headerByteCount)
        bytes.append(PackLayout.magic)
        bytes.append(PackLayout.version)
        bytes.append(UInt32(areaCount))
        for value in [
            modelCount, fileByteCount, areasOffset, indexOffset, keysOffset, keysByteCount,
            textsOffset, textsByteCount, blocksOffset, blocksByteCount,
        ] {
            bytes.append(UInt64(value))
        }
        bytes += directoryDigest
        bytes += Array(repeating: 0, count: PackLayout.headerHashOffset - bytes.count)
        bytes.append(bytes.withUnsafeBytes { XXHash64.hash($0) })
        return bytes
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
    func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int,
        as type: Value.Type
    ) -> Value {
        Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }

    /// The bytes of a range that is known to lie inside.
    func part(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[start..<(start + count)])
    }
}
