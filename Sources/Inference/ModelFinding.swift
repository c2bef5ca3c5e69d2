/// One thing that a check found wrong with a model.
public struct ModelFinding: Sendable, Hashable, Codable {
    /// How bad it is: a version with errors is not promoted without force.
    public enum Severity: String, Sendable, Codable, CaseIterable {
        case error, warning
    }

    public var severity: Severity
    /// A stable name for programs, such as `never_positive`.
    public var code: String
    /// A short sentence for people.
    public var message: String

    public init(_ severity: Severity, code: String, _ message: String) {
        self.severity = severity
        self.code = code
        self.message = message
    }
}
