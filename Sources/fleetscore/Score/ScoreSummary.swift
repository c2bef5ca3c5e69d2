import Core
import Fleets
import Inference
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
        totals: ScoreRun.Totals,
        report: ImportReport?,
        input: ScoreInput,
        out: String,
        seconds: Double
    ) {
        rejected = input.rejected
        var examples: [String: [String]] = [:]
        for (status, keys) in totals.examples {
            examples[status.rawValue] = keys.map(\.description)
        }
        answer = Answer(
            items: totals.counts,
            rows: totals.rowCount,
            anomalies: totals.anomalyCount,
            rejected: input.rejectedCount,
            suspectModels: Self.suspects(totals.suspects),
            failures: Self.failures(totals.failures, report),
            examples: examples,
            ignoredFiles: report?.ignored ?? [],
            parts: totals.parts,
            out: out,
            seconds: seconds
        )
    }

    /// Items that failed, and files that were left out because another holds their key.
    private static func failures(
        _ items: [ItemOutcome],
        _ report: ImportReport?
    ) -> [Answer.Failure] {
        let failed = items.map {
            Answer.Failure(key: $0.key.description, reason: $0.reason ?? "failed")
        }
        let named = Set(failed.map(\.key))
        let files = (report?.failures ?? []).filter { failure in
            failure.isDuplicate || (failure.key.map { !named.contains($0.description) } ?? true)
        }
        return failed + files.map { .init(key: $0.file, reason: $0.message) }
    }

    /// Errors first, then in key order.
    private static func suspects(_ suspects: [ScoreSuspect]) -> [Answer.Suspect] {
        let all = suspects.map { suspect in
            var reasons: [String] = []
            for finding in suspect.findings where !reasons.contains(finding.message) {
                reasons.append(finding.message)
            }
            return Answer.Suspect(
                key: suspect.key.description,
                severity: suspect.isError ? "error" : "warning",
                reasons: reasons,
                flagged: suspect.flagged,
                rows: suspect.rows
            )
        }
        return all.filter { $0.severity == "error" } + all.filter { $0.severity != "error" }
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
