extension GraphProgram {
    /// A program out of a graph with names: versions resolved, values numbered, all checked.
    ///
    /// - Throws: `GraphError` naming operator, domain, version and node.
    public init(_ source: GraphSource, limits: GraphLimits = .standard) throws(GraphError) {
        self = try GraphNumbering.program(source, visible: [], depth: 0, limits: limits).program
    }
}

/// Gives values numbers and nodes their versions.
private struct GraphNumbering {
    private var ids: [String: Int] = [:]
    private var captured: [(name: String, id: Int)] = []
    private var nextID = 0
    private let visible: Set<String>

    /// A program, and the names it takes from the graphs around it.
    static func program(
        _ source: GraphSource,
        visible: Set<String>,
        depth: Int,
        limits: GraphLimits
    ) throws(GraphError) -> (program: GraphProgram, captured: [String]) {
        guard depth <= limits.depthMax else {
            throw GraphError(.limit, "graphs within graphs deeper than \(limits.depthMax)")
        }
        var numbering = GraphNumbering(visible: visible)
        let constants = Set(source.initializers.map(\.name))
        var inputs = source.inputs.filter { !constants.contains($0.name) }
        for index in inputs.indices {
            inputs[index].value = try numbering.define(inputs[index].name)
        }
        var initializers: [GraphProgram.Initializer] = []
        for (name, tensor) in source.initializers {
            let id = try numbering.define(name)
            initializers.append(.init(name: name, value: id, tensor: tensor))
        }
        for node in source.nodes {
            for output in node.outputs where !output.isEmpty { _ = try numbering.define(output) }
        }
        let all =
            source.nodes.contains { !$0.graphs.isEmpty }
            ? visible.union(numbering.ids.keys) : []
        var nodes: [GraphNode] = []
        nodes.reserveCapacity(source.nodes.count)
        for (index, node) in source.nodes.enumerated() {
            nodes.append(
                try numbering.node(node, index, visible: all, depth: depth, limits: limits)
            )
        }
        var outputs = source.outputs
        for index in outputs.indices {
            outputs[index].value = try numbering.use(outputs[index].name, by: "the graph's output")
        }
        let program = try GraphProgram(
            inputs: inputs,
            outputs: outputs,
            initializers: initializers,
            nodes: nodes,
            captured: numbering.captured.map(\.id),
            valueCount: numbering.nextID,
            limits: limits
        )
        return (program, numbering.captured.map(\.name))
    }

    private init(visible: Set<String>) { self.visible = visible }

    private mutating func define(_ name: String) throws(GraphError) -> Int {
        guard ids[name] == nil else {
            throw GraphError(.invalid, "the value '\(name)' has a second origin")
        }
        ids[name] = nextID
        nextID += 1
        return nextID - 1
    }

    private mutating func use(_ name: String, by user: String) throws(GraphError) -> Int {
        if let id = ids[name] { return id }
        guard visible.contains(name) else {
            throw GraphError(.invalid, "\(user) needs '\(name)', which no node makes")
        }
        let id = try define(name)
        captured.append((name, id))
        return id
    }

    private mutating func node(
        _ node: GraphSource.Node,
        _ index: Int,
        visible: Set<String>,
        depth: Int,
        limits: GraphLimits
    ) throws(GraphError) -> GraphNode {
        do throws(GraphError) {
            let version = try OperatorRegistry.resolve(
                domain: node.domain,
                name: node.operatorName,
                imported: node.imported
            ).version
            var inputs: [Int] = []
            for name in node.inputs { inputs.append(name.isEmpty ? -1 : try use(name, by: "it")) }
            var attributes = node.attributes
            // Sorted, so that the same file always gives the same program.
            for (name, graph) in node.graphs.sorted(by: { $0.key < $1.key }) {
                let inner = try GraphNumbering.program(
                    graph,
                    visible: visible,
                    depth: depth + 1,
                    limits: limits
                )
                attributes[name] = .graph(inner.program)
                for name in inner.captured { inputs.append(try use(name, by: "a graph in it")) }
            }
            return GraphNode(
                domain: node.domain,
                operatorName: node.operatorName,
                version: version,
                name: node.name,
                attributes: attributes,
                inputs: inputs,
                outputs: node.outputs.map { $0.isEmpty ? -1 : ids[$0] ?? -1 }
            )
        } catch {
            let place = node.name.isEmpty ? "node \(index)" : "node \(index) '\(node.name)'"
            throw error.at(place)
        }
    }
}
