/// How one class of scikit-learn's estimators, as its pickle holds it, becomes stages.
///
/// A new estimator is one file with its rule, one line in ``EstimatorRegistry`` and its test.
protocol EstimatorRule: SendableMetatype {
    /// The package the class lives in, under any module of it: `sklearn.svm`.
    static var package: StaticString { get }
    /// The classes that are read alike: `OneClassSVM`.
    static var classNames: [StaticString] { get }
    /// Whether it may stand before the last step, and whether it may be the last step.
    static var role: EstimatorRole { get }

    /// Appends the stages of a fitted estimator and, when it ends the model, sets its head.
    ///
    /// - Throws: ``SklearnError`` naming the estimator, its place and the attribute.
    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError)
}

/// Where an estimator may stand in a pipeline.
enum EstimatorRole {
    /// It changes rows and gives no score.
    case transformer
    /// It gives the score and has to be the last step.
    case final
    /// Both: what it does as the last step is up to its rule (``ModelBuilder/isLastStep``).
    case either

    var isTransformer: Bool { self != .final }
    var isFinal: Bool { self != .transformer }
}

/// Every estimator that is read.
enum EstimatorRegistry {
    static let rules: [any EstimatorRule.Type] = [
        StandardScalerRule.self, RobustScalerRule.self, MinMaxScalerRule.self, PCARule.self,
        OneClassSVMRule.self, TreeRule.self, ForestRule.self, GradientBoostingRule.self,
        HistGradientBoostingRule.self, IsolationForestRule.self,
        MaxAbsScalerRule.self, NormalizerRule.self, BinarizerRule.self, ImputerRule.self,
        PolynomialFeaturesRule.self, QuantileTransformerRule.self, PowerTransformerRule.self,
        FunctionTransformerRule.self, VarianceThresholdRule.self, KBinsDiscretizerRule.self,
        ColumnTransformerRule.self, FeatureUnionRule.self, LocalOutlierFactorRule.self,
        NearestNeighboursRule.self, KernelDensityRule.self,
        SupportVectorRegressorRule.self, SupportVectorClassifierRule.self,
        LinearRegressorRule.self, LinearSVRRule.self, GeneralizedLinearRule.self,
        SGDOneClassSVMRule.self, LinearClassifierRule.self, LinearSVCRule.self,
        LinearDiscriminantRule.self, QuadraticDiscriminantRule.self, NystroemRule.self,
        RandomFourierRule.self, MixtureRule.self, EllipticEnvelopeRule.self, KMeansRule.self,
        PerceptronRule.self, GaussianNaiveBayesRule.self, DiscreteNaiveBayesRule.self,
        CategoricalNaiveBayesRule.self,
    ]

    /// What may stand before the last step, for messages: the usual ones, and how many more.
    static let transformers = names(
        [
            "StandardScaler", "MinMaxScaler", "RobustScaler", "SimpleImputer", "PCA",
            "PolynomialFeatures", "ColumnTransformer",
        ]
    ) { $0.isTransformer }

    /// What may be the last step, for messages: the detectors, and how many more.
    static let finals = names(
        [
            "OneClassSVM", "IsolationForest", "LocalOutlierFactor", "EllipticEnvelope",
            "SGDOneClassSVM", "GaussianMixture", "KMeans", "KernelDensity", "PCA",
        ]
    ) { $0.isFinal }

    /// The index of the rule for a class; nil when there is none.
    static func find(module: String, name: String) -> Int? {
        guard let packages = byName[name] else { return nil }
        for (package, index) in packages
        where module == package || module.hasPrefix(package + ".") {
            return index
        }
        return nil
    }

    private static let byName: [String: [(package: String, index: Int)]] = {
        var table: [String: [(package: String, index: Int)]] = [:]
        for (index, rule) in rules.enumerated() {
            for name in rule.classNames {
                table["\(name)", default: []].append(("\(rule.package)", index))
            }
        }
        return table
    }()

    private static func names(
        _ usual: [String],
        _ isWanted: (EstimatorRole) -> Bool
    ) -> String {
        let all = Set(rules.filter { isWanted($0.role) }.flatMap { $0.classNames.map { "\($0)" } })
        let shown = usual.filter { all.contains($0) }
        return shown.joined(separator: ", ")
            + " and \(all.count - shown.count) others, listed in docs/models.md"
    }
}
