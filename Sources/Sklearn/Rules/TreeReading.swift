internal import Inference

/// A fitted tree as scikit-learn's Cython class holds it, with its leaves' values alone.
struct FittedTree {
    /// A leaf's value is its row of ``values``.
    var tree: DecisionTree
    /// Shape: `[leaves, valueWidth]`, row-major.
    var values: [Double]
    var valueWidth: Int
    /// Training rows of each leaf.
    var sampleCounts: [Double]
    /// Steps from the root to each leaf; 0 for one that no walk reaches.
    var depths: [Int32]
    var featureCount: Int

    var leafCount: Int { depths.count }
    var numberCount: Int { 4 * tree.nodes.count + values.count }
}

/// Reads fitted trees: `tree_` of an estimator, a `Tree` with a record array of nodes.
enum TreeReading {
    static let nodeCountMax = 1 << 24
    static let treeCountMax = 100_000

    /// Reads an estimator's tree and counts its numbers.
    ///
    /// - Source: scikit-learn, tree/_tree.pyx, Tree.__reduce__ and Tree.__getstate__.
    static func read(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) -> FittedTree {
        try estimator.requireFitted("tree_")
        guard let tree = try estimator.nested("tree_") else {
            throw .notFitted("\(estimator.label) is not fitted (its tree_ is None)")
        }
        let featureCount = try sizes(tree, estimator)
        let columns = try NodeColumns(tree)
        try model.charge(5 * columns.count, estimator)
        guard let value = tree.find("values"), case .array(var array) = tree.arena[value],
            columns.count > 0, array.count >= columns.count,
            array.count.isMultiple(of: columns.count), array.rows == columns.count
        else { throw .malformed("\(tree.label) has no values for its \(columns.count) nodes") }
        let width = array.count / columns.count
        guard !array.isFortran || width == 1 else {
            throw .malformed("the values of \(tree.label) are in column order")
        }
        try model.charge(array.count, estimator)
        // [nodes, outputs, classes] with one output.
        array.rank = 2
        array.columns = width
        guard let values = tree.arena.numbers(array) else {
            throw .malformed("the values of \(tree.label) are not numbers")
        }
        let fitted = try assemble(columns, values, width, featureCount, tree)
        return fitted
    }

    /// Checks what the tree was made from; gives its number of columns.
    private static func sizes(
        _ tree: EstimatorAttributes,
        _ estimator: EstimatorAttributes
    ) throws(SklearnError) -> Int {
        let arguments = try tree.arguments(atMost: 8)
        guard arguments.count >= 3, case .int(let features) = tree.arena[arguments[0]],
            let outputs = tree.arena.number(arguments[2]), (1...1_000_000).contains(features)
        else { throw .malformed("\(tree.label) was not made from its sizes") }
        guard outputs == 1 else {
            throw .unsupported(
                "\(estimator.label) predicts \(outputs) outputs at once; fit one model for each"
            )
        }
        return features
    }

    private static func assemble(
        _ columns: NodeColumns,
        _ values: [Double],
        _ width: Int,
        _ featureCount: Int,
        _ tree: EstimatorAttributes
    ) throws(SklearnError) -> FittedTree {
        var fitted = FittedTree(
            tree: DecisionTree(nodes: []),
            values: [],
            valueWidth: width,
            sampleCounts: [],
            depths: [],
            featureCount: featureCount
        )
        for index in 0..<columns.count {
            if columns.left[index] < 0 {
                fitted.tree.nodes.append(.leaf(Int32(fitted.leafCount)))
                fitted.values.append(contentsOf: values[(index * width)..<((index + 1) * width)])
                fitted.sampleCounts.append(columns.samples[index])
                fitted.depths.append(0)
                continue
            }
            guard let left = Int32(exactly: columns.left[index]),
                let right = Int32(exactly: columns.right[index]),
                let feature = Int32(exactly: columns.feature[index]),
                (0..<featureCount).contains(Int(feature)), !columns.threshold[index].isNaN
            else { throw .malformed("node \(index) of \(tree.label) does not fit the tree") }
            fitted.tree.nodes.append(
                .split(
                    feature: feature,
                    threshold: columns.threshold[index],
                    left: left,
                    right: right,
                    missingGoesLeft: columns.missing[index] != 0
                )
            )
        }
        let order = fitted.tree.breadthFirst()
        if let problem = order.problem { throw .malformed("\(tree.label): \(problem)") }
        for (index, depth) in zip(order.nodes, order.depths) {
            let node = fitted.tree.nodes[Int(index)]
            if node.isLeaf { fitted.depths[Int(node.value)] = depth }
        }
        return fitted
    }
}

/// The fields of a tree's nodes, each as numbers.
private struct NodeColumns {
    var left: [Double]
    var right: [Double]
    var feature: [Double]
    var threshold: [Double]
    var samples: [Double]
    /// Where a missing value goes; all 0 before scikit-learn 1.3.
    var missing: [Double]

    var count: Int { left.count }

    init(_ tree: EstimatorAttributes) throws(SklearnError) {
        guard let value = tree.find("nodes"), case .array(let array) = tree.arena[value],
            array.rank == 1, array.count > 0
        else { throw .malformed("\(tree.label) has no nodes") }
        guard array.count <= TreeReading.nodeCountMax else {
            throw .limit("\(tree.label) has \(array.count) nodes")
        }
        func field(_ name: StaticString) throws(SklearnError) -> [Double] {
            guard let numbers = try tree.arena.numbers(array, field: name) else {
                throw .malformed("the nodes of \(tree.label) have no \(name)")
            }
            return numbers
        }
        left = try field("left_child")
        right = try field("right_child")
        feature = try field("feature")
        threshold = try field("threshold")
        samples = try field("n_node_samples")
        missing =
            try tree.arena.numbers(array, field: "missing_go_to_left")
            ?? [Double](repeating: 0, count: array.count)
    }
}

/// The scikit-learn that wrote an estimator.
struct TreeVersion: Comparable {
    var major: Int
    var minor: Int

    init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// The newest one when the file does not say.
    init(_ estimator: EstimatorAttributes) {
        let parts = (estimator.text("_sklearn_version") ?? "").split(separator: ".").map {
            Int($0.prefix { $0.isASCII && $0.isNumber })
        }
        guard parts.count >= 2, let major = parts[0], let minor = parts[1] else {
            self.init(Int.max, 0)
            return
        }
        self.init(major, minor)
    }

    static func < (left: TreeVersion, right: TreeVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}

extension TreeVersion {
    /// Whether a single tree of this version predicts rows with missing values.
    ///
    /// - Source: scikit-learn, tree/_classes.py, `allow_nan` and `_support_missing_values`.
    func acceptsMissing(_ tree: EstimatorAttributes) -> Bool {
        guard self >= TreeVersion(1, 3) else { return false }
        let splitter = tree.text("splitter") ?? ""
        let isExtra = tree.step.className.hasPrefix("ExtraTree")
        if self >= TreeVersion(1, 9) { return !isExtra || splitter == "random" }
        if self >= TreeVersion(1, 4), let value = tree.find("monotonic_cst") {
            guard case .none = tree.arena[value] else { return false }
        }
        let criteria =
            tree.step.className.hasSuffix("Classifier")
            ? ["gini", "log_loss", "entropy"] : ["squared_error", "friedman_mse", "poisson"]
        guard criteria.contains(tree.text("criterion") ?? "") else { return false }
        guard self >= TreeVersion(1, 6) else { return splitter == "best" }
        return splitter == "random" || (!isExtra && splitter == "best")
    }
}
