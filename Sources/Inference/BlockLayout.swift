/// Where things are in a packed model; all numbers little-endian, all offsets multiples of 8.
///
/// A block is a header, one entry a stage, the stages' payloads one after another, the labels (a
/// length of four bytes each, then their UTF-8) and zeros up to a multiple of 64.
enum BlockLayout {
    static let magic: UInt32 = 0x324D_4C46  // "FLM2"
    static let alignment = 64

    static let headerByteCount = 96
    static let familyOffset = 4
    static let featureCountOffset = 8
    static let stageCountOffset = 12
    static let byteCountOffset = 16
    static let widestOffset = 24
    static let scoreRuleOffset = 28
    static let labelRuleOffset = 29
    static let anomalyRuleOffset = 30
    static let scoreColumnOffset = 32
    static let labelColumnOffset = 36
    static let thresholdOffset = 40
    static let labelsOffset = 48
    static let labelsByteCountOffset = 56
    static let labelCountOffset = 64
    static let anomalyLabelOffset = 68
    static let labelEndColumnOffset = 72

    /// Code, flags, input count, output count, payload offset and payload byte count.
    static let stageByteCount = 32
    static let stageFlagsOffset = 2
    static let stageInputsOffset = 4
    static let stageOutputsOffset = 8
    static let stagePayloadOffset = 16
    static let stagePayloadByteCountOffset = 24
    static let acceptsMissing: UInt16 = 1

    /// The number rounded up to a multiple of a power of two.
    static func aligned(_ value: Int, to alignment: Int) -> Int {
        (value &+ alignment &- 1) & ~(alignment &- 1)
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

    /// The double at an offset that is known to lie inside.
    func double(at offset: Int) -> Double {
        Double(bitPattern: integer(at: offset, as: UInt64.self))
    }
}
