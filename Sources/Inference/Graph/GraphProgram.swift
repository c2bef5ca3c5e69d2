/// A checked graph that can be run: nodes in an order in which every input is there in time.
public struct GraphProgram: Sendable {
    /// A constant and the value it is.
    public struct Initializer: Sendable, Equatable {
        public var name: String
        public var value: Int
        public var tensor: Tensor
    }

    public let inputs: [GraphPort]
    public let outputs: [GraphPort]
    /// Constants that the file names as inputs too come after those of `inputs`.
    public let initializers: [Initializer]
    /// In the order of evaluation.
    public let nodes: [GraphNode]
    /// Values that a sub-graph takes from the graph around it, after the inputs.
    let captured: [Int]
    let valueCount: Int
    /// The operators of the nodes, by position.
    let operators: [any GraphOperator.Type]
    /// The position of the last node that needs a value; `Int.max` for outputs.
    let lastUses: [Int]

    /// A program out of its parts, sorted and checked.
    ///
    /// - Throws: `GraphError` for unknown operators, cycles, and values with no origin or with two.
    init(
        inputs: [GraphPort],
        outputs: [GraphPort],
        initializers: [Initializer],
        nodes: [GraphNode],
        captured: [Int],
        valueCount: Int,
        limits: GraphLimits = .standard
    ) throws(GraphError) {
        guard nodes.count <= limits.nodeCountMax else {
            throw GraphError(.limit, "\(nodes.count) nodes, at most \(limits.nodeCountMax)")
        }
        let origins =
            inputs.map(\.value) + captured + initializers.map(\.value)
        self.nodes = try GraphSort.sorted(
            nodes,
            origins: origins,
            valueCount: valueCount
        )
        self.inputs = inputs
        self.outputs = outputs
        self.initializers = initializers
        self.captured = captured
        self.valueCount = valueCount
        operators = try GraphProgram.operators(of: self.nodes)
        lastUses = try GraphProgram.lastUses(
            of: self.nodes,
            origins: origins,
            outputs: outputs,
            valueCount: valueCount
        )
    }

    private static func operators(
        of nodes: [GraphNode]
    ) throws(GraphError) -> [any GraphOperator.Type] {
        var operators: [any GraphOperator.Type] = []
        operators.reserveCapacity(nodes.count)
        for (index, node) in nodes.enumerated() {
            guard
                let type = OperatorRegistry.find(domain: node.domain, name: node.operatorName),
                type.versions.contains(node.version)
            else {
                throw GraphError(.unsupported, "operator \(node.operatorText) is not supported")
                    .at(node.place(index))
            }
            operators.append(type)
        }
        return operators
    }

    private static func lastUses(
        of nodes: [GraphNode],
        origins: [Int],
        outputs: [GraphPort],
        valueCount: Int
    ) throws(GraphError) -> [Int] {
        var isDefined = [Bool](repeating: false, count: valueCount)
        for value in origins { isDefined[value] = true }
        for node in nodes { for value in node.outputs where value >= 0 { isDefined[value] = true } }
        var lastUses = [Int](repeating: -1, count: valueCount)
        for (index, node) in nodes.enumerated() {
            for value in node.inputs where value >= 0 { lastUses[value] = index }
        }
        for output in outputs {
            guard output.value >= 0, output.value < valueCount, isDefined[output.value] else {
                throw GraphError(.invalid, "output \(output.name) is made by no node")
            }
            lastUses[output.value] = .max
        }
        return lastUses
    }

    /// Nodes of the graph and of all graphs within it.
    public var totalNodeCount: Int {
        nodes.reduce(0) { count, node in
            node.attributes.values.reduce(count + 1) { count, attribute in
                guard case .graph(let graph) = attribute else { return count }
                return count + graph.totalNodeCount
            }
        }
    }
}

extension GraphProgram: Equatable {
    /// Whether two programs have the same parts, bit by bit, so that a NaN equals itself.
    public static func == (left: GraphProgram, right: GraphProgram) -> Bool {
        left.encoded() == right.encoded()
    }
}

extension GraphNode {
    /// The node for messages: `node 3 'scaled' (ai.onnx.Mul-14)`.
    func place(_ index: Int) -> String {
        name.isEmpty
            ? "node \(index) (\(operatorText))" : "node \(index) '\(name)' (\(operatorText))"
    }
}
