/// Why a graph cannot be built, opened or evaluated; the message names the item.
public struct GraphError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of trouble it is.
    public enum Reason: String, Sendable {
        /// A well-formed graph that needs an operator, type or form which is not implemented.
        case unsupported
        /// A graph or encoding that contradicts itself or the standard.
        case invalid
        /// Inputs of a run whose types or shapes do not fit.
        case shape
        /// More elements, nodes, depth or work than the limits allow.
        case limit
    }

    public let reason: Reason
    public let message: String

    public init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    public var description: String { message }

    /// The same trouble, with the place where it happened in front.
    func at(_ place: String) -> GraphError { GraphError(reason, "\(place): \(message)") }
}
