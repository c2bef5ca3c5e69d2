/// A packed model, evaluated where its bytes are; making one allocates nothing.
///
/// - Concurrency: valid while the bytes are; any thread, the bytes are only read.
public struct ModelView {
    /// The code of the last stage, by which packs group models.
    public let family: UInt16
    public let featureCount: Int
    /// Bytes of the block.
    public let byteCount: Int
    public let labelCount: Int

    let bytes: UnsafeRawBufferPointer
    /// The machine if the model is one and goes the short way, and its ``PackedHead/flagsByOrder``.
    let machine: SupportVectorMachine.View?
    let flags: UInt32
    let chain: StageChain
    let head: PackedHead
    /// Where the labels are: their lengths, then their texts.
    let labels: Range<Int>

    /// Opens packed bytes, trusting no number in them.
    ///
    /// - Throws: ``InferenceError`` `.corruptBlock` unless the bytes are exactly one whole model,
    ///   at an address that is a multiple of 8.
    public init(validating bytes: UnsafeRawBufferPointer) throws(InferenceError) {
        if let view = Self(machineIn: bytes) {
            self = view
        } else {
            self = try Self(anyIn: bytes)
        }
    }

    private init(anyIn bytes: UnsafeRawBufferPointer) throws(InferenceError) {
        guard let base = bytes.baseAddress, bytes.count >= BlockLayout.headerByteCount else {
            throw Self.corrupt("\(bytes.count) bytes are too few for a model")
        }
        guard UInt(bitPattern: base) % 8 == 0 else {
            throw Self.corrupt("the bytes are not at a multiple of 8")
        }
        guard bytes.integer(at: 0, as: UInt32.self) == BlockLayout.magic else {
            throw Self.corrupt("the bytes do not begin like a model")
        }
        let stored = bytes.integer(at: BlockLayout.byteCountOffset, as: UInt64.self)
        guard stored == UInt64(bytes.count), bytes.count <= ModelLimits.byteCountMax else {
            throw Self.corrupt("the model says it has \(stored) bytes but there are \(bytes.count)")
        }
        self.bytes = bytes
        byteCount = bytes.count
        family = bytes.integer(at: BlockLayout.familyOffset, as: UInt16.self)
        featureCount = Int(bytes.integer(at: BlockLayout.featureCountOffset, as: UInt32.self))
        guard (1...ModelLimits.featureCountMax).contains(featureCount) else {
            throw Self.corrupt("the feature count is \(featureCount)")
        }
        let stageCount = Int(bytes.integer(at: BlockLayout.stageCountOffset, as: UInt32.self))
        guard stageCount >= 1 else { throw Self.corrupt("there are no stages") }
        chain = try StageChain(
            base,
            entries: BlockLayout.headerByteCount,
            count: stageCount,
            limit: bytes.count,
            inputCount: featureCount
        )
        guard chain.widest == bytes.integer(at: BlockLayout.widestOffset, as: UInt32.self) else {
            throw Self.corrupt("the widest row is not \(chain.widest) columns")
        }
        labelCount = Int(bytes.integer(at: BlockLayout.labelCountOffset, as: UInt32.self))
        labels = try Self.labels(bytes, count: labelCount, after: chain.end)
        guard
            let head = PackedHead(bytes, outputCount: chain.outputCount, labelCount: labelCount)
        else { throw Self.corrupt("the head does not fit the last stage") }
        self.head = head
        machine = nil
        flags = 0
    }

    /// The threshold its anomaly rule compares with, nil when it has none.
    public var threshold: Double? {
        switch head.anomalyRule {
        case PackedHead.notAbove, PackedHead.below, PackedHead.above: head.threshold
        default: nil
        }
    }

    public var stageCount: Int { chain.count }

    /// Whether rows get an anomaly flag, and whether they get a label.
    public var flagsAnomalies: Bool { head.anomalyRule != 0 }
    public var givesLabels: Bool { head.labelRule != 0 }

    /// The text of a label, nil for an index that no label has.
    public func label(at index: Int) -> String? {
        guard (0..<labelCount).contains(index) else { return nil }
        var start = labels.lowerBound + labelCount * 4
        for before in 0..<index {
            start += Int(bytes.integer(at: labels.lowerBound + before * 4, as: UInt32.self))
        }
        let count = Int(bytes.integer(at: labels.lowerBound + index * 4, as: UInt32.self))
        return String(decoding: bytes[start..<(start + count)], as: UTF8.self)
    }

    /// What each stage is, for people: its name and what its numbers say.
    public func stageDescriptions() throws(InferenceError) -> [(name: String, facts: [ModelFact])] {
        try chain.descriptions()
    }

    /// Where the labels lie, after checking that their lengths add up and the rest is padding.
    @inline(__always)
    private static func labels(
        _ bytes: UnsafeRawBufferPointer,
        count: Int,
        after end: Int
    ) throws(InferenceError) -> Range<Int> {
        let start = bytes.integer(at: BlockLayout.labelsOffset, as: UInt64.self)
        let size = bytes.integer(at: BlockLayout.labelsByteCountOffset, as: UInt64.self)
        guard start == UInt64(end), size <= UInt64(bytes.count - end),
            count <= ModelLimits.labelCountMax, UInt64(count) * 4 <= size
        else { throw corrupt("the labels are not whole") }
        var total = UInt64(count) * 4
        for index in 0..<count {
            total += UInt64(bytes.integer(at: end + index * 4, as: UInt32.self))
        }
        let range = end..<(end + Int(size))
        guard total == size,
            BlockLayout.aligned(range.upperBound, to: BlockLayout.alignment) == bytes.count
        else { throw corrupt("the labels are not whole") }
        return range
    }

    static func corrupt(_ message: String) -> InferenceError {
        InferenceError(.corruptBlock, message)
    }
}
