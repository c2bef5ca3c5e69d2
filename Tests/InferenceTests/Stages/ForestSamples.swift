import Inference

/// A seeded generator (SplitMix64) for trees.
struct TreeRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Random forests and rows that tests share.
enum ForestSamples {
    /// Thresholds and values are tenths, so that they often are equal.
    static func forest(
        columns: Int,
        trees: Int,
        depth: Int,
        roundsToFloat: Bool,
        link: ForestLink = .sum,
        width: Int = 1,
        sums: Int = 1,
        categories: Bool = false,
        using random: inout TreeRandom
    ) -> Forest {
        var forest = Forest(
            trees: [],
            values: [],
            valueWidth: width,
            base: (0..<sums).map { _ in Double(Int.random(in: -5...5, using: &random)) / 10 },
            link: link,
            roundsToFloat: roundsToFloat,
            acceptsMissing: true
        )
        if categories {
            for _ in 0..<3 {
                let left = (0..<8).map { _ in UInt32.random(in: 0...UInt32.max, using: &random) }
                let more = (0..<8).map { _ in UInt32.random(in: 0...UInt32.max, using: &random) }
                forest.categorySets.append(
                    CategorySet(left: left, known: zip(left, more).map { $0 | $1 })
                )
            }
        }
        for _ in 0..<trees {
            var tree = DecisionTree(
                nodes: [],
                column: Int.random(in: 0...(sums - width), using: &random)
            )
            grow(&tree, &forest, columns: columns, depth: depth, using: &random)
            forest.trees.append(tree)
        }
        return forest
    }

    @discardableResult
    private static func grow(
        _ tree: inout DecisionTree,
        _ forest: inout Forest,
        columns: Int,
        depth: Int,
        using random: inout TreeRandom
    ) -> Int32 {
        let own = tree.nodes.count
        guard depth > 0, Int.random(in: 0..<6, using: &random) > 0 else {
            tree.nodes.append(.leaf(Int32(forest.values.count / forest.valueWidth)))
            for _ in 0..<forest.valueWidth {
                forest.values.append(Double(Int.random(in: -20...20, using: &random)) / 7)
            }
            return Int32(own)
        }
        tree.nodes.append(.leaf(0))
        var node = TreeNode.split(
            feature: Int32.random(in: 0..<Int32(columns), using: &random),
            threshold: Double(Int.random(in: -20...20, using: &random)) / 10,
            left: grow(&tree, &forest, columns: columns, depth: depth - 1, using: &random),
            right: grow(&tree, &forest, columns: columns, depth: depth - 1, using: &random),
            missingGoesLeft: Bool.random(using: &random)
        )
        if !forest.categorySets.isEmpty, Bool.random(using: &random) {
            node.categorySet = Int32.random(in: 0..<3, using: &random)
        }
        tree.nodes[own] = node
        return Int32(own)
    }

    /// Rows around the thresholds, some values missing, infinite or categories.
    static func rows(
        _ count: Int,
        columns: Int,
        missing: Bool,
        using random: inout TreeRandom
    ) -> [Double] {
        (0..<(count * columns)).map { _ in
            switch Int.random(in: 0..<20, using: &random) {
            case 0 where missing: .nan
            case 1: Double(Int.random(in: 0...300, using: &random))
            case 2: Double(Int.random(in: -20...20, using: &random)) / 10
            case 3: Double(Float(Int.random(in: -20...20, using: &random)) / 10)
            default: Double.random(in: -3...3, using: &random)
            }
        }
    }
}
