internal import CVector

/// `constant - |factor (x - mean)|^2 / 2` of each component: log densities of Gaussians.
///
/// Mixtures, Gaussian naive Bayes and quadratic discriminants; a ``LinkChoice`` follows.
public struct GaussianMixture: Stage {
    public static let code: UInt16 = 34
    public static let name = "gaussians"

    /// How components hold their precision.
    public enum Form: Sendable, Equatable {
        /// A precision for each column: `[components, columns]`.
        case diagonal
        /// The columns of an upper triangular factor one after another, without their zeros.
        case triangular
        /// `rank` rows of a factor each: `[components, rank, columns]`.
        case square(rank: Int)

        var code: UInt32 {
            switch self {
            case .diagonal: UInt32(CVECTOR_DIAGONAL)
            case .triangular: UInt32(CVECTOR_TRIANGULAR)
            case .square: UInt32(CVECTOR_SQUARE)
            }
        }

        /// Numbers of one component's factor.
        func size(columns: Int) -> Int {
            switch self {
            case .diagonal: columns
            case .triangular: columns * (columns + 1) / 2
            case .square(let rank): rank * columns
            }
        }
    }

    public var form: Form
    /// Shape `[components, columns]`, row-major.
    public var means: [Double]
    public var factors: [Double]
    /// One a component.
    public var constants: [Double]

    public init(form: Form, means: [Double], factors: [Double], constants: [Double]) {
        self.form = form
        self.means = means
        self.factors = factors
        self.constants = constants
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        let count = constants.count
        try StageCheck.columns(count, "component count")
        try StageCheck.vector(constants, count, "constants")
        try StageCheck.vector(means, try StageCheck.product(count, inputCount), "means")
        if case .square(let rank) = form {
            guard (0...ModelLimits.featureCountMax).contains(rank) else {
                throw .invalid("the rank of the factors is \(rank)")
            }
        }
        let size = try StageCheck.product(count, form.size(columns: inputCount))
        try StageCheck.vector(factors, size, "factors")
        return count
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt32(constants.count))
        writer.put(form.code)
        if case .square(let rank) = form { writer.put(UInt64(rank)) } else { writer.put(UInt64(0)) }
        writer.put(constants)
        writer.put(means)
        writer.put(factors)
    }

    public func reference(_ row: [Double]) -> [Double] {
        let columns = row.count
        let size = form.size(columns: columns)
        return constants.indices.map { component in
            let difference = (0..<columns).map { row[$0] - means[component * columns + $0] }
            let factor = Array(factors[(component * size)..<((component + 1) * size)])
            var sum = 0.0
            switch form {
            case .diagonal:
                for column in 0..<columns {
                    let square = difference[column] * difference[column]
                    sum = sum.addingProduct(square, factor[column])
                }
            case .triangular:
                var start = 0
                for column in 0..<columns {
                    let part = factor[start...(start + column)]
                    let value = LinearScratch.dot(difference, part)
                    sum = sum.addingProduct(value, value)
                    start += column + 1
                }
            case .square(let rank):
                for index in 0..<rank {
                    let part = factor[(index * columns)..<((index + 1) * columns)]
                    let value = LinearScratch.dot(difference, part)
                    sum = sum.addingProduct(value, value)
                }
            }
            return constants[component] - sum * 0.5
        }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public var outputCount: Int { native.componentCount }
        private let native: CVectorGaussians

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            let count = try reader.count(atMost: ModelLimits.featureCountMax, "component count")
            let code = try reader.integer(UInt32.self)
            let rank = try reader.integer(UInt64.self)
            guard rank <= UInt64(ModelLimits.featureCountMax) else {
                throw reader.corrupt("the rank of the factors is \(rank)")
            }
            let form: Form
            switch code {
            case UInt32(CVECTOR_DIAGONAL): form = .diagonal
            case UInt32(CVECTOR_TRIANGULAR): form = .triangular
            case UInt32(CVECTOR_SQUARE): form = .square(rank: Int(rank))
            default: throw reader.corrupt("form \(code) is not known")
            }
            let constants = try reader.doubles(count)
            let means = try reader.doubles(count * inputCount)
            // Each factor of the product is at most 10^10, so only the product can overflow.
            let (size, overflow) = count.multipliedReportingOverflow(
                by: form.size(columns: inputCount)
            )
            guard !overflow else { throw reader.corrupt("the factors are too large") }
            native = CVectorGaussians(
                means: means,
                factors: try reader.doubles(size),
                constants: constants,
                columnCount: inputCount,
                componentCount: count,
                rank: Int(rank),
                form: code
            )
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            LinearScratch.with(2 * native.columnCount) { scratch in
                _ = withUnsafePointer(to: native) {
                    cvector_gaussians_as(
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

        public var facts: [ModelFact] { [ModelFact("components", "\(native.componentCount)")] }
    }
}
