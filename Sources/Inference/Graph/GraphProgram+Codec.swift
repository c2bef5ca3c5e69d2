extension GraphProgram {
    private static let magic: [UInt8] = Array("FSG1".utf8)

    /// The graph in a compact form that `init(decoding:)` takes.
    public func encoded() -> [UInt8] {
        var writer = GraphWriter()
        for byte in GraphProgram.magic { writer.put(byte: byte) }
        put(into: &writer)
        return writer.bytes
    }

    /// The graph of bytes that `encoded` made; nothing in them is trusted.
    ///
    /// - Throws: `GraphError` if they are damaged, contradict themselves or exceed a limit.
    public init(decoding bytes: [UInt8], limits: GraphLimits = .standard) throws(GraphError) {
        guard bytes.count <= limits.byteCountMax else {
            throw GraphError(.limit, "\(bytes.count) bytes, at most \(limits.byteCountMax)")
        }
        var reader = GraphReader(bytes, limits: limits)
        for expected in GraphProgram.magic {
            guard try reader.byte() == expected else {
                throw GraphError(.invalid, "the bytes are no encoded graph")
            }
        }
        try self.init(&reader, depth: 0)
        guard reader.isAtEnd else {
            throw GraphError(.invalid, "bytes are left after the encoded graph")
        }
    }

    fileprivate func put(into writer: inout GraphWriter) {
        writer.put(valueCount)
        for ports in [inputs, outputs] {
            writer.put(ports.count)
            for port in ports {
                writer.put(port.name)
                writer.put(port.value)
                writer.put(byte: port.type?.rawValue ?? 0)
                writer.put(byte: port.shape == nil ? 0 : 1)
                if let shape = port.shape { writer.put(shape) }
            }
        }
        writer.put(initializers.count)
        for initializer in initializers {
            writer.put(initializer.name)
            writer.put(initializer.value)
            writer.put(initializer.tensor)
        }
        writer.put(captured)
        writer.put(nodes.count)
        for node in nodes { node.put(into: &writer) }
    }

    fileprivate init(_ reader: inout GraphReader, depth: Int) throws(GraphError) {
        guard depth <= reader.limits.depthMax else {
            throw GraphError(.limit, "graphs within graphs deeper than \(reader.limits.depthMax)")
        }
        // Every value takes at least a byte where it is defined.
        let valueCount = try reader.count()
        let inputs = try GraphProgram.ports(&reader)
        let outputs = try GraphProgram.ports(&reader)
        var initializers: [Initializer] = []
        for _ in 0..<(try reader.count(atLeast: 4)) {
            let name = try reader.text()
            let value = try reader.int()
            initializers.append(.init(name: name, value: value, tensor: try reader.tensor()))
        }
        let captured = try reader.ints()
        var nodes: [GraphNode] = []
        for _ in 0..<(try reader.count(atLeast: 7)) {
            try reader.countNode()
            nodes.append(try GraphNode(&reader, depth: depth))
        }
        try self.init(
            inputs: inputs,
            outputs: outputs,
            initializers: initializers,
            nodes: nodes,
            captured: captured,
            valueCount: valueCount,
            limits: reader.limits
        )
    }

    private static func ports(_ reader: inout GraphReader) throws(GraphError) -> [GraphPort] {
        var ports: [GraphPort] = []
        for _ in 0..<(try reader.count(atLeast: 4)) {
            let name = try reader.text()
            let value = try reader.int()
            let code = try reader.byte()
            let shape = try reader.byte() == 0 ? nil : try reader.ints()
            guard code == 0 || ElementType(rawValue: code) != nil else {
                throw GraphError(.invalid, "element type \(code) of '\(name)'")
            }
            var port = GraphPort(name: name, type: ElementType(rawValue: code), shape: shape)
            port.value = value
            ports.append(port)
        }
        return ports
    }
}

extension GraphNode {
    fileprivate func put(into writer: inout GraphWriter) {
        writer.put(domain)
        writer.put(operatorName)
        writer.put(version)
        writer.put(name)
        writer.put(inputs)
        writer.put(outputs)
        writer.put(attributes.count)
        for (name, attribute) in attributes.sorted(by: { $0.key < $1.key }) {
            writer.put(name)
            attribute.put(into: &writer)
        }
    }

    fileprivate init(_ reader: inout GraphReader, depth: Int) throws(GraphError) {
        domain = try reader.text()
        operatorName = try reader.text()
        version = try reader.int()
        name = try reader.text()
        inputs = try reader.ints()
        outputs = try reader.ints()
        attributes = [:]
        for _ in 0..<(try reader.count(atLeast: 2)) {
            let name = try reader.text()
            attributes[name] = try GraphAttribute(&reader, depth: depth)
        }
    }
}

extension GraphAttribute {
    fileprivate func put(into writer: inout GraphWriter) {
        switch self {
        case .int(let value):
            writer.put(byte: 0)
            writer.put(Int(value))
        case .float(let value):
            writer.put(byte: 1)
            writer.put(raw: [value])
        case .string(let value):
            writer.put(byte: 2)
            writer.put(value)
        case .tensor(let value):
            writer.put(byte: 3)
            writer.put(value)
        case .graph(let value):
            writer.put(byte: 4)
            value.put(into: &writer)
        case .ints(let values):
            writer.put(byte: 5)
            writer.put(values.map { Int($0) })
        case .floats(let values):
            writer.put(byte: 6)
            writer.put(values.count)
            writer.put(raw: values)
        case .strings(let values):
            writer.put(byte: 7)
            writer.put(values.count)
            for value in values { writer.put(value) }
        }
    }

    fileprivate init(_ reader: inout GraphReader, depth: Int) throws(GraphError) {
        let kind = try reader.byte()
        switch kind {
        case 0: self = .int(Int64(try reader.int()))
        case 1: self = .float(try reader.raw(1, like: 0)[0])
        case 2: self = .string(try reader.text())
        case 3: self = .tensor(try reader.tensor())
        case 4: self = .graph(try GraphProgram(&reader, depth: depth + 1))
        case 5: self = .ints(try reader.ints().map { Int64($0) })
        case 6: self = .floats(try reader.raw(try reader.count(atLeast: 4), like: 0))
        case 7:
            var values: [String] = []
            for _ in 0..<(try reader.count()) { values.append(try reader.text()) }
            self = .strings(values)
        default: throw GraphError(.invalid, "attribute of kind \(kind)")
        }
    }
}
