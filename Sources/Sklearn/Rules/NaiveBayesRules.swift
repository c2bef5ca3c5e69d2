internal import Inference

/// Gaussian naive Bayes: a Gaussian with its own variances for each class.
enum GaussianNaiveBayesRule: EstimatorRule {
    static let package: StaticString = "sklearn.naive_bayes"
    static let classNames: [StaticString] = ["GaussianNB"]
    static let role = EstimatorRole.final

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        let (means, count, columns) = try estimator.requiredMatrix("theta_")
        try model.take(columns, estimator)
        // sigma_ is its name before 1.0.
        let (variances, rows, own) = try estimator.requiredMatrix(
            estimator.find("var_") == nil ? "sigma_" : "var_"
        )
        let classes = try estimator.classes()
        let priors = try estimator.requiredVector("class_prior_", count)
        guard rows == count, own == columns, classes.count == count,
            variances.allSatisfy({ $0 > 0 && (1 / $0).isFinite })
        else { throw .malformed("\(estimator.label) has no variance for each mean") }
        try model.charge(2 * means.count, estimator)
        let constants = (0..<count).map { index in
            let logarithms = variances[(index * columns)..<((index + 1) * columns)].reduce(0.0) {
                $0 + RealFunctions.logarithm(2 * Double.pi * $1)
            }
            return RealFunctions.logarithm(priors[index]) - 0.5 * logarithms
        }
        model.append(
            GaussianMixture(
                form: .diagonal,
                means: means,
                factors: variances.map { 1 / $0 },
                constants: constants
            ),
            columns: count
        )
        model.finishNaiveBayes(estimator, classes)
    }
}

/// Naive Bayes of counts and of truth values: linear in the features.
enum DiscreteNaiveBayesRule: EstimatorRule {
    static let package: StaticString = "sklearn.naive_bayes"
    static let classNames: [StaticString] = ["MultinomialNB", "ComplementNB", "BernoulliNB"]
    static let role = EstimatorRole.final

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        var (weights, count, columns) = try estimator.requiredMatrix("feature_log_prob_")
        try model.take(columns, estimator)
        let classes = try estimator.classes()
        guard classes.count == count else {
            throw .malformed("\(estimator.label) has \(count) rows for \(classes.count) classes")
        }
        try model.charge(weights.count, estimator)
        var bias = try estimator.requiredVector("class_log_prior_", count)
        switch estimator.step.className {
        case "ComplementNB":
            if count > 1 { bias = [] }
        case "BernoulliNB":
            if let threshold = try estimator.number("binarize") {
                model.append(Binarize(threshold: threshold), columns: columns)
            }
            for index in weights.indices {
                let other = RealFunctions.logarithm(1 - RealFunctions.exponential(weights[index]))
                guard other > RealFunctions.lowest else {
                    throw .unsupported(
                        "\(estimator.label) is certain of a feature; fit it with alpha above 0"
                    )
                }
                weights[index] -= other
                bias[index / columns] += other
            }
        default: break
        }
        model.append(Linear(weights: weights, outputCount: count, bias: bias), columns: count)
        model.finishNaiveBayes(estimator, classes)
    }
}

/// Naive Bayes of categories: a table a feature.
enum CategoricalNaiveBayesRule: EstimatorRule {
    static let package: StaticString = "sklearn.naive_bayes"
    static let classNames: [StaticString] = ["CategoricalNB"]
    static let role = EstimatorRole.final

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("feature_log_prob_")
        let limit = arrayCountMax
        let tables = try estimator.arrays("feature_log_prob_", atMost: limit)
        try model.take(tables.count, estimator)
        let classes = try estimator.classes()
        let prior = try estimator.requiredVector("class_log_prior_", classes.count)
        for table in tables {
            guard table.shape.rank == 2, table.shape.rows == classes.count,
                table.shape.columns > 0
            else { throw .malformed("a table of \(estimator.label) has another shape") }
            try model.charge(table.values.count, estimator)
        }
        model.append(
            NaiveBayesCategories(
                categoryCounts: tables.map(\.shape.columns),
                classCount: classes.count,
                tables: tables.flatMap(\.values),
                prior: prior
            ),
            columns: classes.count
        )
        model.finishNaiveBayes(estimator, classes)
    }

    private static let arrayCountMax = 100_000
}

extension ModelBuilder {
    /// The score is the probability of the second of two classes, else the largest.
    fileprivate mutating func finishNaiveBayes(
        _ estimator: EstimatorAttributes,
        _ classes: [String]
    ) {
        finishChoice(estimator, classes.count == 2 ? .second : .softmax, classes: classes)
    }
}
