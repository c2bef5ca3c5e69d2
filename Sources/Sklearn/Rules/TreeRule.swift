internal import Inference

/// A single decision tree.
enum TreeRule: EstimatorRule {
    static let package: StaticString = "sklearn.tree"
    static let classNames: [StaticString] = [
        "DecisionTreeRegressor", "ExtraTreeRegressor", "DecisionTreeClassifier",
        "ExtraTreeClassifier",
    ]
    static let role = EstimatorRole.final

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        let fitted = try TreeReading.read(estimator, into: &model)
        let version = TreeVersion(estimator)
        try model.take(fitted.featureCount, estimator)
        let acceptsMissing = version.acceptsMissing(estimator)
        guard estimator.step.className.hasSuffix("Classifier") else {
            guard fitted.valueWidth == 1 else {
                throw .malformed("\(estimator.label) has \(fitted.valueWidth) values a leaf")
            }
            let forest = Forest(
                trees: [fitted.tree],
                values: fitted.values,
                acceptsMissing: acceptsMissing
            )
            model.append(forest, columns: 1)
            model.finish(snakeCase(estimator), .value)
            return
        }
        let labels = try TreeClasses.labels(estimator)
        guard fitted.valueWidth == labels.count else {
            throw .malformed(
                "\(estimator.label) has \(labels.count) classes and \(fitted.valueWidth) shares"
            )
        }
        // The label comes from the values as they are, the score from the shares.
        let width = labels.count
        let shares = TreeClasses.shares(fitted.values, width: width, version: version)
        var values: [Double] = []
        for start in stride(from: 0, to: shares.count, by: width) {
            let row = shares[start..<(start + width)]
            values.append(width == 2 ? row[start + 1] : row.max() ?? 0)
            values.append(contentsOf: fitted.values[start..<(start + width)])
        }
        let forest = Forest(
            trees: [fitted.tree],
            values: values,
            valueWidth: width + 1,
            base: [Double](repeating: 0, count: width + 1),
            acceptsMissing: acceptsMissing
        )
        model.append(forest, columns: width + 1)
        let head = ModelHead(label: .argmax(1..<(width + 1)), labels: labels)
        model.finish(snakeCase(estimator), head)
    }

    /// `decision_tree_regressor`.
    static func snakeCase(_ estimator: EstimatorAttributes) -> String {
        var result = ""
        for character in estimator.step.className {
            if character.isUppercase, !result.isEmpty { result.append("_") }
            result.append(contentsOf: character.lowercased())
        }
        return result
    }
}
