/// The node attributes that both tree operators before version 5 share.
struct ForestAttributes {
    private let call: OperatorCall
    private let treeIDs: [Int]
    private let nodeIDs: [Int]
    private let features: [Int]
    private let values: [Double]
    private let whenTrue: [Int]
    private let whenFalse: [Int]
    private let modes: [ForestTable.Mode]
    private let missing: [Int]
    private var positions: [Key: Int] = [:]

    struct Key: Hashable {
        let tree: Int
        let node: Int
    }

    /// Reads and compares the lengths of the node attributes.
    ///
    /// - Throws: `GraphError` naming the attribute that does not fit.
    init(_ call: OperatorCall) throws(GraphError) {
        self.call = call
        treeIDs = try call.ints("nodes_treeids") ?? []
        let count = treeIDs.count
        nodeIDs = try Self.list(call, "nodes_nodeids", count)
        features = try Self.list(call, "nodes_featureids", count)
        whenTrue = try Self.list(call, "nodes_truenodeids", count)
        whenFalse = try Self.list(call, "nodes_falsenodeids", count)
        let tracks = try call.ints("nodes_missing_value_tracks_true") ?? []
        missing = tracks.isEmpty ? [Int](repeating: 0, count: count) : tracks
        values = try Self.numbers(call, "nodes_values")
        var modes: [ForestTable.Mode] = []
        for name in try call.strings("nodes_modes") ?? [] { modes.append(try Self.mode(name)) }
        self.modes = modes
        guard missing.count == count, values.count == count, modes.count == count else {
            throw GraphError(.invalid, "the attributes nodes_* have different lengths")
        }
        for index in 0..<count {
            let key = Key(tree: treeIDs[index], node: nodeIDs[index])
            guard positions.updateValue(index, forKey: key) == nil else {
                throw GraphError(.invalid, "node \(key.node) of tree \(key.tree) is there twice")
            }
        }
    }

    /// The numbers of an attribute that may be a tensor of 64-bit numbers instead.
    ///
    /// - Throws: `GraphError` if it has another kind.
    static func numbers(_ call: OperatorCall, _ name: String) throws(GraphError) -> [Double] {
        if let tensor = try call.tensorAttribute(name + "_as_tensor"), tensor.count > 0 {
            return try tensor.doubles()
        }
        return (try call.floats(name) ?? []).map { Double($0) }
    }

    /// The trees with their votes, which stand under three attribute names.
    ///
    /// - Throws: `GraphError` naming the tree or node that does not fit.
    func builder(prefix: String, targetCount: Int) throws(GraphError) -> ForestBuilder {
        let votes = try votes(prefix: prefix, targetCount: targetCount)
        var builder = ForestBuilder(limits: call.limits)
        var visits = [Bool](repeating: false, count: treeIDs.count)
        var known = Set<Int>()
        var roots: [Int] = []
        for index in treeIDs.indices where known.insert(treeIDs[index]).inserted {
            roots.append(index)
        }
        // Trees are added up in the order of their ids, as the reference does.
        for root in roots.sorted(by: { treeIDs[$0] < treeIDs[$1] }) {
            try builder.append(root: root) { index throws(GraphError) in
                let key = Key(tree: treeIDs[index], node: nodeIDs[index])
                guard !visits[index] else {
                    throw GraphError(.invalid, "node \(key.node) of tree \(key.tree) repeats")
                }
                visits[index] = true
                guard modes[index] != .leaf else { return .leaf(votes: votes[key] ?? []) }
                return .branch(
                    feature: features[index],
                    mode: modes[index],
                    value: values[index],
                    missingGoesTrue: missing[index] != 0,
                    members: [],
                    whenTrue: try position(key.tree, whenTrue[index]),
                    whenFalse: try position(key.tree, whenFalse[index])
                )
            }
        }
        return builder
    }

    private func position(_ tree: Int, _ node: Int) throws(GraphError) -> Int {
        guard let position = positions[Key(tree: tree, node: node)] else {
            throw GraphError(.invalid, "tree \(tree) has no node \(node)")
        }
        return position
    }

    private func votes(
        prefix: String,
        targetCount: Int
    ) throws(GraphError) -> [Key: [(target: Int, weight: Double)]] {
        let trees = try call.ints(prefix + "_treeids") ?? []
        let nodes = try Self.list(call, prefix + "_nodeids", trees.count)
        let targets = try Self.list(call, prefix + "_ids", trees.count)
        let weights = try Self.numbers(call, prefix + "_weights")
        guard weights.count == trees.count else {
            throw GraphError(.invalid, "attribute \(prefix)_weights has \(weights.count) numbers")
        }
        var votes: [Key: [(target: Int, weight: Double)]] = [:]
        for index in trees.indices {
            guard targets[index] >= 0, targets[index] < targetCount else {
                throw GraphError(
                    .invalid,
                    "attribute \(prefix)_ids has \(targets[index]) of \(targetCount)"
                )
            }
            votes[Key(tree: trees[index], node: nodes[index]), default: []].append(
                (targets[index], weights[index])
            )
        }
        return votes
    }

    private static func list(
        _ call: OperatorCall,
        _ name: String,
        _ count: Int
    ) throws(GraphError) -> [Int] {
        let values = try call.ints(name) ?? []
        guard values.count == count else {
            throw GraphError(
                .invalid,
                "attribute \(name) has \(values.count) numbers where \(count) belong"
            )
        }
        return values
    }

    private static func mode(_ name: String) throws(GraphError) -> ForestTable.Mode {
        switch name {
        case "BRANCH_LEQ": return .atMost
        case "BRANCH_LT": return .below
        case "BRANCH_GTE": return .atLeast
        case "BRANCH_GT": return .above
        case "BRANCH_EQ": return .equal
        case "BRANCH_NEQ": return .notEqual
        case "LEAF": return .leaf
        default: throw GraphError(.invalid, "attribute nodes_modes has '\(name)'")
        }
    }
}
