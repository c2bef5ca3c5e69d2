#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A power of each value that makes its distribution more normal (PowerTransformer).
public struct PowerTransform: Stage {
    public static let code: UInt16 = 68
    public static let name = "power"

    /// Which formula.
    public enum Method: UInt64, Sendable, CaseIterable {
        /// Yeo-Johnson with pow, as scikit-learn computed it itself.
        case yeoJohnson = 0
        /// Yeo-Johnson with expm1, as SciPy computes it for newer versions.
        case yeoJohnsonStable = 1
        /// Of positive values only; rows with others fail.
        case boxCox = 2
    }

    public var method: Method
    public var lambdas: [Double]

    public init(method: Method, lambdas: [Double]) {
        self.method = method
        self.lambdas = lambdas
    }

    /// Missing values stay missing.
    public var acceptsMissing: Bool { true }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        try StageCheck.vector(lambdas, inputCount, "lambdas")
        return inputCount
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(method.rawValue)
        writer.put(lambdas)
    }

    public func reference(_ row: [Double]) -> [Double] {
        zip(row, lambdas).map { Self.value($0, $1, method) }
    }

    /// - Source: scikit-learn, preprocessing/_data.py, PowerTransformer._yeo_johnson_transform;
    ///   SciPy, stats/_morestats.py, _yeojohnson_transform and special/_boxcox.pxd.
    static func value(_ x: Double, _ lambda: Double, _ method: Method) -> Double {
        switch method {
        case .boxCox: return boxCox(x, lambda)
        case .yeoJohnson:
            if x >= 0 {
                return abs(lambda) < Double.ulpOfOne
                    ? log1p(x) : (pow(x + 1, lambda) - 1) / lambda
            }
            return abs(lambda - 2) > Double.ulpOfOne
                ? -(pow(-x + 1, 2 - lambda) - 1) / (2 - lambda) : -log1p(-x)
        case .yeoJohnsonStable:
            if x >= 0 {
                return abs(lambda) < Double.ulpOfOne
                    ? log1p(x) : expm1(lambda * log1p(x)) / lambda
            }
            return abs(lambda - 2) > Double.ulpOfOne
                ? -expm1((2 - lambda) * log1p(-x)) / (2 - lambda) : -log1p(-x)
        }
    }

    private static func boxCox(_ x: Double, _ lambda: Double) -> Double {
        if x <= 0 { return .nan }
        let logarithm = log(x)
        if abs(lambda) < 1e-19 { return logarithm }
        if lambda * logarithm < 709.78 { return expm1(lambda * logarithm) / lambda }
        let sign = lambda < 0 ? -1.0 : 1.0
        return sign * exp(lambda * logarithm - log(abs(lambda))) - 1 / lambda
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public let outputCount: Int
        private let method: Method
        private let lambdas: UnsafePointer<Double>

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            outputCount = inputCount
            let code = try reader.integer(UInt64.self)
            guard let method = Method(rawValue: code) else {
                throw reader.corrupt("there is no power transform \(code)")
            }
            self.method = method
            lambdas = try reader.doubles(inputCount)
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            for row in 0..<rows.count {
                let start = row &* outputCount
                for column in 0..<outputCount {
                    let value = rows.values[start &+ column]
                    if method == .boxCox, value <= 0 { rows.failed[row] = 1 }
                    outputs[start &+ column] = PowerTransform.value(
                        value,
                        lambdas[column],
                        method
                    )
                }
            }
        }

        public var facts: [ModelFact] { [ModelFact("method", "\(method)")] }
    }
}
