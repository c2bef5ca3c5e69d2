internal import CVector

/// A support-vector kernel.
public enum SVMKernel: UInt8, Sendable, CaseIterable {
    case linear = 0
    case polynomial = 1
    case rbf = 2
    case sigmoid = 3

    /// The name scikit-learn has for it.
    public var name: String {
        switch self {
        case .linear: "linear"
        case .polynomial: "poly"
        case .rbf: "rbf"
        case .sigmoid: "sigmoid"
        }
    }
}

/// A support-vector machine with one decision: sum of coefficient x K(vector, x) + intercept.
///
/// OneClassSVM, SVR and NuSVR, and SVC of two classes. A decision within rounding of 0 is evaluated
/// again in LIBSVM's own order with the C library's functions, so that its sign is scikit-learn's.
public struct SupportVectorMachine: Stage {
    public static let code: UInt16 = 4
    public static let name = "support_vectors"

    public var kernel: SVMKernel
    /// The numeric gamma (`_gamma` of scikit-learn), never "scale" or "auto".
    public var gamma: Double
    public var coef0: Double
    public var degree: Int
    /// Shape `[supportVectorCount, columns]`, row-major.
    public var supportVectors: [Double]
    public var dualCoefficients: [Double]
    public var intercept: Double
    /// The training parameter nu and row count of a one-class machine; nil in others.
    public var nu: Double?
    public var trainingRowCount: Int?
    /// Whether it is a one-class machine, whose training can be checked.
    public var isOneClass: Bool

    public init(
        kernel: SVMKernel,
        gamma: Double,
        coef0: Double,
        degree: Int,
        supportVectors: [Double],
        dualCoefficients: [Double],
        intercept: Double,
        nu: Double? = nil,
        trainingRowCount: Int? = nil,
        isOneClass: Bool = true
    ) {
        self.kernel = kernel
        self.gamma = gamma
        self.coef0 = coef0
        self.degree = degree
        self.supportVectors = supportVectors
        self.dualCoefficients = dualCoefficients
        self.intercept = intercept
        self.nu = nu
        self.trainingRowCount = trainingRowCount
        self.isOneClass = isOneClass
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        let count = dualCoefficients.count
        guard count <= ModelLimits.supportVectorCountMax else {
            throw .invalid(
                "\(count) support vectors exceed the limit of \(ModelLimits.supportVectorCountMax)"
            )
        }
        try StageCheck.vector(dualCoefficients, count, "dual coefficients")
        let size = try StageCheck.product(count, inputCount)
        try StageCheck.vector(supportVectors, size, "support vectors")
        try StageCheck.finite(gamma, "gamma")
        try StageCheck.finite(coef0, "coef0")
        try StageCheck.finite(intercept, "intercept")
        if let nu { try StageCheck.finite(nu, "nu") }
        guard gamma >= 0 else { throw .invalid("gamma is \(gamma), below 0") }
        guard degree >= 0, degree <= ModelLimits.degreeMax else {
            throw .invalid("degree is \(degree), not within 0...\(ModelLimits.degreeMax)")
        }
        return 1
    }

    /// Vectors as `[blocks, columns, 8]`, then coefficients as `[blocks, 8]`, padded with 0.
    public func encode(into writer: inout StageWriter) {
        let count = dualCoefficients.count
        let width = count > 0 ? supportVectors.count / count : 0
        writer.put(UInt32(kernel.rawValue))
        writer.put(UInt32(degree))
        writer.put(UInt64(count))
        writer.put(gamma)
        writer.put(coef0)
        writer.put(intercept)
        writer.put(dualCoefficients.reduce(0) { $0 + $1.magnitude })
        writer.put(largestNorm(width))
        writer.align(to: BlockLayout.alignment)
        let lanes = View.lanes
        let blocks = View.blockCount(count)
        var packed = Array(repeating: 0.0, count: blocks * (width + 1) * lanes)
        for vector in 0..<count {
            let first = (vector / lanes) * width * lanes + vector % lanes
            for column in 0..<width {
                packed[first + column * lanes] = supportVectors[vector * width + column]
            }
            packed[blocks * width * lanes + vector] = dualCoefficients[vector]
        }
        writer.put(packed)
    }

    public func reference(_ row: [Double]) -> [Double] {
        let scalar = ScalarKernel(kind: kernel, gamma: gamma, coef0: coef0, degree: degree)
        var sum = 0.0
        for (index, coefficient) in dualCoefficients.enumerated() {
            let vector = supportVectors[(index * row.count)..<((index + 1) * row.count)]
            var product = 0.0
            for (x, value) in zip(row, vector) {
                product += kernel == .rbf ? (x - value) * (x - value) : x * value
            }
            sum += coefficient * scalar.value(of: product)
        }
        return [sum + intercept]
    }

    public var trainingFacts: [ModelFact] {
        var facts: [ModelFact] = []
        if let nu { facts.append(ModelFact("nu", "\(nu)")) }
        if let trainingRowCount {
            facts.append(ModelFact("training_rows", "\(trainingRowCount)"))
        }
        return facts
    }

    public func findings() -> [ModelFinding] {
        isOneClass ? OneClassDegeneracy.findings(self) : []
    }

    private func largestNorm(_ width: Int) -> Double {
        guard width > 0 else { return 0 }
        var largest = 0.0
        for start in stride(from: 0, to: supportVectors.count, by: width) {
            var sum = 0.0
            for index in start..<(start + width) {
                sum += supportVectors[index] * supportVectors[index]
            }
            largest = max(largest, sum)
        }
        return largest.squareRoot()
    }
}

extension SupportVectorMachine {
    /// The machine in packed bytes.
    public struct View: StageView {
        static let lanes = 8
        /// Kernel, degree, count, gamma, coef0, intercept, coefficient sum and largest norm.
        static let numbersByteCount = 56
        static let countOffset = 8
        /// Decisions closer to 0 than this share of their largest possible magnitude are
        /// evaluated again.
        static let nearZero = 1e-9

        public var outputCount: Int { 1 }
        let vectorCount: Int
        let columnCount: Int
        /// Copying these small numbers would take as long as a row: they stay where they are.
        private let numbers: UnsafeRawPointer
        private let vectors: UnsafePointer<Double>

        var kernel: SVMKernel { SVMKernel(rawValue: numbers.load(as: UInt8.self)) ?? .rbf }
        var native: CVectorSVM { numbers.load(as: CVectorSVM.self) }
        /// The sum of the coefficients' magnitudes.
        private var coefficientSum: Double { numbers.load(fromByteOffset: 40, as: Double.self) }
        /// The largest norm of a support vector.
        private var vectorNorm: Double { numbers.load(fromByteOffset: 48, as: Double.self) }

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            let numbers = try reader.bytes(Self.numbersByteCount)
            let kind = numbers.integer(at: 0, as: UInt32.self)
            let count = numbers.integer(at: Self.countOffset, as: UInt64.self)
            guard let base = numbers.baseAddress, Self.areSound(base) else {
                throw reader.corrupt("the numbers of kernel \(kind), \(count) vectors are wrong")
            }
            try reader.align(to: BlockLayout.alignment)
            let vectorCount = Int(count)
            let blocks = Self.blockCount(vectorCount)
            vectors = try reader.doubles(blocks &* (inputCount &+ 1) &* Self.lanes)
            self.numbers = base
            self.vectorCount = vectorCount
            columnCount = inputCount
        }

        /// Reads a machine whose payload begins at a multiple of 64 in its model; nil unless its
        /// numbers are sound and fill the bytes.
        @inline(__always)
        init?(whole payload: UnsafeRawPointer, byteCount: Int, inputCount: Int) {
            guard byteCount >= BlockLayout.alignment, Self.areSound(payload) else { return nil }
            numbers = payload
            vectors = (payload + BlockLayout.alignment).assumingMemoryBound(to: Double.self)
            vectorCount = Int(payload.load(fromByteOffset: Self.countOffset, as: UInt64.self))
            columnCount = inputCount
            let values = Self.blockCount(vectorCount) &* (inputCount &+ 1) &* Self.lanes
            guard byteCount &- BlockLayout.alignment == values &* 8 else { return nil }
        }

        /// Whether the numbers before the vectors are within their limits.
        @inline(__always)
        private static func areSound(_ numbers: UnsafeRawPointer) -> Bool {
            let model = numbers.assumingMemoryBound(to: CVectorSVM.self)
            return model.pointee.kernel <= UInt32(SVMKernel.sigmoid.rawValue)
                && model.pointee.degree <= UInt32(ModelLimits.degreeMax)
                && model.pointee.vectorCount <= UInt64(ModelLimits.supportVectorCountMax)
                && model.pointee.gamma >= 0 && model.pointee.gamma.isFinite
                && model.pointee.coef0.isFinite && model.pointee.intercept.isFinite
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            decide(rows.values, rows.count, outputs)
            let bound = hasCommonUncertainty ? commonUncertainty : nil
            for row in 0..<rows.count {
                let values = rows.values + row &* columnCount
                // Written so that a decision or a bound that is no number takes this branch too.
                if !(outputs[row].magnitude > bound ?? uncertainty(of: values)) {
                    outputs[row] = scalarDecision(of: values)
                }
            }
        }

        /// Writes the decision of each row as the vector kernels compute it.
        @inline(__always)
        func decide(
            _ rows: UnsafePointer<Double>,
            _ rowCount: Int,
            _ decisions: UnsafeMutablePointer<Double>
        ) {
            cvector_svm_decide(
                numbers.assumingMemoryBound(to: CVectorSVM.self),
                vectors,
                Self.blockCount(vectorCount),
                columnCount,
                rows,
                rowCount,
                decisions
            )
        }

        /// Whether all rows have the same uncertainty: the values of two kernels are at most 1.
        var hasCommonUncertainty: Bool { kernel == .rbf || kernel == .sigmoid }

        /// The uncertainty of all rows of such a kernel.
        var commonUncertainty: Double {
            Self.nearZero * (coefficientSum + native.intercept.magnitude)
        }

        public var facts: [ModelFact] {
            var facts = [
                ModelFact("kernel", kernel.name),
                ModelFact("support_vectors", "\(vectorCount)"),
                ModelFact("intercept", "\(native.intercept)"),
            ]
            if kernel != .linear { facts.append(ModelFact("gamma", "\(native.gamma)")) }
            if kernel == .polynomial { facts.append(ModelFact("degree", "\(native.degree)")) }
            if kernel == .polynomial || kernel == .sigmoid {
                facts.append(ModelFact("coef0", "\(native.coef0)"))
            }
            return facts
        }

        /// Blocks of eight support vectors.
        static func blockCount(_ vectorCount: Int) -> Int { (vectorCount &+ lanes &- 1) / lanes }

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
            let lanes = Self.lanes
            let parameters = ScalarKernel(
                kind: kernel,
                gamma: native.gamma,
                coef0: native.coef0,
                degree: Int(native.degree)
            )
            let coefficients = vectors + Self.blockCount(vectorCount) * columnCount * lanes
            var sum = 0.0
            for vector in 0..<vectorCount {
                let block = vector / lanes * columnCount * lanes
                let values = vectors + (block + vector % lanes)
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
}
