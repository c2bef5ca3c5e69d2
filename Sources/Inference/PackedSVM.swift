internal import CVector

/// The support-vector machine of a packed model.
struct PackedSVM {
    let vectorCount: Int
    let native: CVectorSVM
    let columnCount: Int
    private let kernel: SVMKernel
    /// The sum of the coefficients' magnitudes.
    private let coefficientSum: Double
    /// The largest norm of a support vector.
    private let vectorNorm: Double

    /// Scores closer to 0 than this share of their largest possible magnitude are evaluated again.
    static let nearZero = 1e-9

    /// Reads the machine that follows the steps, checking that it ends where the bytes end.
    init(
        _ bytes: UnsafeRawBufferPointer,
        _ base: UnsafeRawPointer,
        kernel: SVMKernel,
        stepsEnd: Int,
        columns: Int
    ) throws(InferenceError) {
        let count = bytes.integer(at: BlockLayout.vectorCountOffset, as: UInt64.self)
        guard count <= UInt64(ModelLimits.supportVectorCountMax) else {
            throw ModelView.corrupt("the support vector count is \(count)")
        }
        vectorCount = Int(count)
        let stored = bytes.integer(at: BlockLayout.columnCountOffset, as: UInt32.self)
        guard Int(stored) == columns else {
            throw ModelView.corrupt("support vectors have \(stored) columns, rows \(columns)")
        }
        let start = BlockLayout.aligned(stepsEnd, to: BlockLayout.alignment)
        guard
            let estimator = BlockLayout.estimatorByteCount(
                vectorCount: vectorCount,
                columnCount: columns
            ),
            start <= bytes.count, estimator == bytes.count - start
        else { throw ModelView.corrupt("\(count) support vectors do not fill the bytes") }
        let degree = bytes.integer(at: BlockLayout.degreeOffset, as: UInt32.self)
        let gamma = bytes.double(at: BlockLayout.gammaOffset)
        let coef0 = bytes.double(at: BlockLayout.coef0Offset)
        let intercept = bytes.double(at: BlockLayout.interceptOffset)
        guard degree <= ModelLimits.degreeMax, gamma.isFinite, gamma >= 0, coef0.isFinite,
            intercept.isFinite
        else { throw ModelView.corrupt("a kernel parameter is out of range") }
        let blocks = BlockLayout.blockCount(vectorCount)
        let vectors = (base + start).assumingMemoryBound(to: Double.self)
        columnCount = columns
        native = CVectorSVM(
            vectors: vectors,
            coefficients: vectors + blocks &* columns &* BlockLayout.lanes,
            blockCount: blocks,
            columnCount: columns,
            gamma: gamma,
            coef0: coef0,
            intercept: intercept,
            degree: degree,
            kernel: UInt32(kernel.rawValue)
        )
        self.kernel = kernel
        coefficientSum = bytes.double(at: BlockLayout.coefficientSumOffset)
        vectorNorm = bytes.double(at: BlockLayout.vectorNormOffset)
    }

    /// Writes the decision of each row, with the vector kernels.
    func decide(
        _ rows: UnsafePointer<Double>,
        rowCount: Int,
        _ decisions: UnsafeMutablePointer<Double>
    ) {
        withUnsafePointer(to: native) { cvector_svm_decide($0, rows, rowCount, decisions) }
    }

    /// The magnitude up to which a row's decision may owe its sign to rounding.
    func uncertainty(of row: UnsafePointer<Double>) -> Double {
        let largest: Double
        switch kernel {
        case .rbf, .sigmoid: largest = 1
        case .linear: largest = norm(row) * vectorNorm
        case .polynomial:
            largest = ScalarKernel.power(
                native.gamma * norm(row) * vectorNorm + native.coef0.magnitude,
                Int(native.degree)
            )
        }
        return Self.nearZero * (coefficientSum * largest + native.intercept.magnitude)
    }

    /// The decision in LIBSVM's own order, with the C library's functions.
    func scalarDecision(of row: UnsafePointer<Double>) -> Double {
        let lanes = BlockLayout.lanes
        let parameters = ScalarKernel(
            kind: kernel,
            gamma: native.gamma,
            coef0: native.coef0,
            degree: Int(native.degree)
        )
        var sum = 0.0
        for vector in 0..<vectorCount {
            guard let first = native.vectors, let coefficients = native.coefficients else { break }
            let block = vector / lanes * columnCount * lanes
            let values = first + (block + vector % lanes)
            var product = 0.0
            for column in 0..<columnCount {
                let value = values[column &* lanes]
                if kernel == .rbf {
                    let difference = row[column] - value
                    product += difference * difference
                } else {
                    product += row[column] * value
                }
            }
            sum += coefficients[vector] * parameters.value(of: product)
        }
        return sum + native.intercept
    }

    private func norm(_ row: UnsafePointer<Double>) -> Double {
        var sum = 0.0
        for column in 0..<columnCount { sum += row[column] * row[column] }
        return sum.squareRoot()
    }
}
