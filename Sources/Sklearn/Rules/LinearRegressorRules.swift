internal import Inference

/// Linear models whose prediction is `coef_ x + intercept_`.
enum LinearRegressorRule: EstimatorRule {
    static let package: StaticString = "sklearn.linear_model"
    static let classNames: [StaticString] = [
        "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV",
        "Lars", "LarsCV", "LassoLars", "LassoLarsCV", "LassoLarsIC", "OrthogonalMatchingPursuit",
        "OrthogonalMatchingPursuitCV", "BayesianRidge", "ARDRegression", "HuberRegressor",
        "TheilSenRegressor", "QuantileRegressor", "SGDRegressor", "PassiveAggressiveRegressor",
        "MultiTaskLasso", "MultiTaskLassoCV", "MultiTaskElasticNet", "MultiTaskElasticNetCV",
    ]
    static let role = EstimatorRole.final

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try model.finishRegressor(estimator)
    }
}

/// `coef_ x + intercept_` as LIBLINEAR fits it.
enum LinearSVRRule: EstimatorRule {
    static let package: StaticString = "sklearn.svm"
    static let classNames: [StaticString] = ["LinearSVR"]
    static let role = EstimatorRole.final

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try model.finishRegressor(estimator)
    }
}

/// Generalised linear models: the exponential of a linear map, or the map itself.
enum GeneralizedLinearRule: EstimatorRule {
    static let package: StaticString = "sklearn.linear_model"
    static let classNames: [StaticString] = [
        "PoissonRegressor", "GammaRegressor", "TweedieRegressor",
    ]
    static let role = EstimatorRole.final

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        var isIdentity = false
        if estimator.step.className == "TweedieRegressor" {
            switch estimator.text("link") ?? "auto" {
            case "auto": isIdentity = try estimator.number("power") ?? 0 <= 0
            case "identity": isIdentity = true
            case "log": break
            case let other:
                throw .unsupported(
                    "\(estimator.label) has the link \"\(other)\"; supported: auto, identity, log"
                )
            }
        }
        try model.finishRegressor(estimator, isIdentity ? .identity : .exponential)
    }
}

/// The one-class SVM of stochastic gradient descent: `coef_ x - offset_`.
enum SGDOneClassSVMRule: EstimatorRule {
    static let package: StaticString = "sklearn.linear_model"
    static let classNames: [StaticString] = ["SGDOneClassSVM"]
    static let role = EstimatorRole.final

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("offset_")
        var reading = try LinearReading(estimator, into: &model, intercept: "offset_")
        guard reading.outputs == 1 else {
            throw .malformed("\(estimator.label) has \(reading.outputs) rows of coefficients")
        }
        reading.bias = reading.bias.map { -$0 }
        model.append(reading.stage(), columns: 1)
        model.finish(estimator.typeName, .belowZeroIsAnomaly)
    }
}
