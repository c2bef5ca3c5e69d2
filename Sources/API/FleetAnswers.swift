package import Client
import Core
import Fleets
import Inference
package import Service
import Store

extension FleetVersionInfo {
    init(_ version: FleetVersion, aliases: [String]) {
        self.init(
            fleet: version.fleet,
            version: version.version,
            createdAt: version.createdAt,
            keyPattern: version.keyPattern,
            models: version.modelCount,
            errors: version.errorCount,
            warnings: version.warningCount,
            packDigest: version.packDigest,
            aliases: aliases
        )
    }
}

extension FindingInfo {
    init(_ key: SeriesKey, _ finding: ModelFinding) {
        self.init(
            key: key.description,
            severity: finding.severity.rawValue,
            message: finding.message,
            code: finding.code
        )
    }
}

extension FleetDetail {
    /// What an import made, with what it did.
    package init(_ imported: FleetRegistry.Imported) {
        let report = imported.report
        self.init(imported.version, aliases: imported.aliases, report: report)
        self.imported = ImportCounts(
            isNew: imported.isNew,
            files: report.fileCount,
            ignored: report.ignoredCount,
            decoded: report.decodedCount,
            resumed: report.resumedCount,
            unchanged: report.unchangedCount,
            removed: report.removedCount
        )
    }

    init(_ version: FleetVersion, aliases: [String], report: ImportReport) {
        self.init(
            version: FleetVersionInfo(version, aliases: aliases),
            findings: report.checked.flatMap { checked in
                checked.findings.map { FindingInfo(checked.key, $0) }
            },
            ignoredFiles: report.ignored,
            failures: report.failures.map {
                FindingInfo(
                    key: $0.key?.description ?? $0.file,
                    severity: "error",
                    message: $0.message.contains($0.file) ? $0.message : "\($0.file): \($0.message)"
                )
            }
        )
    }
}

extension FleetModelInfo {
    init(_ model: FleetRegistry.ShownModel, of version: FleetVersion) {
        let description = model.description
        self.init(
            fleet: version.fleet,
            version: version.version,
            key: model.key.description,
            type: description.type,
            source: description.source,
            featureCount: description.featureCount,
            features: description.featureNames,
            steps: description.stageNames,
            parameters: description.parameters.map { Fact(name: $0.name, value: $0.value) },
            byteCount: description.byteCount,
            modelDigest: model.digest,
            sourceFile: model.sourcePath,
            sourceDigest: model.sourceDigest,
            findings: model.findings.map { FindingInfo(model.key, $0) }
        )
    }
}

extension FleetDifference {
    init(_ difference: FleetRegistry.Difference, from old: FleetVersion, to new: FleetVersion) {
        self.init(fleet: new.fleet, from: old.version, to: new.version)
        addedCount = difference.addedCount
        removedCount = difference.removedCount
        changedCount = difference.changedCount
        unchangedCount = difference.unchangedCount
        added = difference.added.map(\.description)
        removed = difference.removed.map(\.description)
        changed = difference.changed.map(\.description)
    }
}

extension FleetCheckAnswer {
    init(_ result: FleetRegistry.CheckResult, of version: FleetVersion) {
        self.init(
            fleet: version.fleet,
            version: version.version,
            errorCount: result.errorCount,
            warningCount: result.warningCount,
            findings: result.findings.map { FindingInfo($0.key, $0.finding) },
            pipelines: result.pipelines,
            recentRows: result.recentRowCount
        )
    }
}
