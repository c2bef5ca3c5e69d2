internal import CVector

/// Several classes of support vectors: LIBSVM's one-against-one votes (SVC, NuSVC).
///
/// Gives the largest decision and the index of the class. A decision within rounding of 0 is
/// evaluated again with the C library's functions, so that its vote is LIBSVM's.
///
/// - Source: Chang and Lin, LIBSVM, `svm_predict_values`; scikit-learn, `_ovr_decision_function`.
public struct SupportVectorClassifier: Stage {
    public static let code: UInt16 = 37
    public static let name = "support_vector_votes"

    /// What the score and the class are.
    public enum Shape: UInt8, Sendable, CaseIterable {
        /// The largest of the pairs' decisions; the class with most votes.
        case oneVersusOne = 0
        /// The largest of the classes' decisions; the class with most votes.
        case oneVersusRest = 1
        /// The same, and the class of the largest decision (`break_ties`).
        case breakingTies = 2
    }

    public var kernel: SVMKernel
    public var gamma: Double
    public var coef0: Double
    public var degree: Int
    /// Shape `[supportVectorCount, columns]`, row-major, class after class.
    public var supportVectors: [Double]
    /// Support vectors of each class.
    public var classSizes: [Int]
    /// Shape `[classes - 1, supportVectorCount]`, as LIBSVM holds them.
    public var dualCoefficients: [Double]
    /// One a pair of classes: 0 and 1, 0 and 2, ..., 1 and 2, ...
    public var intercepts: [Double]
    public var shape: Shape

    public init(
        kernel: SVMKernel,
        gamma: Double,
        coef0: Double,
        degree: Int,
        supportVectors: [Double],
        classSizes: [Int],
        dualCoefficients: [Double],
        intercepts: [Double],
        shape: Shape
    ) {
        self.kernel = kernel
        self.gamma = gamma
        self.coef0 = coef0
        self.degree = degree
        self.supportVectors = supportVectors
        self.classSizes = classSizes
        self.dualCoefficients = dualCoefficients
        self.intercepts = intercepts
        self.shape = shape
    }

    /// Classes of one machine; LIBSVM's work grows with their square.
    static let classCountMax = 1_000

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        let classes = classSizes.count
        guard (2...Self.classCountMax).contains(classes) else {
            throw .invalid("\(classes) classes are not within 2...\(Self.classCountMax)")
        }
        var count = 0
        for size in classSizes {
            guard (0...ModelLimits.supportVectorCountMax).contains(size) else {
                throw .invalid("a class has \(size) support vectors")
            }
            count += size
        }
        guard count <= ModelLimits.supportVectorCountMax else {
            throw .invalid(
                "\(count) support vectors exceed the limit of \(ModelLimits.supportVectorCountMax)"
            )
        }
        let pairs = classes * (classes - 1) / 2
        try StageCheck.vector(intercepts, pairs, "intercepts")
        let size = try StageCheck.product(count, inputCount)
        try StageCheck.vector(supportVectors, size, "support vectors")
        let coefficients = try StageCheck.product(count, classes - 1)
        try StageCheck.vector(dualCoefficients, coefficients, "dual coefficients")
        try StageCheck.finite(gamma, "gamma")
        try StageCheck.finite(coef0, "coef0")
        guard gamma >= 0 else { throw .invalid("gamma is \(gamma), below 0") }
        guard degree >= 0, degree <= ModelLimits.degreeMax else {
            throw .invalid("degree is \(degree), not within 0...\(ModelLimits.degreeMax)")
        }
        return 2
    }

    public func encode(into writer: inout StageWriter) {
        let count = classSizes.reduce(0, +)
        writer.put(UInt32(kernel.rawValue))
        writer.put(UInt32(degree))
        writer.put(gamma)
        writer.put(coef0)
        writer.put(UInt32(classSizes.count))
        writer.put(UInt32(shape.rawValue))
        writer.put(largestNorm(count))
        writer.put(UInt64(count))
        writer.put(classSizes.map { UInt32($0) })
        writer.align(to: 8)
        writer.put(intercepts)
        writer.put(dualCoefficients)
        writer.put(supportVectors)
    }

    public func reference(_ row: [Double]) -> [Double] {
        let scalar = ScalarKernel(kind: kernel, gamma: gamma, coef0: coef0, degree: degree)
        let count = classSizes.reduce(0, +)
        let values = (0..<count).map { index in
            var product = 0.0
            for (x, value) in zip(row, supportVectors[(index * row.count)...]) {
                product += kernel == .rbf ? (x - value) * (x - value) : x * value
            }
            return scalar.value(of: product)
        }
        let machine = SupportVectorPairs(classSizes)
        return withUnsafeTemporaryAllocation(
            of: Double.self,
            capacity: SupportVectorVotes.size(classSizes.count)
        ) { memory in
            var votes = SupportVectorVotes(memory, classCount: classSizes.count, shape: shape)
            machine.forEach { pair, first, second in
                var sum = 0.0
                for index in machine.range(first) {
                    sum += dualCoefficients[(second - 1) * count + index] * values[index]
                }
                for index in machine.range(second) {
                    sum += dualCoefficients[first * count + index] * values[index]
                }
                votes.count(sum + intercepts[pair], first, second)
            }
            let result = votes.result()
            return [result.score, Double(result.label)]
        }
    }

    private func largestNorm(_ count: Int) -> Double {
        guard count > 0 else { return 0 }
        let columns = supportVectors.count / count
        return (0..<count).reduce(0.0) { largest, index in
            let vector = supportVectors[(index * columns)..<((index + 1) * columns)]
            return max(largest, vector.reduce(0) { $0 + $1 * $1 }.squareRoot())
        }
    }
}
