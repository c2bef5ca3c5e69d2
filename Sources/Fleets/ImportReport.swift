package import Core
package import Inference

/// What an import found and did; stored as the version's `checks.json`.
///
/// Lists are cut at ``listCountMax``; the counts are whole. Findings of every model are in the
/// pack itself.
package struct ImportReport: Sendable, Codable {
    /// A file that fits the pattern but gave no model.
    package struct Failure: Sendable, Codable {
        package let file: String
        package let key: SeriesKey?
        package let message: String
        /// Whether another file holds the key already.
        package let isDuplicate: Bool

        package init(file: String, key: SeriesKey?, message: String, isDuplicate: Bool = false) {
            self.file = file
            self.key = key
            self.message = message
            self.isDuplicate = isDuplicate
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

    package static let listCountMax = 1000

    /// Models that can score, among the files of this import.
    package var modelCount = 0
    /// Files that were decoded, taken from an import that was interrupted, or left as they were.
    package var decodedCount = 0
    package var resumedCount = 0
    package var unchangedCount = 0
    /// Keys of the version before that the files lack.
    package var removedCount = 0
    package var failureCount = 0
    /// Failures that are second files of a key.
    package var duplicateCount = 0
    package var failures: [Failure] = []
    /// Files whose name does not fit the pattern.
    package var ignoredCount = 0
    package var ignored: [String] = []
    /// Files whose name fits the pattern.
    package var fileCount = 0
    package var files: [String] = []
    /// Models with findings, in key order; those of an undecodable file are failures instead.
    package var checked: [Checked] = []
    /// Models with an error among their findings, and models with warnings only.
    package var checkedErrorCount = 0
    package var checkedWarningCount = 0

    package init() {}

    package var errorCount: Int { failureCount + checkedErrorCount }
    package var warningCount: Int { checkedWarningCount }

    /// Notes a file that gave no model.
    package mutating func add(_ failure: Failure) {
        failureCount += 1
        if failure.isDuplicate { duplicateCount += 1 }
        if failures.count < Self.listCountMax { failures.append(failure) }
    }

    /// Notes a file whose name does not fit.
    package mutating func addIgnored(_ path: @autoclosure () -> String) {
        ignoredCount += 1
        if ignored.count < Self.listCountMax { ignored.append(path()) }
    }

    /// Notes a file whose name fits.
    package mutating func addFile(_ path: @autoclosure () -> String) {
        fileCount += 1
        if files.count < Self.listCountMax { files.append(path()) }
    }

    /// Notes what the checks say of a model.
    package mutating func add(_ key: @autoclosure () -> SeriesKey, _ findings: [ModelFinding]) {
        guard !findings.isEmpty else { return }
        if findings.contains(where: { $0.severity == .error }) {
            checkedErrorCount += 1
        } else {
            checkedWarningCount += 1
        }
        if checked.count < Self.listCountMax {
            checked.append(Checked(key: key(), findings: findings))
        }
    }

    /// Adds what another part of the same import found.
    mutating func merge(_ other: ImportReport) {
        modelCount += other.modelCount
        decodedCount += other.decodedCount
        resumedCount += other.resumedCount
        unchangedCount += other.unchangedCount
        failureCount += other.failureCount
        duplicateCount += other.duplicateCount
        checkedErrorCount += other.checkedErrorCount
        checkedWarningCount += other.checkedWarningCount
        failures += other.failures.prefix(max(0, Self.listCountMax - failures.count))
        checked += other.checked.prefix(max(0, Self.listCountMax - checked.count))
    }

    /// Puts the lists into an order that does not depend on the number of workers.
    mutating func sort() {
        failures.sort { $0.file.utf8.lexicographicallyPrecedes($1.file.utf8) }
        checked.sort { $0.key < $1.key }
    }
}
