internal import Inference

/// The linear discriminant: a linear classifier, or the projection on its directions.
enum LinearDiscriminantRule: EstimatorRule {
    static let package: StaticString = "sklearn.discriminant_analysis"
    static let classNames: [StaticString] = ["LinearDiscriminantAnalysis"]
    static let role = EstimatorRole.either

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        guard model.isLastStep else { return try project(estimator, into: &model) }
        try estimator.requireFitted("coef_")
        // Before 0.22 the probabilities of several classes were not a softmax.
        let rule: LinkRule = estimator.isBefore(0, 22) ? .logistic : .softmax
        let classes = try estimator.classes()
        try model.finishLinearClassifier(estimator, rule, classes: classes)
    }

    /// `(x - xbar_) scalings_`; the eigen solver has no `xbar_` in it.
    private static func project(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        let solver = estimator.text("solver") ?? "svd"
        guard solver == "svd" || solver == "eigen" else {
            throw .unsupported(
                "\(estimator.label) was fitted with the solver \"\(solver)\", which cannot "
                    + "transform; before the last step use svd or eigen"
            )
        }
        let (scalings, rows, columns) = try estimator.requiredMatrix("scalings_")
        try model.take(rows, estimator)
        let mean = solver == "svd" ? try estimator.requiredVector("xbar_", rows) : []
        let limit = try estimator.number("_max_components").flatMap { Int(exactly: $0) } ?? columns
        let count = min(columns, limit)
        guard count > 0 else { throw .malformed("\(estimator.label) keeps no components") }
        try model.charge(scalings.count, estimator)
        let components = (0..<count).flatMap { component in
            (0..<rows).map { scalings[$0 * columns + component] }
        }
        model.append(
            Project(mean: mean, components: components, outputCount: count, scale: []),
            columns: count
        )
    }
}

/// The quadratic discriminant: a Gaussian with its own covariance for each class.
enum QuadraticDiscriminantRule: EstimatorRule {
    static let package: StaticString = "sklearn.discriminant_analysis"
    static let classNames: [StaticString] = ["QuadraticDiscriminantAnalysis"]
    static let role = EstimatorRole.final

    /// Reads a rotation and variances for each class; classes of lower rank are filled with zeros.
    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        let (means, count, columns) = try estimator.requiredMatrix("means_")
        try model.take(columns, estimator)
        let classes = try estimator.classes()
        let priors = try estimator.requiredVector("priors_", count)
        let rotations = try estimator.arrays("rotations_", atMost: 100_000)
        let scalings = try estimator.arrays("scalings_", atMost: 100_000)
        guard classes.count == count, count >= 2, rotations.count == count,
            scalings.count == count
        else { throw .malformed("\(estimator.label) has other parts than \(count) classes") }
        let rank = scalings.reduce(0) { max($0, $1.values.count) }
        let (size, overflow) = (count * columns).multipliedReportingOverflow(by: rank)
        guard !overflow else { throw .limit("\(estimator.label) is too large") }
        try model.charge(size, estimator)
        try model.charge(means.count, estimator)
        var factors = Array(repeating: 0.0, count: size)
        var constants: [Double] = []
        for index in 0..<count {
            let (rotation, shape) = rotations[index]
            let variances = scalings[index].values
            guard shape.rank == 2, shape.rows == columns, shape.columns == variances.count,
                variances.allSatisfy({ $0 > 0 })
            else {
                throw .malformed("a class of \(estimator.label) has no rotation or variances")
            }
            var logarithms = 0.0
            for (part, variance) in variances.enumerated() {
                logarithms += RealFunctions.logarithm(variance)
                let start = (index * rank + part) * columns
                for column in 0..<columns {
                    factors[start + column] =
                        rotation[column * variances.count + part] / variance.squareRoot()
                }
            }
            constants.append(-0.5 * logarithms + RealFunctions.logarithm(priors[index]))
        }
        model.append(
            GaussianMixture(
                form: .square(rank: rank),
                means: means,
                factors: factors,
                constants: constants
            ),
            columns: count
        )
        model.finishChoice(estimator, count == 2 ? .difference : .softmax, classes: classes)
    }
}
