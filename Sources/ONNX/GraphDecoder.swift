internal import FoundationEssentials
internal import Inference

/// Graphs out of their messages, with the file's own functions put in place of their calls.
struct GraphDecoder {
    private let functions: FunctionTable
    private let limits: ONNXLimits
    private let tensors: TensorDecoder
    private var nodeCount = 0
    private var callCount = 0
    /// Bytes that function calls have put in place so far.
    private var expandedByteCount = 0

    init(functions: FunctionTable, limits: ONNXLimits) {
        self.functions = functions
        self.limits = limits
        tensors = TensorDecoder(limits: limits)
    }

    /// Names and attributes that stand for others within a function's body.
    private struct Frame {
        var imports: [String: Int]
        /// What the body calls its inputs and outputs, by the name of the caller's values.
        var renamed: [String: String] = [:]
        /// Put before all other names, so that two calls of a function do not meet.
        var prefix = ""
        var attributes: [String: Onnx_AttributeProto]?
        var depth = 0

        func name(_ name: String) -> String {
            if name.isEmpty || attributes == nil { return name }
            return renamed[name] ?? prefix + name
        }
    }

    /// A whole graph.
    ///
    /// - Throws: `ONNXError` naming node, operator, domain and version.
    mutating func graph(
        _ message: Onnx_GraphProto,
        imports: [String: Int]
    ) throws(ONNXError) -> GraphSource {
        try graph(message, Frame(imports: imports), depth: 0)
    }

    private mutating func graph(
        _ message: Onnx_GraphProto,
        _ frame: Frame,
        depth: Int
    ) throws(ONNXError) -> GraphSource {
        guard depth <= limits.graph.depthMax else {
            throw ONNXError(.limit, "graphs within graphs deeper than \(limits.graph.depthMax)")
        }
        guard message.sparseInitializer.isEmpty else {
            throw ONNXError(.unsupported, "sparse constants are not supported")
        }
        var source = GraphSource()
        for input in message.input { source.inputs.append(try port(input, frame)) }
        for output in message.output { source.outputs.append(try port(output, frame)) }
        for initializer in message.initializer {
            try check(initializer.name)
            if frame.attributes != nil { try spend(TensorDecoder.byteCount(of: initializer)) }
            source.initializers.append(
                (frame.name(initializer.name), try tensors.tensor(initializer))
            )
        }
        for (index, node) in message.node.enumerated() {
            try append(node, index, frame, depth: depth, to: &source)
        }
        return source
    }

    private func port(
        _ message: Onnx_ValueInfoProto,
        _ frame: Frame
    ) throws(ONNXError) -> GraphPort {
        try check(message.name)
        var port = GraphPort(name: frame.name(message.name))
        guard message.hasType, case .tensorType(let tensor) = message.type.value else {
            return port
        }
        if tensor.elemType != 0 {
            port.type = try tensors.elementType(tensor.elemType, of: "'\(message.name)'")
        }
        guard tensor.hasShape else { return port }
        guard tensor.shape.dim.count <= limits.graph.rankMax else {
            throw ONNXError(.limit, "'\(message.name)' has the rank \(tensor.shape.dim.count)")
        }
        port.shape = tensor.shape.dim.map { dimension in
            guard case .dimValue(let size) = dimension.value, size >= 0 else { return -1 }
            return Int(size)
        }
        return port
    }

    private mutating func append(
        _ message: Onnx_NodeProto,
        _ index: Int,
        _ frame: Frame,
        depth: Int,
        to source: inout GraphSource
    ) throws(ONNXError) {
        for name in message.input { try check(name) }
        for name in message.output { try check(name) }
        let domain = message.domain == "ai.onnx" ? "" : message.domain
        if let function = functions.find(message) {
            try expand(function, message, index, frame, depth: depth, to: &source)
            return
        }
        if frame.attributes != nil {
            try spend(
                message.input.reduce(0) { $0 + frame.name($1).utf8.count }
                    + message.output.reduce(0) { $0 + frame.name($1).utf8.count }
            )
        }
        nodeCount += 1
        guard nodeCount <= limits.nodeCountMax else {
            throw ONNXError(.limit, "more than \(limits.nodeCountMax) nodes")
        }
        let place =
            "node \(index)" + (message.name.isEmpty ? "" : " '\(message.name.prefix(80))'")
        guard let imported = frame.imports[domain] else {
            throw ONNXError(
                .damaged,
                "\(place): operator \(message.opType.prefix(80)) of domain "
                    + "\(domain.isEmpty ? "ai.onnx" : domain) has no imported version"
            )
        }
        var node = GraphSource.Node(
            domain: domain,
            operatorName: message.opType,
            imported: imported,
            name: message.name,
            inputs: message.input.map(frame.name),
            outputs: message.output.map(frame.name)
        )
        for attribute in message.attribute {
            do throws(ONNXError) {
                try add(attribute, to: &node, frame, depth: depth)
            } catch {
                throw ONNXError(
                    error.reason,
                    "\(place) (\(message.opType.prefix(80))): attribute "
                        + "\(attribute.name.prefix(80)): \(error.message)"
                )
            }
        }
        source.nodes.append(node)
    }

    private mutating func expand(
        _ function: Onnx_FunctionProto,
        _ call: Onnx_NodeProto,
        _ index: Int,
        _ caller: Frame,
        depth: Int,
        to source: inout GraphSource
    ) throws(ONNXError) {
        guard caller.depth < limits.functionDepthMax else {
            throw ONNXError(
                .limit,
                "node \(index): function \(function.name.prefix(80)) calls functions deeper than "
                    + "\(limits.functionDepthMax)"
            )
        }
        callCount += 1
        guard callCount <= limits.nodeCountMax else {
            throw ONNXError(.limit, "more than \(limits.nodeCountMax) function calls")
        }
        guard call.input.count <= function.input.count,
            call.output.count <= function.output.count
        else {
            throw ONNXError(
                .damaged,
                "node \(index): function \(function.name.prefix(80)) takes "
                    + "\(function.input.count) inputs and makes \(function.output.count) outputs"
            )
        }
        var frame = Frame(
            imports: FunctionTable.imports(function.opsetImport),
            prefix: "\(caller.prefix)\(function.name.prefix(40))#\(callCount)/",
            attributes: [:],
            depth: caller.depth + 1
        )
        for (position, name) in function.input.enumerated() {
            // An input left out is an empty name within the body too.
            frame.renamed[name] =
                position < call.input.count ? caller.name(call.input[position]) : ""
        }
        for (name, outer) in zip(function.output, call.output) where !outer.isEmpty {
            frame.renamed[name] = caller.name(outer)
        }
        var attributes: [String: Onnx_AttributeProto] = [:]
        for attribute in function.attributeProto { attributes[attribute.name] = attribute }
        for attribute in call.attribute {
            attributes[attribute.name] = resolved(attribute, caller)
        }
        frame.attributes = attributes
        for (position, node) in function.node.enumerated() {
            try append(node, position, frame, depth: depth, to: &source)
        }
    }

    /// The attribute, or, for a reference to one of the function's, the caller's value.
    private func resolved(
        _ attribute: Onnx_AttributeProto,
        _ frame: Frame
    ) -> Onnx_AttributeProto? {
        guard !attribute.refAttrName.isEmpty else { return attribute }
        guard var value = frame.attributes?[attribute.refAttrName] else { return nil }
        value.name = attribute.name
        return value
    }

    private mutating func add(
        _ message: Onnx_AttributeProto,
        to node: inout GraphSource.Node,
        _ frame: Frame,
        depth: Int
    ) throws(ONNXError) {
        try check(message.name)
        guard let attribute = resolved(message, frame) else { return }
        if frame.attributes != nil { try spend(AttributeDecoder.byteCount(of: attribute)) }
        if AttributeDecoder.kind(of: attribute) == .graph {
            node.graphs[message.name] = try graph(attribute.g, frame, depth: depth + 1)
        } else {
            node.attributes[message.name] = try AttributeDecoder(tensors: tensors)
                .attribute(attribute)
        }
    }

    /// Counts what the call of a function copies.
    private mutating func spend(_ byteCount: Int) throws(ONNXError) {
        expandedByteCount += byteCount
        guard expandedByteCount <= limits.expandedByteCountMax else {
            throw ONNXError(
                .limit,
                "its functions expand to more than \(limits.expandedByteCountMax) bytes"
            )
        }
    }

    private func check(_ name: String) throws(ONNXError) {
        guard name.utf8.count <= limits.nameByteCountMax else {
            throw ONNXError(.limit, "a name of \(name.utf8.count) bytes: \(name.prefix(40))…")
        }
    }
}
