/// The plain forests among those of ONNX graphs, as the stage with the fastest trees.
extension FloatForest {
    /// Numbers that the leaves of one forest may give together.
    private static let valueCountMax = 1 << 26

    /// The same sums by the stage that scikit-learn's forests have; nil where it lacks something.
    ///
    /// Trees that only ask whether a value is at most, or below, a threshold, and whose votes are
    /// added up.
    package func plainForest(isFloat: Bool, link: ForestLink = .sum) -> Forest? {
        let width = table.targetCount
        guard table.kind == .scores, table.aggregate == .sum, table.transform == .none,
            table.base.count <= 1 || table.base.count == width
        else { return nil }
        var trees: [DecisionTree] = []
        var values: [Double] = []
        for (position, root) in table.roots.enumerated() {
            let first = Int(root)
            let isLast = position + 1 == table.roots.count
            let end = isLast ? table.keys.count : Int(table.roots[position + 1])
            guard first < end else { return nil }
            var nodes: [TreeNode] = []
            nodes.reserveCapacity(end - first)
            for index in first..<end {
                guard let node = node(index, first, &values, width) else { return nil }
                nodes.append(node)
            }
            guard values.count <= Self.valueCountMax else { return nil }
            trees.append(DecisionTree(nodes: nodes))
        }
        let base =
            table.base.count == width
            ? table.base : [Double](repeating: table.base.first ?? 0, count: width)
        return Forest(
            trees: trees,
            values: values,
            valueWidth: width,
            base: base,
            link: link,
            roundsToFloat: isFloat,
            acceptsMissing: true
        )
    }

    private func node(
        _ index: Int,
        _ first: Int,
        _ values: inout [Double],
        _ width: Int
    ) -> TreeNode? {
        let key = table.keys[index]
        switch key & 7 {
        case ForestTable.Mode.leaf.rawValue:
            let row = values.count / width
            values.append(contentsOf: repeatElement(0, count: width))
            for (target, weight) in votes(index) { values[row * width + target] += weight }
            return Int32(exactly: row).map { .leaf($0) }
        case ForestTable.Mode.atMost.rawValue, ForestTable.Mode.below.rawValue:
            let isBelow = key & 7 == ForestTable.Mode.below.rawValue
            let threshold = table.values[index]
            guard !threshold.isNaN, let right = Int32(exactly: Int(table.links[index]) - first)
            else { return nil }
            return .split(
                feature: Int32(key >> 4),
                threshold: isBelow ? threshold.nextDown : threshold,
                left: Int32(index - first + 1),
                right: right,
                missingGoesLeft: key & 8 != 0
            )
        default: return nil
        }
    }

    private func votes(_ leaf: Int) -> [(target: Int, weight: Double)] {
        let count = Int(table.keys[leaf] >> 4)
        let first = Int(table.links[leaf])
        if count == 1 { return [(first, table.values[leaf])] }
        return (first..<first + count).map {
            (Int(table.voteTargets[$0]), table.voteWeights[$0])
        }
    }
}
