internal import FoundationEssentials
internal import Inference

/// Attributes out of their messages.
struct AttributeDecoder {
    let tensors: TensorDecoder

    /// The kind the message states, or, in old files that state none, the field that is filled.
    static func kind(of message: Onnx_AttributeProto) -> Onnx_AttributeProto.AttributeType {
        guard message.type == .undefined else { return message.type }
        if message.hasF { return .float }
        if message.hasI { return .int }
        if message.hasS { return .string }
        if message.hasT { return .tensor }
        if message.hasG { return .graph }
        if !message.floats.isEmpty { return .floats }
        if !message.strings.isEmpty { return .strings }
        return .ints
    }

    /// Bytes of the numbers and texts in a message, without those of a graph.
    static func byteCount(of message: Onnx_AttributeProto) -> Int {
        message.floats.count * 4 + message.ints.count * 8 + message.s.count
            + message.strings.reduce(0) { $0 + 16 + $1.count }
            + (message.hasT ? TensorDecoder.byteCount(of: message.t) : 0)
    }

    /// An attribute that is no graph.
    ///
    /// - Throws: `ONNXError` for kinds that are not supported.
    func attribute(_ message: Onnx_AttributeProto) throws(ONNXError) -> GraphAttribute {
        switch AttributeDecoder.kind(of: message) {
        case .float: return .float(message.f)
        case .int: return .int(message.i)
        case .string: return .string(String(decoding: message.s, as: UTF8.self))
        case .tensor: return .tensor(try tensors.tensor(message.t))
        case .floats: return .floats(message.floats)
        case .ints: return .ints(message.ints)
        case .strings:
            return .strings(message.strings.map { String(decoding: $0, as: UTF8.self) })
        case .graph, .graphs, .tensors, .sparseTensor, .sparseTensors, .typeProto, .typeProtos,
            .undefined:
            throw ONNXError(.unsupported, "values of kind \(message.type) are not supported")
        }
    }
}
