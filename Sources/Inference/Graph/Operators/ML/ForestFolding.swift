/// Forests out of the nodes of a graph, and one forest out of many.
extension FloatForest {
    /// The trees of a TreeEnsembleRegressor or TreeEnsemble node; nil for other nodes.
    ///
    /// - Throws: `GraphError` naming the attribute that does not fit.
    package init?(scoresOf node: GraphNode, roundsInput: Bool) throws(GraphError) {
        let call = OperatorCall(node: node, inputs: [], meter: WorkMeter())
        guard node.domain == "ai.onnx.ml" else { return nil }
        var table: ForestTable
        switch node.operatorName {
        case "TreeEnsembleRegressor": table = try TreeEnsembleRegressorOperator.table(call)
        case "TreeEnsemble": table = try TreeEnsembleOperator.table(call)
        default: return nil
        }
        table.roundsInput = roundsInput
        self.init(table)
    }

    /// The trees and labels of a TreeEnsembleClassifier node; nil for other nodes.
    ///
    /// - Throws: `GraphError` naming the attribute that does not fit.
    package static func classifier(
        _ node: GraphNode,
        roundsInput: Bool
    ) throws(GraphError) -> (forest: FloatForest, labels: [String])? {
        guard node.domain == "ai.onnx.ml", node.operatorName == "TreeEnsembleClassifier" else {
            return nil
        }
        let call = OperatorCall(node: node, inputs: [], meter: WorkMeter())
        var (table, labels) = try TreeEnsembleClassifierOperator.table(call)
        table.roundsInput = roundsInput
        switch labels {
        case .integers(let values): return (FloatForest(table), values.map { "\($0)" })
        case .strings(let values): return (FloatForest(table), values)
        }
    }

    /// Columns that the trees read at least.
    package var featureCount: Int { table.featureCount }

    /// The results of the single tree's leaves in order; nil when it is not a plain single tree.
    package var singleTreeLeaves: [Double]? {
        guard table.roots.count == 1, table.targetCount == 1, table.kind == .scores,
            table.transform == .none,
            table.voteTargets.isEmpty, table.members.isEmpty, table.base.allSatisfy({ $0 == 0 })
        else { return nil }
        return table.keys.indices.filter { Self.isLeaf(table.keys[$0]) }.map {
            Double(Float(table.values[$0]))
        }
    }

    /// The sum of single trees whose leaves get other values, each on its own columns.
    ///
    /// - Throws: `GraphError` when values or columns do not fit.
    package static func sum(
        _ trees: [(forest: FloatForest, columns: [Int]?, leaves: [Double])],
        roundsInput: Bool
    ) throws(GraphError) -> FloatForest {
        var sum = ForestTable()
        sum.roundsInput = roundsInput
        for (forest, columns, leaves) in trees {
            let table = forest.table
            let shift = UInt32(sum.keys.count)
            var next = leaves.makeIterator()
            for index in table.keys.indices {
                let key = table.keys[index]
                guard !isLeaf(key) else {
                    guard let value = next.next() else {
                        throw GraphError(.invalid, "a tree has more leaves than values")
                    }
                    sum.keys.append(key)
                    sum.values.append(value)
                    sum.links.append(0)
                    continue
                }
                var feature = Int(key >> 4)
                if let columns {
                    guard columns.indices.contains(feature), columns[feature] >= 0 else {
                        throw GraphError(.invalid, "a node reads feature \(feature)")
                    }
                    feature = columns[feature]
                }
                sum.featureCount = max(sum.featureCount, feature + 1)
                sum.keys.append(UInt32(truncatingIfNeeded: feature) << 4 | key & 15)
                sum.values.append(table.values[index])
                sum.links.append(table.links[index] + shift)
            }
            sum.roots.append(shift)
        }
        return FloatForest(sum)
    }

    private static func isLeaf(_ key: UInt32) -> Bool {
        key & 7 == ForestTable.Mode.leaf.rawValue
    }
}

extension FloatForest {
    /// The same classifier, of whose scores only the largest is given.
    package var givingBestScore: FloatForest {
        var copy = self
        if copy.table.kind == .classes { copy.table.kind = .bestClass }
        return copy
    }

    /// Columns of a result row.
    package var scoreCount: Int { table.outputCount }
}

extension GraphPort {
    /// Lets the port stand for a value of the graph that a part is taken from.
    package mutating func setValue(_ value: Int) { self.value = value }
}
