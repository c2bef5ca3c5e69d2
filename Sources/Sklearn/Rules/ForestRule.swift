internal import Inference

/// Random forests and extra trees: the mean of the trees' values or class shares.
enum ForestRule: EstimatorRule {
    static let package: StaticString = "sklearn.ensemble"
    static let classNames: [StaticString] = [
        "RandomForestRegressor", "ExtraTreesRegressor", "RandomForestClassifier",
        "ExtraTreesClassifier",
    ]
    static let role = EstimatorRole.final

    /// - Source: scikit-learn, ensemble/_forest.py, ForestClassifier.predict_proba.
    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("estimators_")
        let members = try estimator.nestedList("estimators_", atMost: TreeReading.treeCountMax)
        guard let first = members.first else {
            throw .malformed("\(estimator.label) has no trees")
        }
        let isClassifier = estimator.step.className.hasSuffix("Classifier")
        let labels = isClassifier ? try TreeClasses.labels(estimator) : []
        let width = isClassifier ? labels.count : 1
        let version = TreeVersion(estimator)
        var builder = ForestBuilding(width: width)
        for member in members {
            var fitted = try TreeReading.read(member, into: &model)
            try model.take(fitted.featureCount, member)
            guard fitted.valueWidth == width else {
                throw .malformed(
                    "\(member.label) has \(fitted.valueWidth) values a leaf where \(width) belong"
                )
            }
            if isClassifier {
                fitted.values = TreeClasses.shares(
                    fitted.values,
                    width: width,
                    version: TreeVersion(member)
                )
            }
            builder.append(fitted)
        }
        let forest = Forest(
            trees: builder.trees,
            values: builder.values,
            valueWidth: width,
            base: [Double](repeating: 0, count: width),
            link: .mean,
            acceptsMissing: version >= TreeVersion(1, 4) && version.acceptsMissing(first)
        )
        model.append(forest, columns: width)
        guard isClassifier else {
            model.finish(TreeRule.snakeCase(estimator), .value)
            return
        }
        let head = ModelHead(
            score: width == 2 ? .column(1) : .maximum,
            label: .argmax(0..<width),
            labels: labels
        )
        model.finish(TreeRule.snakeCase(estimator), head)
    }
}

/// Trees of a forest being put together, their values one after another.
struct ForestBuilding {
    private(set) var trees: [DecisionTree] = []
    private(set) var values: [Double] = []
    private let width: Int
    private var leafCount = 0

    init(width: Int) {
        self.width = width
    }

    /// Adds a tree; `column` is the sum its values begin at, each of them multiplied by `scale`.
    mutating func append(_ fitted: FittedTree, column: Int = 0, scale: Double = 1) {
        var tree = fitted.tree
        tree.column = column
        for index in tree.nodes.indices where tree.nodes[index].isLeaf {
            tree.nodes[index].value += Int32(leafCount)
        }
        leafCount += fitted.leafCount
        trees.append(tree)
        if scale == 1 {
            values.append(contentsOf: fitted.values)
        } else {
            for value in fitted.values { values.append(scale * value) }
        }
    }
}
