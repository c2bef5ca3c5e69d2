import Core
import Inference
package import Packs

/// What all models of a version together have of findings.
package struct FleetCensus: Sendable {
    /// Keys with a model, those whose file could not be decoded among them.
    package private(set) var modelCount = 0
    private var report = ImportReport()

    /// Looks at every model of a pack.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming a damaged model.
    @concurrent
    package static func take(of pack: PackReader) async throws -> FleetCensus {
        var census = FleetCensus()
        let fallback = pack.fallbackIndex
        census.modelCount = pack.count - (fallback == nil ? 0 : 1)
        for index in pack.indices where try pack.hasFindings(at: index) {
            let findings = try pack.findings(at: index)
            if findings.first?.code == "undecodable", try pack.blockBytes(at: index).isEmpty {
                census.report.add(
                    .init(
                        file: try pack.sourcePath(at: index),
                        key: pack.key(at: index),
                        message: findings.first?.message ?? ""
                    )
                )
            } else {
                census.report.add(pack.key(at: index), findings)
            }
        }
        return census
    }

    /// The report of an import with the findings of all models, also of those it left as they were.
    package func completing(_ imported: ImportReport) -> ImportReport {
        var whole = imported
        whole.failures = imported.failures.filter(\.isDuplicate) + report.failures
        whole.failures.removeLast(max(0, whole.failures.count - ImportReport.listCountMax))
        whole.failureCount = imported.duplicateCount + report.failureCount
        whole.checked = report.checked
        whole.checkedErrorCount = report.checkedErrorCount
        whole.checkedWarningCount = report.checkedWarningCount
        return whole
    }
}
