internal import Inference

/// A power of each column, standardized afterwards unless it was asked not to.
enum PowerTransformerRule: EstimatorRule {
    static let package: StaticString = "sklearn.preprocessing"
    static let classNames: [StaticString] = ["PowerTransformer"]
    static let role = EstimatorRole.transformer

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("lambdas_")
        guard let lambdas = try estimator.vector("lambdas_") else {
            throw .malformed("\(estimator.label) has no lambdas_")
        }
        try model.take(lambdas.count, estimator)
        try model.charge(lambdas.count, estimator)
        let isStable = estimator.version >= SklearnVersion(major: 1, minor: 9)
        let method: PowerTransform.Method = try estimator.choice(
            "method",
            [
                ("yeo-johnson", isStable ? .yeoJohnsonStable : .yeoJohnson),
                ("box-cox", .boxCox),
            ]
        )
        model.append(PowerTransform(method: method, lambdas: lambdas), columns: lambdas.count)
        guard estimator.flag("standardize", default: true) else { return }
        guard let scaler = try estimator.nested("_scaler") else {
            throw .malformed("\(estimator.label) standardizes, but has no fitted scaler")
        }
        guard scaler.step.className == "StandardScaler" else {
            throw .unsupported("\(scaler.label) is where a StandardScaler is expected")
        }
        try StandardScalerRule.lower(scaler, into: &model)
    }
}
