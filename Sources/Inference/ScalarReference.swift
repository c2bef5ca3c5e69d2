/// The plain evaluation of decoded parameters, which packed scoring is tested against.
///
/// Steps as numpy computes them, then support vectors in their order, one addition at a time, then
/// the intercept: scikit-learn's and LIBSVM's own order, with the C library's exp and tanh.
public enum ScalarReference {
    /// The decision of one row.
    ///
    /// - Throws: ``InferenceError`` when the model is not valid or the row has other columns.
    public static func decision(
        of row: [Double],
        _ model: ModelParameters
    ) throws(InferenceError) -> Double {
        _ = try ModelValidation.check(model)
        guard row.count == model.featureCount else {
            throw InferenceError(
                .shape,
                "\(row.count) values are not a row of \(model.featureCount) features"
            )
        }
        let values = model.steps.reduce(row, apply)
        switch model.estimator {
        case .oneClassSVM(let svm): return decision(ofTransformed: values, svm)
        }
    }

    /// The label of a decision: 1 (anomaly) unless it is above 0, then 0.
    public static func isAnomaly(decision: Double) -> Bool { !(decision > 0) }

    /// The decision of a row that the steps were applied to; sizes must fit.
    static func decision(
        ofTransformed row: [Double],
        _ svm: OneClassSVMParameters
    ) -> Double {
        let kernel = ScalarKernel(
            kind: svm.kernel,
            gamma: svm.gamma,
            coef0: svm.coef0,
            degree: svm.degree
        )
        var sum = 0.0
        for (index, coefficient) in svm.dualCoefficients.enumerated() {
            let vector = svm.supportVectors[(index * row.count)..<((index + 1) * row.count)]
            var product = 0.0
            for (x, value) in zip(row, vector) {
                product += svm.kernel == .rbf ? (x - value) * (x - value) : x * value
            }
            sum += coefficient * kernel.value(of: product)
        }
        return sum + svm.intercept
    }

    private static func apply(_ row: [Double], _ step: TransformStep) -> [Double] {
        switch step {
        case .standardize(let center, let scale):
            let centered = center.isEmpty ? row : zip(row, center).map { $0 - $1 }
            return scale.isEmpty ? centered : zip(centered, scale).map { $0 / $1 }
        case .rescale(let scale, let offset, let clip):
            let scaled = zip(zip(row, scale).map { $0 * $1 }, offset).map { $0 + $1 }
            guard let clip else { return scaled }
            return scaled.map { min(max($0, clip.lowerBound), clip.upperBound) }
        case .project(let mean, let components, let outputCount, let scale):
            let centered = mean.isEmpty ? row : zip(row, mean).map { $0 - $1 }
            return (0..<outputCount).map { output in
                let weights = components[(output * row.count)..<((output + 1) * row.count)]
                let sum = zip(centered, weights).reduce(0.0) { $0 + $1.0 * $1.1 }
                return scale.isEmpty ? sum : sum / scale[output]
            }
        }
    }
}
