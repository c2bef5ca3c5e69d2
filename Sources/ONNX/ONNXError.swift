/// Why an ONNX file cannot be read; the message names the item.
public struct ONNXError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of trouble it is.
    public enum Reason: String, Sendable {
        /// Bytes that are no ONNX file, or contradict themselves.
        case damaged
        /// A sound file that needs what is not implemented.
        case unsupported
        /// More bytes, nodes, elements or depth than the limits allow.
        case limit
    }

    public let reason: Reason
    public let message: String

    public init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    public var description: String { message }
}
