internal import Inference

/// Products of the columns.
enum PolynomialFeaturesRule: EstimatorRule {
    static let package: StaticString = "sklearn.preprocessing"
    static let classNames: [StaticString] = ["PolynomialFeatures"]
    static let role = EstimatorRole.transformer

    /// - Source: scikit-learn, preprocessing/_polynomial.py, PolynomialFeatures.transform.
    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("n_output_features_")
        guard let outputs = try estimator.count("n_output_features_") else {
            throw .malformed("\(estimator.label) has no n_output_features_")
        }
        if let inputs = try estimator.count("n_input_features_") {
            try model.take(inputs, estimator)
        }
        try model.takeFittedColumns(estimator)
        guard let inputs = model.width else {
            throw .malformed("\(estimator.label) does not say how many columns it takes")
        }
        let degrees = try degrees(estimator)
        let stage = ExpandPolynomial(
            inputCount: inputs,
            degrees: degrees,
            isInteractionOnly: estimator.flag("interaction_only", default: false),
            hasBias: estimator.flag("include_bias", default: true)
        )
        let count: Int
        do {
            count = try stage.outputCount(inputCount: inputs)
        } catch {
            throw .limit("\(estimator.label): \(error.message)")
        }
        guard count == outputs, count > 0 else {
            throw .malformed(
                "\(estimator.label) says it gives \(outputs) columns; its degree gives \(count)"
            )
        }
        try model.charge(count * degrees.upperBound, estimator)
        model.append(stage, columns: count)
    }

    private static func degrees(
        _ estimator: EstimatorAttributes
    ) throws(SklearnError) -> ClosedRange<Int> {
        let pair = try estimator.sequence("degree", atMost: 4)
        guard !pair.isEmpty else {
            guard let degree = try estimator.count("degree") else {
                throw .malformed("\(estimator.label) has no degree")
            }
            return 0...degree
        }
        guard pair.count == 2, case .int(let low) = estimator.arena[pair[0]],
            case .int(let high) = estimator.arena[pair[1]], low >= 0, low <= high
        else { throw .malformed("degree of \(estimator.label) is not a range of two counts") }
        return low...high
    }
}
