/// Decides whether decoded parameters fit together.
enum ModelValidation {
    /// Checks a model and returns the column count before each step and after the last.
    ///
    /// - Throws: ``InferenceError`` `.invalidModel` naming the part that is wrong.
    static func check(_ model: ModelParameters) throws(InferenceError) -> [Int] {
        try count(model.featureCount, "feature count")
        if let names = model.featureNames, names.count != model.featureCount {
            throw invalid("\(names.count) feature names for \(model.featureCount) features")
        }
        guard model.steps.count <= ModelLimits.stepCountMax else {
            throw invalid(
                "\(model.steps.count) steps exceed the limit of \(ModelLimits.stepCountMax)"
            )
        }
        var columns = [model.featureCount]
        var width = model.featureCount
        for (index, step) in model.steps.enumerated() {
            width = try check(step, "step \(index + 1)", inputs: width)
            columns.append(width)
        }
        switch model.estimator {
        case .oneClassSVM(let svm): try check(svm, columns: width)
        }
        return columns
    }

    private static func check(
        _ step: TransformStep,
        _ name: String,
        inputs: Int
    ) throws(InferenceError) -> Int {
        switch step {
        case .standardize(let center, let scale):
            if !center.isEmpty { try vector(center, inputs, "\(name): center") }
            if !scale.isEmpty { try divisor(scale, inputs, "\(name): scale") }
            return inputs
        case .rescale(let scale, let offset, let clip):
            try vector(scale, inputs, "\(name): scale")
            try vector(offset, inputs, "\(name): offset")
            if let clip { try vector([clip.lowerBound, clip.upperBound], 2, "\(name): clip") }
            return inputs
        case .project(let mean, let components, let outputs, let scale):
            try count(outputs, "\(name): output count")
            if !mean.isEmpty { try vector(mean, inputs, "\(name): mean") }
            try vector(components, outputs * inputs, "\(name): components")
            if !scale.isEmpty { try divisor(scale, outputs, "\(name): scale") }
            return outputs
        }
    }

    private static func check(
        _ svm: OneClassSVMParameters,
        columns: Int
    ) throws(InferenceError) {
        let vectorCount = svm.dualCoefficients.count
        guard vectorCount <= ModelLimits.supportVectorCountMax else {
            throw invalid(
                "\(vectorCount) support vectors exceed the limit of "
                    + "\(ModelLimits.supportVectorCountMax)"
            )
        }
        try vector(svm.dualCoefficients, vectorCount, "dual coefficients")
        try vector(svm.supportVectors, vectorCount * columns, "support vectors")
        try finite(svm.gamma, "gamma")
        try finite(svm.coef0, "coef0")
        try finite(svm.intercept, "intercept")
        if let nu = svm.nu { try finite(nu, "nu") }
        guard svm.gamma >= 0 else { throw invalid("gamma is \(svm.gamma), below 0") }
        guard svm.degree >= 0, svm.degree <= ModelLimits.degreeMax else {
            throw invalid("degree is \(svm.degree), not within 0...\(ModelLimits.degreeMax)")
        }
    }

    private static func vector(
        _ values: [Double],
        _ count: Int,
        _ name: String
    ) throws(InferenceError) {
        guard values.count == count else {
            throw invalid("\(name) has \(values.count) values where \(count) belong")
        }
        guard let index = values.firstIndex(where: { !$0.isFinite }) else { return }
        throw invalid("\(name)[\(index)] is \(values[index])")
    }

    /// A vector that rows are divided by.
    private static func divisor(
        _ values: [Double],
        _ count: Int,
        _ name: String
    ) throws(InferenceError) {
        try vector(values, count, name)
        guard let index = values.firstIndex(of: 0) else { return }
        throw invalid("\(name)[\(index)] is 0")
    }

    private static func finite(_ value: Double, _ name: String) throws(InferenceError) {
        guard value.isFinite else { throw invalid("\(name) is \(value)") }
    }

    private static func count(_ value: Int, _ name: String) throws(InferenceError) {
        guard value >= 1, value <= ModelLimits.featureCountMax else {
            throw invalid("\(name) is \(value), not within 1...\(ModelLimits.featureCountMax)")
        }
    }

    private static func invalid(_ message: String) -> InferenceError {
        InferenceError(.invalidModel, message)
    }
}
