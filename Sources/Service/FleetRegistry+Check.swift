import Core
package import Fleets
import Inference
import Packs
import Pipelines
import Scoring
package import Store

extension FleetRegistry {
    /// Everything that is known to be wrong with a version, errors first.
    package struct CheckResult: Sendable {
        package var errorCount = 0
        package var warningCount = 0
        /// At most as many as were asked for; errors first, each in key order.
        package var findings: [FleetChecks.Found] = []
        /// Pipelines whose features were compared, and recent rows that were scored.
        package var pipelines: [String] = []
        package var recentRowCount = 0
    }

    /// How far back recent windows reach from the newest one.
    private static let recent = Duration.seconds(86_400)
    /// Recent windows that are looked at.
    private static let recentRowCountMax = 2_000_000

    /// Findings of the import, features against the pipelines that use the fleet, recent windows.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming a damaged model.
    package func checked(_ version: FleetVersion, limit: Int) async throws -> CheckResult {
        let pack = try await pack(of: version)
        var found = Findings(limit: limit)
        try await stored(pack, into: &found)
        let pipelines = try await pipelines(using: version.fleet)
        let inputs = pipelines.map {
            FleetChecks.Inputs(pipeline: $0.name, features: $0.features.names)
        }
        var unfit: [FleetChecks.Found] = []
        try await FleetChecks.inputs(of: pack, inputs, errorsOnly: false) { unfit.append($0) }
        for finding in unfit { found.add(finding) }
        var rows = 0
        for pipeline in pipelines {
            rows += try await observe(pipeline, pack, into: &found)
        }
        var result = found.result
        result.pipelines = pipelines.map(\.name)
        result.recentRowCount = rows
        return result
    }

    /// Models whose features do not fit a pipeline that uses the fleet; these refuse a promotion.
    func unfitFindings(
        of version: FleetVersion
    ) async throws -> [(key: SeriesKey, message: String)] {
        let inputs = try await pipelines(using: version.fleet).map {
            FleetChecks.Inputs(pipeline: $0.name, features: $0.features.names)
        }
        guard !inputs.isEmpty else { return [] }
        var found: [(key: SeriesKey, message: String)] = []
        try await FleetChecks.inputs(of: pack(of: version), inputs, errorsOnly: true) {
            found.append(($0.key, $0.finding.message))
        }
        return found
    }

    /// The pipelines that score with a fleet, whatever alias they name.
    private func pipelines(using fleet: String) async throws -> [PipelineDocument] {
        try await catalog.pipelines().compactMap { record in
            let document = try PipelineDocument.parse(yaml: record.document, file: record.name)
            return document.fleet.name == fleet ? document : nil
        }
    }

    /// Collects findings up to a limit and counts all.
    private struct Findings {
        let limit: Int
        private var errors: [FleetChecks.Found] = []
        private var warnings: [FleetChecks.Found] = []
        private var errorCount = 0
        private var warningCount = 0

        init(limit: Int) { self.limit = limit }

        mutating func add(_ found: FleetChecks.Found) {
            if found.finding.severity == .error {
                errorCount += 1
                if errors.count < limit { errors.append(found) }
            } else {
                warningCount += 1
                if warnings.count < limit { warnings.append(found) }
            }
        }

        var result: CheckResult {
            var result = CheckResult()
            result.errorCount = errorCount
            result.warningCount = warningCount
            result.findings = errors + warnings.prefix(max(0, limit - errors.count))
            return result
        }
    }

    private func stored(_ pack: PackReader, into found: inout Findings) async throws {
        for index in pack.indices where try pack.hasFindings(at: index) {
            for finding in try pack.findings(at: index) {
                found.add(.init(key: pack.key(at: index), finding: finding))
            }
        }
    }

    /// Scores the recent windows of a pipeline's definition; answers how many rows there were.
    private func observe(
        _ pipeline: PipelineDocument,
        _ pack: PackReader,
        into found: inout Findings
    ) async throws -> Int {
        let sequence = try await windows.windowSequence()
        let ends = try await windows.windowEnds(
            definition: pipeline.windows,
            afterSequence: max(0, sequence - 1000)
        )
        guard let newest = ends.max().map(Timestamp.init(microseconds:)) else { return 0 }
        let interval = try TimeInterval(start: newest - Self.recent, end: newest)
        let builder = FeatureBuilder(features: pipeline.features)
        var after: SeriesKey?
        var held = WindowBatch()
        var rows = 0
        while rows < Self.recentRowCountMax {
            let page = try await windows.windows(
                definition: pipeline.windows,
                interval: interval,
                throughSequence: sequence,
                after: after,
                limit: 50_000
            )
            if page.isEmpty { break }
            after = page.key(at: page.count - 1)
            var whole = page
            if pipeline.features.isPerDevice {
                held.append(contentsOf: page)
                whole = held.removeWholeDevices()
            }
            rows += try await observe(builder.rows(of: whole), pack, into: &found)
        }
        rows += try await observe(builder.rows(of: held), pack, into: &found)
        return rows
    }

    private func observe(
        _ features: FeatureBatch,
        _ pack: PackReader,
        into found: inout Findings
    ) async throws -> Int {
        guard let first = features.keys.first, let last = features.keys.last else { return 0 }
        let end = pack.find(last).map { $0 + 1 } ?? pack.range(from: nil, to: last).upperBound
        let start = pack.range(from: first, to: nil).lowerBound
        var scorer = FleetScorer(pack: pack)
        let predictions = scorer.score(features, models: start..<max(start, end)).predictions
        var observed: [FleetChecks.Observed] = Array(
            repeating: FleetChecks.Observed(),
            count: predictions.keys.count
        )
        for row in 0..<predictions.count where !predictions.scores[row].isNaN {
            let key = Int(predictions.keyIndex[row])
            observed[key].rows += 1
            if predictions.anomalies[row] == 1 { observed[key].flagged += 1 }
            if predictions.scores[row] > 0 { observed[key].anyPositive = true }
        }
        for (index, key) in predictions.keys.enumerated() {
            guard observed[index].rows >= FleetChecks.rowCountMin, let model = pack.find(key) else {
                continue
            }
            let facts = try pack.description(at: model).facts
            for finding in FleetChecks.observed(observed[index], facts: facts) {
                found.add(.init(key: key, finding: finding))
            }
        }
        return features.count
    }
}
