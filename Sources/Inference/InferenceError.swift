/// Why a model cannot be encoded, opened or evaluated; the message names what is wrong.
public struct InferenceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of input was refused.
    public enum Reason: String, Sendable {
        /// Decoded parameters that do not fit together, are not finite, or exceed a limit.
        case invalidModel
        /// Packed bytes that are not a whole, well-formed model.
        case corruptBlock
        /// Buffers of a call whose sizes do not fit the model.
        case shape
    }

    public let reason: Reason
    public let message: String

    public init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    public var description: String { message }
}
