import Inference

/// The numbers of one rbf one-class SVM.
public struct MachineParameters: Sendable {
    public var featureCount: Int
    public var gamma: Double
    public var intercept: Double
    /// Shape `[count, featureCount]`, row-major.
    public var supportVectors: [Double]
    public var coefficients: [Double]

    public init(
        featureCount: Int,
        gamma: Double,
        intercept: Double,
        supportVectors: [Double],
        coefficients: [Double]
    ) {
        self.featureCount = featureCount
        self.gamma = gamma
        self.intercept = intercept
        self.supportVectors = supportVectors
        self.coefficients = coefficients
    }

    /// A machine with the shape of those that scikit-learn fits to a thousand rows with nu 0.01 to
    /// 0.1: 18 to 132 support vectors, 1 to 4 features.
    public init(using random: inout SeededGenerator) {
        featureCount = Int.random(in: 1...4, using: &random)
        let count = Int.random(in: 18...132, using: &random)
        gamma = Double.random(in: 0.1...2, using: &random)
        intercept = -Double(count) * 0.4
        var values: [Double] = []
        for _ in 0..<(count * featureCount) {
            values.append(Double.random(in: -3...3, using: &random))
        }
        supportVectors = values
        coefficients = (0..<count).map { _ in Double.random(in: 0.2...1, using: &random) }
    }

    /// Rows near the support vectors, as windows of a healthy device are.
    public func rows(_ count: Int, using random: inout SeededGenerator) -> [Double] {
        let spread = 0.3 / (gamma * Double(featureCount)).squareRoot()
        var rows: [Double] = []
        rows.reserveCapacity(count * featureCount)
        for _ in 0..<count {
            let vector = Int.random(in: 0..<coefficients.count, using: &random)
            for column in 0..<featureCount {
                let value = supportVectors[vector * featureCount + column]
                rows.append(value + spread * (random.unit() * 4 - 2))
            }
        }
        return rows
    }

    /// The packed bytes of the machine, behind a StandardScaler when wanted.
    public func encoded(isScaled: Bool = false) throws -> [UInt8] {
        var stages: [any Stage] = []
        if isScaled {
            let zeros = Array(repeating: 0.0, count: featureCount)
            stages.append(Standardize(center: zeros, scale: zeros.map { _ in 1 }))
        }
        stages.append(
            SupportVectorMachine(
                kernel: .rbf,
                gamma: gamma,
                coef0: 0,
                degree: 3,
                supportVectors: supportVectors,
                dualCoefficients: coefficients,
                intercept: intercept
            )
        )
        return try ModelEncoder.encode(
            ModelParameters(
                type: "one_class_svm",
                stages: stages,
                head: .aboveZeroIsNormal,
                featureCount: featureCount,
                featureNames: nil,
                source: "benchmark"
            )
        )
    }
}
