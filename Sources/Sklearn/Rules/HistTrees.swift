internal import Inference

/// The predictors of histogram gradient boosting being read.
struct HistTrees {
    private(set) var trees: [DecisionTree] = []
    private(set) var values: [Double] = []
    private(set) var sets: [CategorySet] = []
    private let estimator: EstimatorAttributes
    private let categories: HistCategories

    init(_ estimator: EstimatorAttributes, _ categories: HistCategories) {
        self.estimator = estimator
        self.categories = categories
    }

    /// Reads one `TreePredictor`.
    ///
    /// - Source: scikit-learn, _hist_gradient_boosting/common.pyx, PREDICTOR_RECORD_DTYPE.
    mutating func append(
        _ predictor: EstimatorAttributes,
        column: Int,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        let nodes = try HistNodes(predictor)
        try model.charge(6 * nodes.count, estimator)
        let bits = try CategoryBits(predictor)
        var tree = DecisionTree(nodes: [], column: column)
        for index in 0..<nodes.count {
            if nodes.isLeaf[index] != 0 {
                tree.nodes.append(.leaf(Int32(values.count)))
                values.append(nodes.value[index])
                continue
            }
            guard let left = Int32(exactly: nodes.left[index]),
                let right = Int32(exactly: nodes.right[index]),
                let asked = Int(exactly: nodes.feature[index]),
                let feature = categories.column(asked), !nodes.threshold[index].isNaN
            else { throw .malformed("node \(index) of \(predictor.label) does not fit the tree") }
            var node = TreeNode.split(
                feature: Int32(feature),
                threshold: nodes.threshold[index],
                left: left,
                right: right,
                missingGoesLeft: nodes.missing[index] != 0
            )
            if nodes.isCategorical[index] != 0 {
                guard let set = Int(exactly: nodes.set[index]), let known = categories.known(asked),
                    let left = bits.words(set)
                else { throw .malformed("node \(index) of \(predictor.label) has no categories") }
                node.categorySet = Int32(sets.count)
                sets.append(CategorySet(left: left, known: known))
                try model.charge(8, estimator)
            }
            tree.nodes.append(node)
        }
        if let problem = tree.breadthFirst().problem {
            throw .malformed("\(predictor.label): \(problem)")
        }
        trees.append(tree)
    }
}

/// The fields of a predictor's nodes, each as numbers.
private struct HistNodes {
    var value: [Double]
    var feature: [Double]
    var threshold: [Double]
    var left: [Double]
    var right: [Double]
    var isLeaf: [Double]
    var missing: [Double]
    var isCategorical: [Double]
    var set: [Double]

    var count: Int { value.count }

    init(_ predictor: EstimatorAttributes) throws(SklearnError) {
        guard let nodes = predictor.find("nodes"), case .array(let array) = predictor.arena[nodes],
            array.rank == 1, array.count > 0
        else { throw .malformed("\(predictor.label) has no nodes") }
        guard array.count <= TreeReading.nodeCountMax else {
            throw .limit("\(predictor.label) has \(array.count) nodes")
        }
        func find(_ name: StaticString) throws(SklearnError) -> [Double]? {
            try predictor.arena.numbers(array, field: name)
        }
        func field(_ name: StaticString) throws(SklearnError) -> [Double] {
            guard let numbers = try find(name) else {
                throw .malformed("the nodes of \(predictor.label) have no \(name)")
            }
            return numbers
        }
        let none = [Double](repeating: 0, count: array.count)
        value = try field("value")
        feature = try field("feature_idx")
        var threshold = try find("num_threshold")
        if threshold == nil { threshold = try field("threshold") }
        self.threshold = threshold ?? none
        left = try field("left")
        right = try field("right")
        isLeaf = try field("is_leaf")
        missing = try find("missing_go_to_left") ?? none
        isCategorical = try find("is_categorical") ?? none
        set = try find("bitset_idx") ?? none
    }
}

/// The categories that go left, eight words a node that asks for them.
private struct CategoryBits {
    private var all: [Double] = []

    init(_ predictor: EstimatorAttributes) throws(SklearnError) {
        guard let (values, shape) = try predictor.matrix("raw_left_cat_bitsets") else { return }
        guard shape.rank == 2, shape.columns == 8 || values.isEmpty else {
            throw .malformed("the categories of \(predictor.label) have another shape")
        }
        all = values
    }

    func words(_ set: Int) -> [UInt32]? {
        guard set >= 0, set < all.count / 8 else { return nil }
        let words = all[(8 * set)..<(8 * set + 8)].compactMap { UInt32(exactly: $0) }
        return words.count == 8 ? words : nil
    }
}
