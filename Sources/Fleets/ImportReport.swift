package import Core
package import Inference

/// What an import found, file by file; stored as the version's `checks.json`.
package struct ImportReport: Sendable, Codable {
    /// A file that fits the pattern but could not be decoded.
    package struct Failure: Sendable, Codable {
        package let file: String
        package let key: SeriesKey?
        package let message: String

        package init(file: String, key: SeriesKey?, message: String) {
            self.file = file
            self.key = key
            self.message = message
        }
    }

    /// What the checks say of one model.
    package struct Checked: Sendable, Codable {
        package let key: SeriesKey
        package let findings: [ModelFinding]

        package init(key: SeriesKey, findings: [ModelFinding]) {
            self.key = key
            self.findings = findings
        }
    }

    /// Models that can score.
    package var modelCount = 0
    package var failures: [Failure] = []
    /// Files whose name does not fit the pattern.
    package var ignored: [String] = []
    /// Files whose name fits the pattern.
    package var files: [String] = []
    /// Models with findings, in key order.
    package var checked: [Checked] = []

    package init() {}

    package var errorCount: Int {
        failures.count + checked.count { $0.findings.contains { $0.severity == .error } }
    }

    package var warningCount: Int {
        checked.count { !$0.findings.contains { $0.severity == .error } }
    }
}
