internal import Inference

/// Gradient boosting: a first guess, then the trees' values times the learning rate.
enum GradientBoostingRule: EstimatorRule {
    static let package: StaticString = "sklearn.ensemble"
    static let classNames: [StaticString] = [
        "GradientBoostingRegressor", "GradientBoostingClassifier",
    ]
    static let role = EstimatorRole.final

    /// - Source: scikit-learn, ensemble/_gb.py, BaseGradientBoosting._raw_predict.
    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("estimators_")
        guard let value = estimator.find("estimators_"),
            case .array(let array) = estimator.arena[value], array.rank == 2, array.columns >= 1,
            array.count <= TreeReading.treeCountMax
        else { throw .malformed("estimators_ of \(estimator.label) are no table of trees") }
        let members = try estimator.nestedList("estimators_", atMost: TreeReading.treeCountMax)
        let width = array.columns
        guard !members.isEmpty, members.count == array.count else {
            throw .malformed("\(estimator.label) has \(members.count) trees of \(array.count)")
        }
        guard let rate = try estimator.number("learning_rate") else {
            throw .malformed("\(estimator.label) has no learning_rate")
        }
        let isClassifier = estimator.step.className.hasSuffix("Classifier")
        let labels = isClassifier ? try TreeClasses.labels(estimator) : []
        guard width == (labels.count > 2 ? labels.count : 1), !isClassifier || labels.count > 1
        else {
            throw .malformed("\(estimator.label) has \(width) trees a round")
        }
        var builder = ForestBuilding(width: 1)
        for (index, member) in members.enumerated() {
            let fitted = try TreeReading.read(member, into: &model)
            try model.take(fitted.featureCount, member)
            guard fitted.valueWidth == 1 else {
                throw .malformed("\(member.label) has \(fitted.valueWidth) values a leaf")
            }
            let column = array.isFortran ? index / array.rows : index % width
            builder.append(fitted, column: column, scale: rate)
        }
        guard !array.isFortran || width == 1 else {
            throw .malformed("estimators_ of \(estimator.label) are in column order")
        }
        let loss = try BoostingLoss(estimator, isClassifier: isClassifier)
        let base = try GradientBoostingStart.values(estimator, loss: loss, classes: labels)
        let choice = BoostingChoice(loss.labelRule, labels: labels)
        let forest = Forest(
            trees: builder.trees,
            values: builder.values,
            base: base,
            link: choice.link
        )
        model.append(forest, columns: choice.columns)
        model.finish(TreeRule.snakeCase(estimator), choice.head)
    }
}

/// The loss of gradient boosting and what depends on it when it predicts.
struct BoostingLoss {
    /// The class: `HalfBinomialLoss`.
    var name: String
    var labelRule: BoostingLabelRule
    /// How the first guess of classifiers relates to probabilities.
    var isExponential: Bool
    /// Whether the first guess is as before scikit-learn 1.4.
    var isOld: Bool

    init(
        _ estimator: EstimatorAttributes,
        isClassifier: Bool
    ) throws(SklearnError) {
        var object = try estimator.nested("_loss")
        if object == nil { object = try estimator.nested("loss_") }
        guard let object else {
            throw .malformed("\(estimator.label) says nothing of its loss; fit it again")
        }
        name = object.step.className
        isExponential = name == "ExponentialLoss"
        isOld = TreeVersion(estimator) < TreeVersion(1, 4)
        switch name {
        case "BinomialDeviance", "MultinomialDeviance": labelRule = .probability
        case "HalfBinomialLoss", "ExponentialLoss": labelRule = .notNegative
        case "HalfMultinomialLoss": labelRule = .raw
        case "LeastSquaresError", "LeastAbsoluteError", "HuberLossFunction",
            "QuantileLossFunction", "HalfSquaredError", "AbsoluteError", "HuberLoss", "PinballLoss":
            labelRule = .value
        default:
            throw .unsupported(
                "\(estimator.label) has the loss \(name), which is not supported; supported are "
                    + "all losses that scikit-learn names"
            )
        }
        guard isClassifier == (labelRule != .value) else {
            throw .malformed("\(estimator.label) has the loss \(name)")
        }
    }
}

/// How boosted trees' sums become a label.
enum BoostingLabelRule {
    /// A regressor.
    case value
    /// The exponential is the value (Poisson, gamma).
    case exponential
    /// Two classes: the second when the sum is at least 0, or above 0.
    case notNegative
    case positive
    /// The largest probability.
    case probability
    /// The largest sum.
    case raw
}

/// The link and the head that a label rule needs.
struct BoostingChoice {
    var link: ForestLink
    var head: ModelHead
    var columns: Int

    init(_ rule: BoostingLabelRule, labels: [String]) {
        let isBinary = labels.count == 2
        switch rule {
        case .value: (link, head, columns) = (.sum, .value, 1)
        case .exponential: (link, head, columns) = (.exponential, .value, 1)
        case .notNegative:
            (link, columns) = (.sum, 1)
            head = ModelHead(label: .notNegative(column: 0), labels: labels)
        case .positive:
            (link, columns) = (.sum, 1)
            head = ModelHead(label: .positive(column: 0), labels: labels)
        case .probability where isBinary:
            (link, columns) = (.logistic, 3)
            head = ModelHead(label: .argmax(1..<3), labels: labels)
        case .probability, .raw:
            columns = labels.count + 1
            link = rule == .raw ? .largestSoftmax : .softmax
            head = ModelHead(label: .argmax(1..<columns), labels: labels)
        }
    }
}
