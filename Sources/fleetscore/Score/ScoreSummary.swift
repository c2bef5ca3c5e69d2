import Core
import Fleets
import Inference
import Packs
import Scoring
import Wire

/// What a one-shot run found, for people and for scripts.
struct ScoreSummary {
    /// The `--json` object.
    struct Answer: Encodable {
        struct Suspect: Encodable {
            let key: String
            let severity: String
            let reasons: [String]
            let flagged: Int
            let rows: Int
        }

        struct Failure: Encodable {
            let key: String
            let reason: String
        }

        let items: StatusCounts
        let rows: Int
        let anomalies: Int
        let rejected: Int
        let suspectModels: [Suspect]
        let failures: [Failure]
        /// Per status that is not scored: the first keys, at most 20.
        let examples: [String: [String]]
        let ignoredFiles: [String]
        let parts: [PartInfo]
        let out: String
        let seconds: Double

        enum CodingKeys: String, CodingKey {
            case items, rows, anomalies, rejected, failures, examples, parts, out, seconds
            case suspectModels = "suspect_models"
            case ignoredFiles = "ignored_files"
        }
    }

    let answer: Answer
    private let rejected: [RejectedEvent]

    init(
        outcome: FleetScorer.Outcome,
        report: ImportReport,
        parts: [PartInfo],
        table: ReadingTable,
        out: String,
        entries: [PackEntry],
        seconds: Double
    ) {
        rejected = table.rejected
        answer = Answer(
            items: outcome.counts,
            rows: outcome.predictions.count,
            anomalies: outcome.anomalyCount,
            rejected: table.rejectedCount,
            suspectModels: Self.suspects(outcome, entries),
            failures: Self.failures(outcome, report),
            examples: Self.examples(outcome),
            ignoredFiles: report.ignored,
            parts: parts,
            out: out,
            seconds: seconds
        )
    }

    /// Items that failed, and files that were left out because another holds their key.
    private static func failures(
        _ outcome: FleetScorer.Outcome,
        _ report: ImportReport
    ) -> [Answer.Failure] {
        let items = outcome.items.filter(\.status.isFailure).map {
            Answer.Failure(key: $0.key.description, reason: $0.reason ?? "failed")
        }
        let named = Set(items.map(\.key))
        let files = report.failures.filter { failure in
            failure.key.map { !named.contains($0.description) } ?? true
        }
        return items + files.map { .init(key: $0.file, reason: $0.message) }
    }

    private static func examples(_ outcome: FleetScorer.Outcome) -> [String: [String]] {
        var examples: [String: [String]] = [:]
        for item in outcome.items where item.status != .scored {
            if examples[item.status.rawValue, default: []].count < 20 {
                examples[item.status.rawValue, default: []].append(item.key.description)
            }
        }
        return examples
    }

    /// Models with findings of the import or of these rows; errors first, then in key order.
    private static func suspects(
        _ outcome: FleetScorer.Outcome,
        _ entries: [PackEntry]
    ) -> [Answer.Suspect] {
        var anyPositive = Set<SeriesKey>()
        for row in 0..<outcome.predictions.count where outcome.predictions.scores[row] > 0 {
            anyPositive.insert(outcome.predictions.keys[Int(outcome.predictions.keyIndex[row])])
        }
        var items: [SeriesKey: ItemOutcome] = [:]
        for item in outcome.items { items[item.key] = item }
        var suspects: [Answer.Suspect] = []
        for entry in entries where !entry.isUndecodable {
            let item = items[entry.key]
            let flagged = item?.anomalyCount ?? 0
            let rows = item?.rowCount ?? 0
            var findings = entry.findings
            if item?.status == .scored, rows > 0 {
                findings += ModelChecks.observed(
                    flagged: flagged,
                    rows: rows,
                    anyPositive: anyPositive.contains(entry.key)
                )
            }
            guard !findings.isEmpty else { continue }
            let isError = findings.contains { $0.severity == .error }
            var reasons: [String] = []
            for finding in findings where !reasons.contains(finding.message) {
                reasons.append(finding.message)
            }
            suspects.append(
                .init(
                    key: entry.key.description,
                    severity: isError ? "error" : "warning",
                    reasons: reasons,
                    flagged: flagged,
                    rows: rows
                )
            )
        }
        return suspects.filter { $0.severity == "error" }
            + suspects.filter { $0.severity != "error" }
    }

    /// Prints the summary for people.
    func say() {
        let rate = Int(Double(answer.rows) / max(answer.seconds, 0.000_001))
        Terminal.say("items")
        for status in ItemStatus.allCases.reversed() where answer.items[status] > 0 {
            let keys = answer.examples[status.rawValue, default: []]
            let more = answer.items[status] > 3 ? ", …" : ""
            let names = keys.isEmpty ? "" : ": \(keys.prefix(3).joined(separator: ", "))\(more)"
            Terminal.say("  \(answer.items[status].grouped) \(status.rawValue)\(names)")
        }
        Terminal.say(
            "rows       \(answer.rows.grouped), \(answer.anomalies.grouped) anomalies, "
                + "\(rate.grouped) rows/s"
        )
        sayRejected()
        for failure in answer.failures.prefix(20) {
            Terminal.say("failed     \(failure.key): \(failure.reason)")
        }
        for suspect in answer.suspectModels.prefix(40) {
            let severity = suspect.severity == "error" ? "error     " : "warning   "
            Terminal.say(
                "\(severity) model \(suspect.key): \(suspect.reasons.joined(separator: "; "))"
            )
        }
        let more =
            max(0, answer.failures.count - 20) + max(0, answer.suspectModels.count - 40)
        if more > 0 { Terminal.say("           and \(more) more; --json lists all") }
        if !answer.ignoredFiles.isEmpty {
            Terminal.say(
                "ignored    \(answer.ignoredFiles.count) files in the models folder: "
                    + answer.ignoredFiles.prefix(5).joined(separator: ", ")
            )
        }
        Terminal.say(
            "written    \(answer.parts.count) part\(answer.parts.count == 1 ? "" : "s") and "
                + "manifest.json in \(answer.out)"
        )
    }

    private func sayRejected() {
        guard answer.rejected > 0 else { return }
        Terminal.say("rejected   \(answer.rejected.grouped) readings")
        for event in rejected.prefix(5) {
            Terminal.say("           line \(event.line): \(event.message)")
        }
    }
}
