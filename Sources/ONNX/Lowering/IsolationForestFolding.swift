internal import Inference

/// Folds skl2onnx's isolation forest, thousands of nodes, to one ensemble of trees.
///
/// Each tree is a node that gives the id of a leaf; what follows, until the trees are added up, is
/// a function of that id alone. It is evaluated once for each leaf, with the graph's own operators.
enum IsolationForestFolding {
    /// More trees than any honest forest of this form has.
    private static let treeCountMax = 10_000

    /// One tree with the value of each of its leaves.
    private typealias Tree = (forest: FloatForest, columns: [Int]?, leaves: [Double])

    /// The stages, or nil when the graph is not built that way.
    ///
    /// - Throws: `GraphError` when the part in front of the trees cannot be evaluated.
    static func stages(
        _ choice: OutputChoice,
        _ graph: GraphAnalysis,
        _ featureCount: Int
    ) throws(GraphError) -> [any Stage]? {
        guard choice.label == nil, choice.scores.count == 1, choice.scores[0].columns == 1 else {
            return nil
        }
        let trees = try singleTrees(graph)
        guard !trees.isEmpty, trees.count <= treeCountMax else { return nil }
        let origins = treeOrigins(graph, trees)
        for node in graph.program.nodes where node.domain.isEmpty && node.operatorName == "Sum" {
            guard let sum = node.outputs.first, sum >= 0,
                let (folded, base) = try fold(node, graph, trees, origins)
            else { continue }
            let prefix = try ColumnPrefix(base, in: graph, featureCount: featureCount)
            let forest = try FloatForest.sum(folded, roundsInput: prefix.needsRounding)
            guard forest.featureCount <= prefix.columns else { continue }
            if let decision = IsolationDecision.find(sum, choice.scores[0].value, graph),
                let plain = forest.plainForest(
                    isFloat: prefix.isFloat,
                    link: .isolation(decision.score(treeCount: folded.count))
                )
            {
                return prefix.stages + [plain]
            }
            guard
                let tail = try ForestRewrite.tail(
                    from: sum,
                    forest,
                    to: choice.scores[0],
                    graph
                )
            else { continue }
            let plain = forest.plainForest(isFloat: prefix.isFloat)
            return prefix.stages + [plain ?? forest as any Stage, tail]
        }
        return nil
    }

    private static func singleTrees(
        _ graph: GraphAnalysis
    ) throws(GraphError) -> [Int: (forest: FloatForest, leaves: [Double])] {
        var trees: [Int: (forest: FloatForest, leaves: [Double])] = [:]
        for (index, node) in graph.program.nodes.enumerated() {
            if let forest = try FloatForest(scoresOf: node, roundsInput: false),
                let leaves = forest.singleTreeLeaves
            {
                trees[index] = (forest, leaves)
            }
        }
        return trees
    }

    /// For values that depend on one tree and constants only: the node of that tree.
    private static func treeOrigins(
        _ graph: GraphAnalysis,
        _ trees: [Int: (forest: FloatForest, leaves: [Double])]
    ) -> [Int: Int] {
        var origins: [Int: Int] = [:]
        var others = Set(graph.program.inputs.map(\.value))
        for (index, node) in graph.program.nodes.enumerated() {
            var found = Set(node.inputs.compactMap { origins[$0] })
            if trees[index] != nil {
                found = [index]
            } else if node.operatorName == "Sum" || node.inputs.contains(where: others.contains) {
                found = [-1, -2]
            }
            for output in node.outputs where output >= 0 {
                if let only = found.first, found.count == 1 {
                    origins[output] = only
                } else if found.count > 1 {
                    others.insert(output)
                }
            }
        }
        return origins
    }

    /// The trees that a sum adds up, and the value they all read.
    private static func fold(
        _ node: GraphNode,
        _ graph: GraphAnalysis,
        _ trees: [Int: (forest: FloatForest, leaves: [Double])],
        _ origins: [Int: Int]
    ) throws(GraphError) -> (trees: [Tree], base: Int)? {
        var folded: [Tree] = []
        var base: Int?
        for value in node.inputs {
            guard value >= 0, let origin = origins[value], let tree = trees[origin] else {
                return nil
            }
            let source = graph.program.nodes[origin]
            guard let output = source.outputs.first, let input = source.inputs.first,
                let (own, columns) = columns(input, graph), base == nil || base == own,
                let leaves = try leafValues(tree.leaves, from: output, to: value, graph)
            else { return nil }
            base = own
            folded.append((tree.forest, columns, leaves))
        }
        guard let base else { return nil }
        return (folded, base)
    }

    /// The value a tree reads, and which of its columns when a Gather picks some.
    private static func columns(
        _ value: Int,
        _ graph: GraphAnalysis
    ) -> (value: Int, columns: [Int]?)? {
        guard value >= 0 else { return nil }
        guard let node = graph.producer(of: value) else { return (value, nil) }
        let isGather =
            node.operatorName == "Gather" && node.attributes["axis"] == .int(1)
            || node.operatorName == "ArrayFeatureExtractor"
        guard isGather, node.inputs.count == 2, node.inputs[0] >= 0,
            let positions = graph.constant(node.inputs[1]),
            case .int64(let values) = positions.storage
        else { return (value, nil) }
        return (node.inputs[0], values.map { Int($0) })
    }

    /// What the part behind a tree gives for each of its leaves; nil unless each stands for itself.
    private static func leafValues(
        _ leaves: [Double],
        from tree: Int,
        to value: Int,
        _ graph: GraphAnalysis
    ) throws(GraphError) -> [Double]? {
        var port = GraphPort(name: "leaf", type: .float, shape: [-1, 1])
        port.setValue(tree)
        let program = try graph.part(from: [port], to: [(value, "depth")])
        let forward = try run(program, leaves)
        let backward = try run(program, leaves.reversed())
        guard let forward, let backward, forward == backward.reversed(),
            forward.allSatisfy(\.isFinite)
        else { return nil }
        guard let first = leaves.first else { return nil }
        return try run(program, [first]) == [forward[0]] ? forward : nil
    }

    private static func run(
        _ program: GraphProgram,
        _ leaves: [Double]
    ) throws(GraphError) -> [Double]? {
        let input = try Tensor(shape: [leaves.count, 1], .float(leaves.map { Float($0) }))
        guard case .tensor(let result)? = try program.run([.tensor(input)]).first,
            result.shape == [leaves.count, 1], result.type == .float
        else { return nil }
        return try result.doubles()
    }
}
