internal import Inference

/// The columns whose variance is above a threshold.
enum VarianceThresholdRule: EstimatorRule {
    static let package: StaticString = "sklearn.feature_selection"
    static let classNames: [StaticString] = ["VarianceThreshold"]
    static let role = EstimatorRole.transformer

    /// - Source: scikit-learn, feature_selection/_variance_threshold.py, _get_support_mask.
    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("variances_")
        guard let variances = try estimator.anyNumbers("variances_") else {
            throw .malformed("\(estimator.label) has no variances_")
        }
        try model.take(variances.count, estimator)
        let threshold = try estimator.number("threshold") ?? 0
        let columns = variances.indices.filter { variances[$0] > threshold }
        guard !columns.isEmpty else {
            throw .malformed("\(estimator.label) keeps no column")
        }
        try model.charge(columns.count, estimator)
        model.append(SelectColumns(columns: columns), columns: columns.count)
    }
}
