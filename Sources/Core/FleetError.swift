/// What kind of failure happened; HTTP status, exit code and retry follow from it.
public enum FleetErrorCode: String, Sendable, Codable, CaseIterable {
    case invalidArgument, notFound, conflict, unavailable, timeout, unsupported, dataLoss
    case resourceExhausted, `internal`
}

/// The one error of the product: what could not be done, and what to do about it.
///
/// The message names the offending item and value, in lower case, without a stack or a secret.
public struct FleetError: Error, Sendable, CustomStringConvertible {
    public let code: FleetErrorCode
    public let message: String
    /// What the reader can do next, if the message does not say it already.
    public let hint: String?
    /// Whether the same call may succeed later, unchanged.
    public let isRetriable: Bool
    public let cause: (any Error)?

    public init(
        _ code: FleetErrorCode,
        _ message: String,
        hint: String? = nil,
        isRetriable: Bool? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.isRetriable = isRetriable ?? code.isRetriableByDefault
        self.cause = cause
    }

    /// The message with its cause and hint, on one line.
    public var description: String {
        hint.map { "\(messageWithCause); \($0.replacingNewlines())" } ?? messageWithCause
    }

    /// The message with its cause, on one line.
    public var messageWithCause: String {
        (cause.map { "\(message) (cause: \($0))" } ?? message).replacingNewlines()
    }
}

extension FleetErrorCode {
    /// The HTTP status an API answers with.
    public var httpStatus: Int {
        switch self {
        case .invalidArgument: 400
        case .notFound: 404
        case .conflict: 409
        case .unavailable: 503
        case .timeout: 504
        case .unsupported: 422
        case .resourceExhausted: 429
        case .dataLoss, .internal: 500
        }
    }

    /// The exit code a command ends with.
    public var exitCode: Int32 {
        switch self {
        case .invalidArgument: 2
        default: 1
        }
    }

    var isRetriableByDefault: Bool {
        switch self {
        case .unavailable, .timeout, .resourceExhausted: true
        default: false
        }
    }
}

extension String {
    /// The text with control characters shown as spaces, so that it stays on one line.
    func replacingNewlines() -> String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map {
                    switch $0.properties.generalCategory {
                    case .control, .lineSeparator, .paragraphSeparator: " "
                    default: $0
                    }
                }
            )
        )
    }
}
