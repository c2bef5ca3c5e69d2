/// Where things are in a packed model; all numbers little-endian, all offsets multiples of 8.
///
/// A block is a header, the steps one after another, zeros up to a multiple of 64, the support
/// vectors as `[blocks, columns, 8]` and the coefficients as `[blocks, 8]`, both padded with 0.
enum BlockLayout {
    static let magic: UInt32 = 0x314D_4C46  // "FLM1"
    static let oneClassSVM: UInt16 = 1
    static let lanes = 8
    static let alignment = 64

    static let headerByteCount = 96
    static let familyOffset = 4
    static let kernelOffset = 6
    static let featureCountOffset = 8
    static let stepCountOffset = 12
    static let byteCountOffset = 16
    static let columnCountOffset = 24
    static let degreeOffset = 28
    static let vectorCountOffset = 32
    static let gammaOffset = 40
    static let coef0Offset = 48
    static let interceptOffset = 56
    static let coefficientSumOffset = 64
    static let vectorNormOffset = 72
    static let stepsByteCountOffset = 80
    static let widestOffset = 88

    /// Kind, input count, output count and flags of a step, four bytes each.
    static let stepHeaderByteCount = 16
    static let standardize: UInt32 = 0
    static let rescale: UInt32 = 1
    static let project: UInt32 = 2
    static let hasFirst: UInt32 = 1
    static let hasSecond: UInt32 = 2
    static let hasClip: UInt32 = 4

    /// The number rounded up to a multiple of a power of two.
    static func aligned(_ value: Int, to alignment: Int) -> Int {
        (value &+ alignment &- 1) & ~(alignment &- 1)
    }

    /// Blocks of eight support vectors.
    static func blockCount(_ vectorCount: Int) -> Int { (vectorCount &+ lanes &- 1) / lanes }

    /// Bytes of the support vectors and coefficients, nil beyond the limit of a model.
    static func estimatorByteCount(vectorCount: Int, columnCount: Int) -> Int? {
        let blocks = blockCount(vectorCount)
        let (values, overflow) = blocks.multipliedReportingOverflow(by: (columnCount &+ 1) &* lanes)
        guard !overflow, values <= ModelLimits.byteCountMax / 8 else { return nil }
        return values &* 8
    }
}
