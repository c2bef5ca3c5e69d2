/// Trees as version 5 has them: leaves apart from nodes, and branches on sets.
enum TreeEnsembleOperator: MLOperator {
    static let name = "TreeEnsemble"
    static let versions = [5]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let type = try call.tensor(0).type
        let wide = OperatorCall(node: call.node, inputs: try widened(call), meter: call.meter)
        let input = try MLMatrix(wide)
        var table = try table(call)
        table.isFloat = type != .double
        let results = try ForestRun.rows(table, input, call)
        let shape = [input.rows, table.targetCount]
        switch type {
        case .double: return [.tensor(try Tensor(shape: shape, .double(results)))]
        case .float16:
            let halves = results.map { Half(Float($0)) }
            return [.tensor(try Tensor(shape: shape, .float16(halves)))]
        default: return [try MLChecks.floats(results, shape: shape, call)]
        }
    }

    private static func widened(_ call: OperatorCall) throws(GraphError) -> [GraphValue?] {
        let input = try call.tensor(0)
        guard input.type == .float16 else { return call.inputs }
        return [.tensor(try Tensor(shape: input.shape, .float(try input.floats())))]
    }

    /// The trees of a node.
    ///
    /// - Throws: `GraphError` naming the attribute that does not fit.
    static func table(_ call: OperatorCall) throws(GraphError) -> ForestTable {
        let targetCount = try call.int("n_targets", default: 1)
        guard targetCount >= 1, targetCount <= ModelLimits.featureCountMax else {
            throw GraphError(.invalid, "attribute n_targets is \(targetCount)")
        }
        let aggregates: [ForestTable.Aggregate] = [.average, .sum, .minimum, .maximum]
        let transforms: [MLTransform] = [.none, .softmax, .logistic, .softmaxZero, .probit]
        let aggregate = try call.int("aggregate_function", default: 1)
        let transform = try call.int("post_transform", default: 0)
        guard aggregates.indices.contains(aggregate), transforms.indices.contains(transform)
        else {
            throw GraphError(
                .invalid,
                "aggregate_function is \(aggregate) and post_transform \(transform)"
            )
        }
        let nodes = try SplitNodes(call, targetCount: targetCount)
        var builder = ForestBuilder(limits: call.limits)
        for root in try call.ints("tree_roots") ?? [] {
            guard root >= 0, root < nodes.count else {
                throw GraphError(.invalid, "attribute tree_roots has \(root)")
            }
            var visits = Set<Int>()
            // Leaves are numbered behind the nodes.
            let start = nodes.isSingleLeaf(root) ? nodes.count + nodes.whenTrue[root] : root
            try builder.append(root: start) { position throws(GraphError) in
                guard position >= nodes.count || visits.insert(position).inserted else {
                    throw GraphError(.invalid, "node \(position) is reached twice")
                }
                return try nodes.item(position)
            }
        }
        return builder.finished {
            $0.aggregate = aggregates[aggregate]
            $0.transform = transforms[transform]
            $0.targetCount = targetCount
        }
    }
}

/// The node and leaf attributes of version 5.
private struct SplitNodes {
    let count: Int
    let whenTrue: [Int]
    private let whenFalse: [Int]
    private let trueIsLeaf: [Int]
    private let falseIsLeaf: [Int]
    private let features: [Int]
    private let splits: [Double]
    private let modes: [Int]
    private let missing: [Int]
    private let members: [Int: [Double]]
    private let leafTargets: [Int]
    private let leafWeights: [Double]
    private let targetCount: Int

    init(_ call: OperatorCall, targetCount: Int) throws(GraphError) {
        self.targetCount = targetCount
        features = try call.ints("nodes_featureids") ?? []
        count = features.count
        whenTrue = try call.ints("nodes_truenodeids") ?? []
        whenFalse = try call.ints("nodes_falsenodeids") ?? []
        trueIsLeaf = try call.ints("nodes_trueleafs") ?? []
        falseIsLeaf = try call.ints("nodes_falseleafs") ?? []
        modes = try call.tensorAttribute("nodes_modes")?.integers() ?? []
        splits = try call.tensorAttribute("nodes_splits")?.doubles() ?? []
        let tracks = try call.ints("nodes_missing_value_tracks_true") ?? []
        missing = tracks.isEmpty ? [Int](repeating: 0, count: count) : tracks
        leafTargets = try call.ints("leaf_targetids") ?? []
        leafWeights = try call.tensorAttribute("leaf_weights")?.doubles() ?? []
        members = try Self.members(call, modes)
        let lengths = [
            whenTrue.count, whenFalse.count, trueIsLeaf.count, falseIsLeaf.count, modes.count,
            splits.count, missing.count,
        ]
        let wanted = count
        guard lengths.allSatisfy({ $0 == wanted }), leafTargets.count == leafWeights.count else {
            throw GraphError(.invalid, "the attributes nodes_* or leaf_* have different lengths")
        }
    }

    /// The sets of the nodes that test membership, in the order of the nodes.
    private static func members(
        _ call: OperatorCall,
        _ modes: [Int]
    ) throws(GraphError) -> [Int: [Double]] {
        let values = try call.tensorAttribute("membership_values")?.doubles() ?? []
        var sets = values.split(omittingEmptySubsequences: false) { $0.isNaN }
        if sets.last?.isEmpty == true { sets.removeLast() }
        var members: [Int: [Double]] = [:]
        for index in modes.indices where modes[index] == 6 {
            guard members.count < sets.count else {
                throw GraphError(.invalid, "attribute membership_values has too few sets")
            }
            members[index] = Array(sets[members.count])
        }
        return members
    }

    /// Whether a node only stands for a leaf.
    func isSingleLeaf(_ node: Int) -> Bool {
        trueIsLeaf[node] != 0 && falseIsLeaf[node] != 0 && whenTrue[node] == whenFalse[node]
    }

    /// The node at a position, or the leaf behind all nodes.
    ///
    /// - Throws: `GraphError` when there is none.
    func item(_ position: Int) throws(GraphError) -> ForestBuilder.Item {
        if position >= count {
            let leaf = position - count
            guard leaf < leafTargets.count, leafTargets[leaf] >= 0,
                leafTargets[leaf] < targetCount
            else { throw GraphError(.invalid, "leaf \(leaf) is not there, or has no target") }
            return .leaf(votes: [(leafTargets[leaf], leafWeights[leaf])])
        }
        guard (0...6).contains(modes[position]),
            let mode = ForestTable.Mode(rawValue: UInt32(modes[position]))
        else { throw GraphError(.invalid, "attribute nodes_modes has \(modes[position])") }
        return .branch(
            feature: features[position],
            mode: mode,
            value: splits[position],
            missingGoesTrue: missing[position] != 0,
            members: members[position] ?? [],
            whenTrue: try target(whenTrue[position], isLeaf: trueIsLeaf[position] != 0),
            whenFalse: try target(whenFalse[position], isLeaf: falseIsLeaf[position] != 0)
        )
    }

    private func target(_ id: Int, isLeaf: Bool) throws(GraphError) -> Int {
        guard id >= 0, id < (isLeaf ? leafTargets.count : count) else {
            throw GraphError(.invalid, "\(isLeaf ? "leaf" : "node") \(id) is not there")
        }
        return isLeaf ? count + id : id
    }
}
