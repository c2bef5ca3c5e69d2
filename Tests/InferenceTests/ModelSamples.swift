import Inference

/// A seeded generator (SplitMix64), so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func doubles(_ count: Int, _ range: ClosedRange<Double>) -> [Double] {
        (0..<count).map { _ in Double.random(in: range, using: &self) }
    }
}

/// Models and calls that tests share.
enum ModelSamples {
    /// A one-class SVM with random numbers, whose decisions have both signs.
    static func random(
        _ kernel: SVMKernel,
        features: Int,
        vectors: Int,
        steps: [any Stage] = [],
        columns: Int? = nil,
        using random: inout SeededGenerator
    ) -> ModelParameters {
        let width = columns ?? features
        return model(
            steps + [
                SupportVectorMachine(
                    kernel: kernel,
                    gamma: Double.random(in: 0.05...1.5, using: &random),
                    coef0: Double.random(in: -0.5...0.5, using: &random),
                    degree: Int.random(in: 0...5, using: &random),
                    supportVectors: random.doubles(vectors * width, -2...2),
                    dualCoefficients: random.doubles(vectors, 0...1),
                    intercept: -0.2 * Double(vectors),
                    nu: 0.1,
                    trainingRowCount: 1000
                )
            ],
            features: features
        )
    }

    /// A detector made of stages, the last one a one-class SVM.
    static func model(_ stages: [any Stage], features: Int) -> ModelParameters {
        ModelParameters(
            type: "one_class_svm",
            stages: stages,
            head: .aboveZeroIsNormal,
            featureCount: features,
            featureNames: nil,
            source: "test"
        )
    }

    /// An rbf machine over one feature.
    static func rbf(
        vectors: [Double],
        coefficients: [Double],
        intercept: Double,
        gamma: Double = 1,
        nu: Double? = nil,
        rows: Int? = nil
    ) -> ModelParameters {
        model(
            [
                SupportVectorMachine(
                    kernel: .rbf,
                    gamma: gamma,
                    coef0: 0,
                    degree: 3,
                    supportVectors: vectors,
                    dualCoefficients: coefficients,
                    intercept: intercept,
                    nu: nu,
                    trainingRowCount: rows
                )
            ],
            features: 1
        )
    }
}

extension ModelParameters {
    /// The last stage of a sample.
    var svm: SupportVectorMachine {
        get {
            guard let svm = stages.last as? SupportVectorMachine else {
                preconditionFailure("a sample ends with a support-vector machine")
            }
            return svm
        }
        set { stages[stages.count - 1] = newValue }
    }

    /// The stages before the last one.
    var steps: [any Stage] {
        get { Array(stages.dropLast()) }
        set { stages = newValue + stages.suffix(1) }
    }
}

/// Scores and labels of rows, through packed bytes.
func scored(
    _ block: [UInt8],
    _ rows: [Double],
    rowCount: Int,
    scratch: inout ScoringScratch
) throws -> (scores: [Double], anomalies: [Int8]) {
    var scores = Array(repeating: 7.0, count: rowCount)
    var anomalies = Array(repeating: Int8(7), count: rowCount)
    try block.withUnsafeBytes { block in
        let view = try ModelView(validating: block)
        try rows.withUnsafeBufferPointer { rows in
            try scores.withUnsafeMutableBufferPointer { scores in
                try anomalies.withUnsafeMutableBufferPointer { anomalies in
                    try view.score(
                        rows: rows,
                        rowCount: rowCount,
                        scratch: &scratch,
                        scores: scores,
                        anomalies: anomalies
                    )
                }
            }
        }
    }
    return (scores, anomalies)
}

func scored(
    _ model: ModelParameters,
    _ rows: [Double]
) throws -> (scores: [Double], anomalies: [Int8]) {
    var scratch = ScoringScratch()
    return try scored(
        ModelEncoder.encode(model),
        rows,
        rowCount: rows.count / model.featureCount,
        scratch: &scratch
    )
}
