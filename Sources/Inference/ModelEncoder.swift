/// Turns decoded parameters into the compact bytes that ``ModelView`` evaluates in place.
///
/// Names, source and training facts are not in the bytes: ``ModelDescription`` carries them. Equal
/// numbers give equal bytes.
public enum ModelEncoder {
    /// The packed bytes of a model, a multiple of 64 long.
    ///
    /// - Throws: ``InferenceError`` `.invalidModel` naming the part that does not fit, is not
    ///   finite or exceeds ``ModelLimits``.
    public static func encode(_ model: ModelParameters) throws(InferenceError) -> [UInt8] {
        let columns = try ModelValidation.check(model)
        switch model.estimator {
        case .oneClassSVM(let svm):
            return try encode(svm, steps: model.steps, model.featureCount, columns)
        }
    }

    private static func encode(
        _ svm: OneClassSVMParameters,
        steps: [TransformStep],
        _ featureCount: Int,
        _ columns: [Int]
    ) throws(InferenceError) -> [UInt8] {
        let width = columns[steps.count]
        let vectorCount = svm.dualCoefficients.count
        var stepsByteCount = 0
        for (step, inputs) in zip(steps, columns) {
            stepsByteCount += StepEncoder.byteCount(of: step, inputCount: inputs)
        }
        let start = BlockLayout.aligned(
            BlockLayout.headerByteCount + stepsByteCount,
            to: BlockLayout.alignment
        )
        guard
            let estimatorByteCount = BlockLayout.estimatorByteCount(
                vectorCount: vectorCount,
                columnCount: width
            ),
            start + estimatorByteCount <= ModelLimits.byteCountMax
        else { throw InferenceError(.invalidModel, "the model is larger than 8 GiB") }
        var block = BlockWriter(byteCount: start + estimatorByteCount)
        block.put(BlockLayout.magic, at: 0)
        block.put(BlockLayout.oneClassSVM, at: BlockLayout.familyOffset)
        block.put(UInt8(svm.kernel.rawValue), at: BlockLayout.kernelOffset)
        block.put(UInt32(featureCount), at: BlockLayout.featureCountOffset)
        block.put(UInt32(steps.count), at: BlockLayout.stepCountOffset)
        block.put(UInt64(block.bytes.count), at: BlockLayout.byteCountOffset)
        block.put(UInt32(width), at: BlockLayout.columnCountOffset)
        block.put(UInt32(svm.degree), at: BlockLayout.degreeOffset)
        block.put(UInt64(vectorCount), at: BlockLayout.vectorCountOffset)
        block.put(svm.gamma, at: BlockLayout.gammaOffset)
        block.put(svm.coef0, at: BlockLayout.coef0Offset)
        block.put(svm.intercept, at: BlockLayout.interceptOffset)
        block.put(
            svm.dualCoefficients.reduce(0) { $0 + $1.magnitude },
            at: BlockLayout.coefficientSumOffset
        )
        block.put(largestNorm(svm.supportVectors, width), at: BlockLayout.vectorNormOffset)
        block.put(UInt64(stepsByteCount), at: BlockLayout.stepsByteCountOffset)
        block.put(UInt32(columns.max() ?? width), at: BlockLayout.widestOffset)
        var offset = BlockLayout.headerByteCount
        for (step, inputs) in zip(steps, columns) {
            StepEncoder.put(step, inputCount: inputs, into: &block, at: &offset)
        }
        put(svm, width: width, into: &block, at: start)
        return block.bytes
    }

    private static func put(
        _ svm: OneClassSVMParameters,
        width: Int,
        into block: inout BlockWriter,
        at start: Int
    ) {
        let lanes = BlockLayout.lanes
        let vectorCount = svm.dualCoefficients.count
        for vector in 0..<vectorCount {
            let first = (vector / lanes) * width * lanes + vector % lanes
            for column in 0..<width {
                block.put(
                    svm.supportVectors[vector * width + column],
                    at: start + (first + column * lanes) * 8
                )
            }
        }
        let coefficients = start + BlockLayout.blockCount(vectorCount) * width * lanes * 8
        for (index, value) in svm.dualCoefficients.enumerated() {
            block.put(value, at: coefficients + index * 8)
        }
    }

    private static func largestNorm(_ vectors: [Double], _ width: Int) -> Double {
        var largest = 0.0
        for start in stride(from: 0, to: vectors.count, by: width) {
            var sum = 0.0
            for index in start..<(start + width) { sum += vectors[index] * vectors[index] }
            largest = max(largest, sum)
        }
        return largest.squareRoot()
    }
}

/// A block being filled; numbers are stored little-endian.
struct BlockWriter {
    private(set) var bytes: [UInt8]

    init(byteCount: Int) { bytes = Array(repeating: 0, count: byteCount) }

    mutating func put(_ value: some FixedWidthInteger, at offset: Int) {
        bytes.withUnsafeMutableBytes {
            $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: type(of: value))
        }
    }

    mutating func put(_ value: Double, at offset: Int) { put(value.bitPattern, at: offset) }

    /// Stores values one after another and moves the offset behind them.
    mutating func put(_ values: [Double], at offset: inout Int) {
        for value in values {
            put(value, at: offset)
            offset += 8
        }
    }
}
