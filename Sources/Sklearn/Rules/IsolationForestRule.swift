#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif
internal import Inference

/// The isolation forest: how few questions set a row apart.
enum IsolationForestRule: EstimatorRule {
    static let package: StaticString = "sklearn.ensemble"
    static let classNames: [StaticString] = ["IsolationForest"]
    static let role = EstimatorRole.final

    /// - Source: scikit-learn, ensemble/_iforest.py, IsolationForest.decision_function.
    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("estimators_")
        let version = TreeVersion(estimator)
        let members = try estimator.nestedList("estimators_", atMost: TreeReading.treeCountMax)
        guard !members.isEmpty else { throw .malformed("\(estimator.label) has no trees") }
        let columns = try TreeColumns(estimator, treeCount: members.count)
        var builder = ForestBuilding(width: 1)
        for (index, member) in members.enumerated() {
            var fitted = try TreeReading.read(member, into: &model)
            try columns.apply(index, to: &fitted, of: member)
            if index == 0 { try model.take(columns.count ?? fitted.featureCount, estimator) }
            guard columns.count != nil || fitted.featureCount == model.width else {
                throw .malformed("\(member.label) takes \(fitted.featureCount) columns")
            }
            fitted.values = pathLengths(fitted, version: version)
            fitted.valueWidth = 1
            builder.append(fitted)
        }
        let score = try isolationScore(estimator, version)
        var facts: [ModelFact] = []
        if let rows = try sampleCount(estimator) {
            facts.append(ModelFact("max_samples", "\(rows)"))
        }
        facts.append(ModelFact("offset", "\(score.offset)"))
        let acceptsAny = version >= TreeVersion(1, 6)
        let forest = Forest(
            trees: builder.trees,
            values: builder.values,
            link: .isolation(score),
            acceptsLarge: acceptsAny,
            acceptsMissing: acceptsAny,
            trainingFacts: facts
        )
        model.append(forest, columns: 1)
        let isStrict = version < TreeVersion(0, 20)
        let head = ModelHead(
            anomaly: isStrict ? .notAbove(score.threshold) : .below(score.threshold)
        )
        model.finish("isolation_forest", head)
    }

    /// Nodes on the way to each leaf but the first, plus what its rows would still take.
    private static func pathLengths(_ fitted: FittedTree, version: TreeVersion) -> [Double] {
        (0..<fitted.leafCount).map { leaf in
            let nodes = Double(fitted.depths[leaf]) + 1
            let rest = averagePathLength(fitted.sampleCounts[leaf])
            return version < TreeVersion(0, 22) ? (nodes - 1) + rest : (nodes + rest) - 1
        }
    }

    /// - Source: scikit-learn, ensemble/_iforest.py, _average_path_length.
    static func averagePathLength(_ rows: Double) -> Double {
        if rows <= 1 { return 0 }
        if rows == 2 { return 1 }
        return 2 * (log(rows - 1) + 0.577215664901532860606512090082402431) - 2 * (rows - 1) / rows
    }

    private static func sampleCount(
        _ estimator: EstimatorAttributes
    ) throws(SklearnError) -> Int? {
        var number = try estimator.number("_max_samples")
        if number == nil { number = try estimator.number("max_samples_") }
        return number.flatMap { Int(exactly: $0) }
    }

    private static func isolationScore(
        _ estimator: EstimatorAttributes,
        _ version: TreeVersion
    ) throws(SklearnError) -> IsolationScore {
        guard let rows = try sampleCount(estimator), rows >= 1 else {
            throw .malformed("\(estimator.label) has no number of training rows a tree")
        }
        var score = IsolationScore(
            averagePathLength: averagePathLength(Double(rows)),
            offset: -0.5,
            dividesMean: version < TreeVersion(0, 22)
        )
        if let offset = try estimator.number("offset_") { score.offset = offset }
        // 0.19, and 0.20 when it was told to behave so, compare with a number of their own.
        if version < TreeVersion(0, 22) {
            var threshold = try estimator.number("_threshold_")
            if threshold == nil { threshold = try estimator.number("threshold_") }
            score.threshold = threshold ?? 0
        }
        return score
    }
}

/// The columns of the model that each tree was given.
private struct TreeColumns {
    /// Columns of the model; nil when the file does not say.
    let count: Int?
    private let lists: [[Int32]]

    init(_ estimator: EstimatorAttributes, treeCount: Int) throws(SklearnError) {
        var number = try estimator.number("n_features_in_")
        if number == nil { number = try estimator.number("n_features_") }
        count = number.flatMap { Int(exactly: $0) }
        let most = try estimator.number("_max_features")
        guard let count, most != Double(count) else {
            lists = []
            return
        }
        var lists: [[Int32]] = []
        for item in try estimator.sequence("estimators_features_", atMost: treeCount) {
            guard case .array(let array) = estimator.arena[item], array.rank == 1,
                array.count <= 1_000_000, let numbers = estimator.arena.numbers(array)
            else { throw .malformed("estimators_features_ of \(estimator.label) are no columns") }
            var list: [Int32] = []
            for number in numbers {
                guard let column = Int32(exactly: number), column >= 0, column < count else {
                    throw .malformed(
                        "estimators_features_ of \(estimator.label) name column \(number)"
                    )
                }
                list.append(column)
            }
            lists.append(list)
        }
        guard lists.count == treeCount else {
            throw .malformed("\(estimator.label) says of no tree which columns it takes")
        }
        self.lists = lists
    }

    /// Makes a tree ask for columns of the model.
    func apply(
        _ index: Int,
        to fitted: inout FittedTree,
        of member: EstimatorAttributes
    ) throws(SklearnError) {
        guard index < lists.count else {
            guard fitted.featureCount == count ?? fitted.featureCount else {
                throw .malformed("\(member.label) takes \(fitted.featureCount) columns")
            }
            return
        }
        let list = lists[index]
        guard list.count == fitted.featureCount else {
            throw .malformed("\(member.label) takes \(fitted.featureCount) columns")
        }
        for node in fitted.tree.nodes.indices where !fitted.tree.nodes[node].isLeaf {
            fitted.tree.nodes[node].feature = list[Int(fitted.tree.nodes[node].feature)]
        }
    }
}
