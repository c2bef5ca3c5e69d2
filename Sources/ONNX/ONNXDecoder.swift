package import Inference
internal import SwiftProtobuf

/// Reads ONNX files; nothing in them is trusted.
public enum ONNXDecoder {
    /// The model of a file; the name is for messages.
    ///
    /// - Throws: `ONNXError` naming file, node, operator, domain and version.
    public static func decode(
        _ bytes: [UInt8],
        name: String,
        limits: ONNXLimits = .standard
    ) throws(ONNXError) -> ONNXModel {
        do throws(ONNXError) {
            return try model(bytes, limits)
        } catch {
            throw ONNXError(error.reason, "\(name): \(error.message)")
        }
    }

    /// A tensor file, as conformance cases have them.
    ///
    /// - Throws: `ONNXError` if it is damaged or of an unsupported type.
    package static func decodeTensor(
        _ bytes: [UInt8],
        limits: ONNXLimits = .standard
    ) throws(ONNXError) -> Tensor {
        let message: Onnx_TensorProto = try parse(bytes, limits)
        return try TensorDecoder(limits: limits).tensor(message)
    }

    /// The operators a file uses, in its graphs and functions, as `domain.Name`.
    ///
    /// - Throws: `ONNXError` if it is damaged.
    package static func operators(
        in bytes: [UInt8],
        limits: ONNXLimits = .standard
    ) throws(ONNXError) -> Set<String> {
        let message: Onnx_ModelProto = try parse(bytes, limits)
        var names: Set<String> = []
        collect(message.graph.node, &names)
        for function in message.functions { collect(function.node, &names) }
        for function in message.functions {
            names.remove(FunctionTable.text(function.domain, function.name))
        }
        return names
    }

    private static func collect(_ nodes: [Onnx_NodeProto], _ names: inout Set<String>) {
        for node in nodes {
            names.insert(FunctionTable.text(node.domain, node.opType))
            for attribute in node.attribute where attribute.hasG {
                collect(attribute.g.node, &names)
            }
        }
    }

    private static func model(
        _ bytes: [UInt8],
        _ limits: ONNXLimits
    ) throws(ONNXError) -> ONNXModel {
        guard bytes.count <= limits.byteCountMax else {
            throw ONNXError(.limit, "\(bytes.count) bytes, at most \(limits.byteCountMax)")
        }
        try MessageCensus.check(bytes, limits)
        let message: Onnx_ModelProto = try parse(bytes, limits)
        guard message.hasGraph else {
            throw ONNXError(.damaged, "it holds no graph; is it an ONNX file?")
        }
        guard message.irVersion <= knownFormatVersion else {
            throw ONNXError(
                .unsupported,
                "format version \(message.irVersion); export for \(knownFormatVersion) or older"
            )
        }
        let imports = FunctionTable.imports(message.opsetImport)
        var decoder = GraphDecoder(
            functions: FunctionTable(message.functions),
            limits: limits
        )
        // Files before format version 3 name no versions; they mean the first.
        let source = try decoder.graph(
            message.graph,
            imports: message.irVersion < 3 ? ["": 1] : imports
        )
        let program: GraphProgram
        do throws(GraphError) {
            program = try GraphProgram(source, limits: limits.graph)
        } catch {
            throw ONNXError(reason(error.reason), error.message)
        }
        var metadata: [String: String] = [:]
        for entry in message.metadataProps { metadata[entry.key] = entry.value }
        let producer = [message.producerName, message.producerVersion].filter { !$0.isEmpty }
        return ONNXModel(
            program: program,
            metadata: metadata,
            producer: producer.joined(separator: " "),
            imports: imports
        )
    }

    private static let knownFormatVersion: Int64 = 13

    private static func reason(_ reason: GraphError.Reason) -> ONNXError.Reason {
        switch reason {
        case .unsupported: .unsupported
        case .invalid, .shape: .damaged
        case .limit: .limit
        }
    }

    private static func parse<Message: SwiftProtobuf.Message>(
        _ bytes: [UInt8],
        _ limits: ONNXLimits
    ) throws(ONNXError) -> Message {
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = limits.messageDepthMax
        options.discardUnknownFields = true
        do {
            return try Message(serializedBytes: bytes, partial: true, options: options)
        } catch BinaryDecodingError.messageDepthLimit {
            throw ONNXError(.limit, "messages within messages deeper than the limit")
        } catch {
            throw ONNXError(.damaged, "the bytes are no ONNX message, or are cut off")
        }
    }
}
