internal import Inference

/// Who makes and who uses the values of a graph, and parts of it as graphs of their own.
struct GraphAnalysis {
    let program: GraphProgram
    /// The node that makes a value.
    private var producers: [Int: Int] = [:]
    private var constants: [Int: Tensor] = [:]
    private var initializers: [Int: Tensor] = [:]
    private(set) var consumers: [Int: [Int]] = [:]

    init(_ program: GraphProgram) {
        self.program = program
        for initializer in program.initializers {
            constants[initializer.value] = initializer.tensor
            initializers[initializer.value] = initializer.tensor
        }
        for (index, node) in program.nodes.enumerated() {
            for value in node.outputs where value >= 0 { producers[value] = index }
            for value in node.inputs where value >= 0 {
                consumers[value, default: []].append(index)
            }
            if node.domain.isEmpty, node.operatorName == "Constant",
                let output = node.outputs.first,
                case .tensor(let tensor) = node.attributes["value"]
            {
                constants[output] = tensor
            }
        }
    }

    func producer(of value: Int) -> GraphNode? {
        producers[value].map { program.nodes[$0] }
    }

    func producerIndex(of value: Int) -> Int? { producers[value] }

    func constant(_ value: Int) -> Tensor? { constants[value] }

    func isInput(_ value: Int) -> Bool { program.inputs.contains { $0.value == value } }

    /// The first value behind steps that change no number: Identity, Cast to float, Reshape to
    /// columns.
    func origin(of value: Int) -> Int {
        var value = value
        while let node = producer(of: value), isPlain(node), let input = node.inputs.first,
            input >= 0
        {
            value = input
        }
        return value
    }

    /// Whether a node hands its numbers on, a row a row.
    private func isPlain(_ node: GraphNode) -> Bool {
        guard node.domain.isEmpty else { return false }
        switch node.operatorName {
        case "Identity": return true
        case "Cast":
            guard case .int(let type) = node.attributes["to"] else { return false }
            return type == Int64(ElementType.float.rawValue)
                || type == Int64(ElementType.double.rawValue)
        case "Reshape":
            guard node.inputs.count == 2, let shape = constant(node.inputs[1]),
                case .int64(let sizes) = shape.storage
            else { return false }
            return sizes == [-1, 1] || sizes == [-1]
        default: return false
        }
    }

    /// The part of the graph between some values and others, as a graph of its own.
    ///
    /// - Throws: `GraphError` when it needs an input of the whole graph that is not among them.
    func part(
        from inputs: [GraphPort],
        to outputs: [(value: Int, name: String)]
    ) throws(GraphError) -> GraphProgram {
        let given = Set(inputs.map(\.value))
        var needed = Set<Int>()
        var used = Set<Int>()
        var waiting = outputs.map(\.value)
        while let value = waiting.popLast() {
            guard used.insert(value).inserted, !given.contains(value) else { continue }
            guard let index = producers[value] else {
                guard constants[value] != nil else {
                    throw GraphError(.invalid, "the part needs another input")
                }
                continue
            }
            needed.insert(index)
            waiting.append(contentsOf: program.nodes[index].inputs.filter { $0 >= 0 })
        }
        var source = GraphSource()
        source.inputs = inputs.map {
            GraphPort(name: Self.name($0.value), type: $0.type, shape: $0.shape)
        }
        for value in used.sorted() where !given.contains(value) {
            guard let tensor = initializers[value] else { continue }
            source.initializers.append((Self.name(value), tensor))
        }
        for index in needed.sorted() {
            let node = program.nodes[index]
            source.nodes.append(
                GraphSource.Node(
                    domain: node.domain,
                    operatorName: node.operatorName,
                    imported: node.version,
                    name: node.name,
                    inputs: node.inputs.map { $0 < 0 ? "" : Self.name($0) },
                    outputs: node.outputs.map { $0 < 0 ? "" : Self.name($0) },
                    attributes: node.attributes
                )
            )
        }
        source.outputs = outputs.map { GraphPort(name: Self.name($0.value)) }
        return try GraphProgram(source)
    }

    private static func name(_ value: Int) -> String { "v\(value)" }
}
