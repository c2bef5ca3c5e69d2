public import Inference

/// The bounds of one ONNX file; everything beyond is refused.
public struct ONNXLimits: Sendable, Equatable {
    /// Bytes of the file.
    public var byteCountMax = 1 << 30
    /// Messages within messages, of which graphs within graphs take three.
    public var messageDepthMax = 64
    /// Messages of the file: nodes, attributes, tensors, dimensions.
    public var messageCountMax = 2 << 20
    /// Messages, texts and runs of numbers of the file.
    public var fieldCountMax = 16 << 20
    /// Nodes after the file's own functions are put in place.
    public var nodeCountMax = 1 << 18
    /// Functions that call functions.
    public var functionDepthMax = 16
    /// Bytes that calls of the file's own functions may put in place.
    public var expandedByteCountMax = 256 << 20
    /// Bytes of one name or key.
    public var nameByteCountMax = 64 << 10
    /// Elements of one constant, and what the graph itself may do.
    public var graph = GraphLimits.standard

    /// Limits that no honest file meets.
    public init() {}

    public static let standard = ONNXLimits()
}
