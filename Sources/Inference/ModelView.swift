/// A packed model, evaluated where its bytes are; making one allocates nothing.
///
/// - Concurrency: valid while the bytes are; any thread, the bytes are only read.
public struct ModelView {
    /// What kind of estimator it is; 1 is a one-class SVM.
    public let family: UInt16
    public let featureCount: Int
    public let stepCount: Int
    public let supportVectorCount: Int
    public let kernel: SVMKernel
    /// Bytes of the block.
    public let byteCount: Int

    let bytes: UnsafeRawBufferPointer
    let svm: PackedSVM
    /// Where the steps end.
    let stepsEnd: Int
    /// The most columns a row has before, between and after the steps.
    let widest: Int

    /// Opens packed bytes, trusting no number in them.
    ///
    /// - Throws: ``InferenceError`` `.corruptBlock` unless the bytes are exactly one whole model,
    ///   at an address that is a multiple of 8.
    public init(validating bytes: UnsafeRawBufferPointer) throws(InferenceError) {
        guard let base = bytes.baseAddress, bytes.count >= BlockLayout.headerByteCount else {
            throw Self.corrupt("\(bytes.count) bytes are too few for a model")
        }
        guard UInt(bitPattern: base) % 8 == 0 else {
            throw Self.corrupt("the bytes are not at a multiple of 8")
        }
        guard bytes.integer(at: 0, as: UInt32.self) == BlockLayout.magic else {
            throw Self.corrupt("the bytes do not begin like a model")
        }
        family = bytes.integer(at: BlockLayout.familyOffset, as: UInt16.self)
        guard family == BlockLayout.oneClassSVM else {
            throw Self.corrupt("model family \(family) is not known")
        }
        guard let kernel = SVMKernel(rawValue: bytes[BlockLayout.kernelOffset]) else {
            throw Self.corrupt("kernel \(bytes[BlockLayout.kernelOffset]) is not known")
        }
        let stored = bytes.integer(at: BlockLayout.byteCountOffset, as: UInt64.self)
        guard stored == UInt64(bytes.count), bytes.count <= ModelLimits.byteCountMax else {
            throw Self.corrupt("the model says it has \(stored) bytes but there are \(bytes.count)")
        }
        self.bytes = bytes
        self.kernel = kernel
        byteCount = bytes.count
        featureCount = Int(bytes.integer(at: BlockLayout.featureCountOffset, as: UInt32.self))
        stepCount = Int(bytes.integer(at: BlockLayout.stepCountOffset, as: UInt32.self))
        let steps = try Self.walk(bytes, featureCount: featureCount, stepCount: stepCount)
        stepsEnd = steps.end
        widest = steps.widest
        svm = try PackedSVM(
            bytes,
            base,
            kernel: kernel,
            stepsEnd: steps.end,
            columns: steps.columns
        )
        supportVectorCount = svm.vectorCount
    }

    /// Reads through the steps; the end is where the last one ends.
    private static func walk(
        _ bytes: UnsafeRawBufferPointer,
        featureCount: Int,
        stepCount: Int
    ) throws(InferenceError) -> (end: Int, columns: Int, widest: Int) {
        guard (1...ModelLimits.featureCountMax).contains(featureCount) else {
            throw corrupt("the feature count is \(featureCount)")
        }
        guard stepCount <= ModelLimits.stepCountMax else {
            throw corrupt("the step count is \(stepCount)")
        }
        let stored = bytes.integer(at: BlockLayout.stepsByteCountOffset, as: UInt64.self)
        guard stored <= UInt64(bytes.count - BlockLayout.headerByteCount) else {
            throw corrupt("the steps are said to have \(stored) bytes")
        }
        let limit = BlockLayout.headerByteCount + Int(stored)
        var offset = BlockLayout.headerByteCount
        var columns = featureCount
        var widest = featureCount
        for index in 0..<stepCount {
            guard let step = StepView(bytes, at: offset, limit: limit, columns: columns) else {
                throw corrupt("step \(index + 1) is not whole")
            }
            offset = step.end
            columns = step.outputCount
            widest = max(widest, columns)
        }
        guard offset == limit else { throw corrupt("the steps end at \(offset), not \(limit)") }
        guard widest == bytes.integer(at: BlockLayout.widestOffset, as: UInt32.self) else {
            throw corrupt("the widest row is not \(widest) columns")
        }
        return (offset, columns, widest)
    }

    static func corrupt(_ message: String) -> InferenceError {
        InferenceError(.corruptBlock, message)
    }
}
