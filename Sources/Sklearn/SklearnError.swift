/// Why a scikit-learn file could not be decoded into plain numbers.
///
/// The message is one line, names the file and says what to do where something can be done.
public struct SklearnError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The classes of failure a caller can tell apart.
    public enum Kind: Sendable, Equatable {
        /// The bytes end before the value does.
        case truncated
        /// The file asks for a function or class outside the allow-list: `os.system`.
        case refusedGlobal(String)
        /// The file uses a pickle opcode outside the allow-list: `PERSID`.
        case refusedOpcode(String)
        /// A well-formed file of something that has no native form here.
        case unsupported
        /// An estimator that was saved before it was fitted.
        case notFitted
        /// Not a pickle, damaged, or numbers that contradict each other.
        case malformed
        /// More bytes, values or numbers than one model may have.
        case limit
    }

    public let kind: Kind
    public let message: String

    public init(kind: Kind, message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { message }
}

extension SklearnError {
    static func truncated(_ message: String) -> SklearnError {
        SklearnError(kind: .truncated, message: message)
    }

    static func unsupported(_ message: String) -> SklearnError {
        SklearnError(kind: .unsupported, message: message)
    }

    static func notFitted(_ message: String) -> SklearnError {
        SklearnError(kind: .notFitted, message: message)
    }

    static func malformed(_ message: String) -> SklearnError {
        SklearnError(kind: .malformed, message: message)
    }

    static func limit(_ message: String) -> SklearnError {
        SklearnError(kind: .limit, message: message)
    }

    static func refusedGlobal(_ name: String) -> SklearnError {
        SklearnError(
            kind: .refusedGlobal(name),
            message: "the file asks for \(name), which is not on the allow-list; nothing was run"
        )
    }

    static func refusedOpcode(_ name: String) -> SklearnError {
        SklearnError(
            kind: .refusedOpcode(name),
            message: "the file uses the pickle opcode \(name), which is not on the allow-list; "
                + "nothing was run"
        )
    }

    /// The same error with the file it is about in front.
    func naming(_ file: String) -> SklearnError {
        let verb =
            switch kind {
            case .refusedGlobal, .refusedOpcode: "refused to decode"
            default: "cannot decode"
            }
        return SklearnError(kind: kind, message: "\(verb) \(printable(file)): \(message)")
    }
}

/// A text from outside made fit for a one-line message: no control characters, bounded length.
func printable(_ text: String, limit: Int = 200) -> String {
    // Nearly every name is plain ASCII, and the look-ups below are slow.
    if text.utf8.count <= limit, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
    var result = ""
    for scalar in text.unicodeScalars.prefix(limit) {
        let isPlain = scalar.value >= 0x20 && scalar.value != 0x7F && scalar.value != 0xFFFD
        let isControl = scalar.properties.generalCategory == .control
        let isFormat = scalar.properties.generalCategory == .format
        result.unicodeScalars.append(isPlain && !isControl && !isFormat ? scalar : "?")
    }
    return text.unicodeScalars.count > limit ? result + "..." : result
}
