/// Decision trees whose values are added, tree after tree, and what becomes of the sums.
///
/// Trees, forests, boosted trees and isolation forests. Comparisons and additions are
/// scikit-learn's, so sums agree to the last bit.
public struct Forest: Stage {
    public static let code: UInt16 = 16
    public static let name = "trees"

    public var trees: [DecisionTree]
    /// Shape: `[rows, valueWidth]`, row-major; what leaves give.
    public var values: [Double]
    public var valueWidth: Int
    public var categorySets: [CategorySet]
    /// What the sums begin with; one number for each.
    public var base: [Double]
    public var link: ForestLink
    /// Whether a value is rounded to float first; a finite one beyond floats fails its row.
    public var roundsToFloat: Bool
    /// Whether a value beyond floats counts as infinite instead.
    public var acceptsLarge: Bool
    public var acceptsMissing: Bool
    /// What is known of the training.
    public var trainingFacts: [ModelFact]

    public init(
        trees: [DecisionTree],
        values: [Double],
        valueWidth: Int = 1,
        categorySets: [CategorySet] = [],
        base: [Double] = [0],
        link: ForestLink = .sum,
        roundsToFloat: Bool = true,
        acceptsLarge: Bool = false,
        acceptsMissing: Bool = false,
        trainingFacts: [ModelFact] = []
    ) {
        self.trees = trees
        self.values = values
        self.valueWidth = valueWidth
        self.categorySets = categorySets
        self.base = base
        self.link = link
        self.roundsToFloat = roundsToFloat
        self.acceptsLarge = acceptsLarge
        self.acceptsMissing = acceptsMissing
        self.trainingFacts = trainingFacts
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        guard trees.count <= ForestLimits.treeCountMax else {
            throw .invalid("\(trees.count) trees exceed \(ForestLimits.treeCountMax)")
        }
        guard !trees.isEmpty else { throw .invalid("there are no trees") }
        try StageCheck.columns(base.count, "the number of sums")
        try StageCheck.vector(base, base.count, "base")
        guard valueWidth >= 1, valueWidth <= base.count, !values.isEmpty,
            values.count.isMultiple(of: valueWidth)
        else {
            throw .invalid("\(values.count) leaf values are no rows of \(valueWidth)")
        }
        try StageCheck.vector(values, values.count, "leaf values")
        for set in categorySets where set.left.count != 8 || set.known.count != 8 {
            throw .invalid("a category set does not have 256 categories")
        }
        if case .isolation(let score) = link {
            try StageCheck.finite(score.averagePathLength, "average path length")
            try StageCheck.finite(score.offset, "offset")
            try StageCheck.finite(score.threshold, "threshold")
        }
        let nodeCount = trees.reduce(0) { $0 + $1.nodes.count }
        guard nodeCount <= ForestLimits.nodeCountMax else {
            throw .invalid("\(nodeCount) nodes exceed \(ForestLimits.nodeCountMax)")
        }
        for (index, tree) in trees.enumerated() {
            do {
                try check(tree, inputCount: inputCount)
            } catch {
                throw .invalid("tree \(index + 1): \(error.message)")
            }
        }
        return link.outputCount(sumCount: base.count)
    }

    private func check(_ tree: DecisionTree, inputCount: Int) throws(InferenceError) {
        guard tree.column >= 0, tree.column <= base.count - valueWidth else {
            throw .invalid("its values begin at sum \(tree.column) of \(base.count)")
        }
        let rows = values.count / valueWidth
        let order = tree.breadthFirst()
        if let problem = order.problem { throw .invalid(problem) }
        for index in order.nodes {
            let node = tree.nodes[Int(index)]
            if node.isLeaf {
                guard node.value >= 0, Int(node.value) < rows else {
                    throw .invalid("a leaf's value is row \(node.value) of \(rows)")
                }
                continue
            }
            guard node.feature >= 0, Int(node.feature) < inputCount else {
                throw .invalid("a node asks for column \(node.feature) of \(inputCount)")
            }
            if node.categorySet >= 0 {
                guard Int(node.categorySet) < categorySets.count else {
                    throw .invalid("a node asks for category set \(node.categorySet)")
                }
            } else if node.threshold.isNaN {
                throw .invalid("a threshold is not a number")
            }
        }
    }

    public func reference(_ row: [Double]) -> [Double] {
        let rounded = roundsToFloat ? row.map { Double(Float($0)) } : row
        var sums = base
        for tree in trees {
            let first = Int(tree.leaf(rounded, categorySets).value) * valueWidth
            for column in 0..<valueWidth { sums[tree.column + column] += values[first + column] }
        }
        var result = [Double](
            repeating: 0,
            count: link.outputCount(sumCount: base.count)
        )
        result.withUnsafeMutableBufferPointer { output in
            sums.withUnsafeBufferPointer { sums in
                guard let sums = sums.baseAddress, let output = output.baseAddress else { return }
                link.apply(sums, sumCount: base.count, treeCount: trees.count, to: output)
            }
        }
        return result
    }

    public func findings() -> [ModelFinding] {
        // One tree that never asks may be all there is to learn; of a forest it says more.
        let count = trees.reduce(0) { $0 + (($1.nodes.first?.isLeaf ?? true) ? 1 : 0) }
        guard count > 0 else { return [] }
        if count == trees.count {
            return [
                ModelFinding(
                    .error,
                    code: "single_leaf_trees",
                    count == 1
                        ? "its only tree is a single leaf, so all rows get the same result"
                        : "all \(count) trees are single leaves, so all rows get the same result"
                )
            ]
        }
        return [
            ModelFinding(
                .warning,
                code: "single_leaf_trees",
                count == 1
                    ? "1 of \(trees.count) trees is a single leaf"
                    : "\(count) of \(trees.count) trees are single leaves"
            )
        ]
    }
}
