internal import CVector

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A kernel of scikit-learn's `pairwise_kernels`.
public enum PairwiseKernel: UInt8, Sendable, CaseIterable {
    case linear = 0
    case polynomial = 1
    case rbf = 2
    case sigmoid = 3
    case laplacian = 4
    /// The vectors have norm 1; rows are divided by their norm.
    case cosine = 5
}

/// The kernel of a row with each of some vectors (Nystroem's components).
public struct KernelMap: Stage {
    public static let code: UInt16 = 33
    public static let name = "kernel_map"

    public var kernel: PairwiseKernel
    public var gamma: Double
    public var coef0: Double
    public var degree: Int
    /// Shape `[outputCount, inputCount]`, row-major.
    public var vectors: [Double]
    public var outputCount: Int

    public init(
        kernel: PairwiseKernel,
        gamma: Double,
        coef0: Double,
        degree: Int,
        vectors: [Double],
        outputCount: Int
    ) {
        self.kernel = kernel
        self.gamma = gamma
        self.coef0 = coef0
        self.degree = degree
        self.vectors = vectors
        self.outputCount = outputCount
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        try StageCheck.columns(outputCount, "vector count")
        let size = try StageCheck.product(outputCount, inputCount)
        try StageCheck.vector(vectors, size, "vectors")
        try StageCheck.finite(gamma, "gamma")
        try StageCheck.finite(coef0, "coef0")
        guard gamma >= 0 else { throw .invalid("gamma is \(gamma), below 0") }
        guard degree >= 0, degree <= ModelLimits.degreeMax else {
            throw .invalid("degree is \(degree), not within 0...\(ModelLimits.degreeMax)")
        }
        return outputCount
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt32(outputCount))
        writer.put(UInt32(kernel.rawValue))
        writer.put(UInt64(degree))
        writer.put(gamma)
        writer.put(coef0)
        writer.put(vectors)
    }

    public func reference(_ row: [Double]) -> [Double] {
        let norm = LinearScratch.dot(row, row).squareRoot()
        return (0..<outputCount).map { index in
            let vector = vectors[(index * row.count)..<((index + 1) * row.count)]
            let product = LinearScratch.dot(row, vector)
            switch kernel {
            case .linear: return product
            case .polynomial: return ScalarKernel.power(gamma * product + coef0, degree)
            case .sigmoid: return tanh(gamma * product + coef0)
            case .cosine: return norm == 0 ? product : product / norm
            case .rbf:
                return exp(
                    -gamma
                        * zip(row, vector).reduce(0) { sum, pair in
                            let difference = pair.0 - pair.1
                            return sum.addingProduct(difference, difference)
                        }
                )
            case .laplacian:
                return exp(-gamma * zip(row, vector).reduce(0) { $0 + ($1.0 - $1.1).magnitude })
            }
        }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public var outputCount: Int { native.vectorCount }
        private let native: CVectorKernelMap

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            let count = try reader.count(atMost: ModelLimits.featureCountMax, "vector count")
            let kind = try reader.integer(UInt32.self)
            let degree = try reader.integer(UInt64.self)
            let gamma = try reader.finite("gamma")
            let coef0 = try reader.finite("coef0")
            guard kind < 256, PairwiseKernel(rawValue: UInt8(kind)) != nil, gamma >= 0,
                degree <= UInt64(ModelLimits.degreeMax)
            else { throw reader.corrupt("kernel \(kind) of degree \(degree) is not known") }
            native = CVectorKernelMap(
                vectors: try reader.doubles(count * inputCount),
                columnCount: inputCount,
                vectorCount: count,
                gamma: gamma,
                coef0: coef0,
                degree: UInt32(degree),
                kernel: kind
            )
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            LinearScratch.with(native.columnCount) { scratch in
                _ = withUnsafePointer(to: native) {
                    cvector_kernel_map_as(
                        cvector_best_form(),
                        $0,
                        rows.values,
                        rows.count,
                        scratch,
                        outputs
                    )
                }
            }
        }

        public var facts: [ModelFact] { [ModelFact("components", "\(native.vectorCount)")] }
    }
}
