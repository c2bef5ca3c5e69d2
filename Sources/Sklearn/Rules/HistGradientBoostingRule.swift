internal import Inference

/// Gradient boosting over binned values, predicted from the values themselves.
enum HistGradientBoostingRule: EstimatorRule {
    static let package: StaticString = "sklearn.ensemble"
    static let classNames: [StaticString] = [
        "HistGradientBoostingRegressor", "HistGradientBoostingClassifier",
    ]
    static let role = EstimatorRole.final

    /// - Source: scikit-learn, _hist_gradient_boosting/gradient_boosting.py, _raw_predict.
    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("_predictors")
        let rounds = try estimator.sequence("_predictors", atMost: TreeReading.treeCountMax)
        let isClassifier = estimator.step.className.hasSuffix("Classifier")
        let labels = isClassifier ? try TreeClasses.labels(estimator) : []
        let width = labels.count > 2 ? labels.count : 1
        guard !isClassifier || labels.count > 1 else {
            throw .malformed("\(estimator.label) has only one class")
        }
        let count = try featureCount(estimator)
        try model.take(count, estimator)
        var trees = HistTrees(
            estimator,
            try HistCategories(estimator, featureCount: count, into: &model)
        )
        for round in rounds {
            let members = try estimator.objects(round, atMost: TreeReading.treeCountMax)
            guard members.count == width else {
                throw .malformed(
                    "\(estimator.label) has \(members.count) trees a round where \(width) belong"
                )
            }
            for (column, member) in members.enumerated() {
                let tree = try estimator.nested(member, "_predictors")
                try trees.append(tree, column: column, into: &model)
            }
        }
        let choice = BoostingChoice(try labelRule(estimator, isClassifier), labels: labels)
        let forest = Forest(
            trees: trees.trees,
            values: trees.values,
            categorySets: trees.sets,
            base: try baseline(estimator, width),
            link: choice.link,
            roundsToFloat: false,
            // 0.21 had no missing values yet.
            acceptsMissing: TreeVersion(estimator) >= TreeVersion(0, 22)
        )
        model.append(forest, columns: choice.columns)
        model.finish(TreeRule.snakeCase(estimator), choice.head)
    }

    private static func featureCount(
        _ estimator: EstimatorAttributes
    ) throws(SklearnError) -> Int {
        var number = try estimator.number("n_features_in_")
        if number == nil { number = try estimator.number("_n_features") }
        if number == nil { number = try estimator.number("n_features_") }
        guard let count = number.flatMap({ Int(exactly: $0) }), (1...1_000_000).contains(count)
        else { throw .malformed("\(estimator.label) has no number of columns") }
        return count
    }

    private static func baseline(
        _ estimator: EstimatorAttributes,
        _ width: Int
    ) throws(SklearnError) -> [Double] {
        let values: [Double]
        if width == 1 {
            values = try estimator.number("_baseline_prediction").map { [$0] } ?? []
        } else {
            values = try estimator.matrix("_baseline_prediction")?.values ?? []
        }
        guard values.count == width else {
            throw .malformed("\(estimator.label) has no baseline for each of \(width) sums")
        }
        return values
    }

    /// What the loss means for predictions; since 1.5 labels come from the sums.
    private static func labelRule(
        _ estimator: EstimatorAttributes,
        _ isClassifier: Bool
    ) throws(SklearnError) -> BoostingLabelRule {
        var object = try estimator.nested("_loss")
        if object == nil { object = try estimator.nested("loss_") }
        guard let name = object?.step.className else {
            throw .malformed("\(estimator.label) says nothing of its loss; fit it again")
        }
        let isNew = TreeVersion(estimator) >= TreeVersion(1, 5)
        let rule: BoostingLabelRule
        switch name {
        case "HalfSquaredError", "AbsoluteError", "PinballLoss", "LeastSquares",
            "LeastAbsoluteDeviation":
            rule = .value
        case "HalfPoissonLoss", "HalfGammaLoss", "Poisson": rule = .exponential
        case "HalfBinomialLoss": rule = isNew ? .positive : .probability
        case "HalfMultinomialLoss": rule = isNew ? .raw : .probability
        case "BinaryCrossEntropy", "CategoricalCrossEntropy": rule = .probability
        default:
            throw .unsupported(
                "\(estimator.label) has the loss \(name), which is not supported; supported are "
                    + "all losses that scikit-learn names"
            )
        }
        guard isClassifier == (rule != .value && rule != .exponential) else {
            throw .malformed("\(estimator.label) has the loss \(name)")
        }
        return rule
    }
}
