import ArgumentParser
import Client
import Core

/// Commands about single predictions.
struct PredictionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predictions",
        abstract: "Explain predictions.",
        subcommands: [Explain.self]
    )

    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show why a key got its answer: values, scores, threshold, model, checks.",
            discussion: "Example:\n  fleetscore predictions explain RUN pump-7/temperature"
        )

        @Argument(help: "The run's id.")
        var run: String

        @Argument(help: "The item, device/sensor or device.")
        var key: String

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let explanation: Explanation = try await options.client().get(
                "/v1/runs/\(run.percentEncodedForPath)/explain",
                ["key": key]
            )
            try options.show(explanation) { Self.say($0) }
        }

        private static func say(_ explanation: Explanation) {
            Terminal.say(
                "\(explanation.key): \(explanation.status), \(explanation.anomalies) of "
                    + "\(explanation.rows) windows are anomalies"
                    + (explanation.reason.map { " (\($0))" } ?? "")
            )
            if let model = explanation.model {
                Terminal.say("model: \(model.source), sha256:\(model.digest)")
                for (name, value) in model.parameters.sorted(by: { $0.key < $1.key }) {
                    Terminal.say("  \(name) = \(value)")
                }
            } else {
                Terminal.say("model: none in the fleet for this key")
            }
            Terminal.say("checks: " + (explanation.findings.isEmpty ? "no findings" : ""))
            for finding in explanation.findings {
                Terminal.say("  \(finding.severity): \(finding.message)")
            }
            Terminal.say("rule: a score above the threshold is normal, everything else an anomaly")
            var table = TextTable(
                ["window end"] + explanation.featureNames + ["score", "threshold", "anomaly"],
                numbers: Set(explanation.featureNames + ["score", "threshold"])
            )
            for row in explanation.predictions.prefix(200) {
                let features = row.features.map { $0.map { "\($0)" } ?? "–" }
                table.add(
                    [row.windowEnd.description] + features + [
                        row.score.map { "\($0)" } ?? "–", row.threshold.map { "\($0)" } ?? "–",
                        row.isAnomaly.map { $0 ? "yes" : "no" } ?? "–",
                    ]
                )
            }
            table.lines.forEach { Terminal.say($0) }
            if explanation.predictions.count > 200 { Terminal.say("… more; --json lists all") }
        }
    }
}

/// Commands about workers.
struct WorkersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "List worker processes.",
        subcommands: [List.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the worker processes of a server and what they do.",
            discussion: "Example:\n  fleetscore workers list"
        )

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let workers: [WorkerListing] = try await options.client().get("/v1/workers")
            try options.show(workers) { workers in
                guard !workers.isEmpty else {
                    Terminal.say("no workers: they start when a run needs them")
                    return
                }
                var table = TextTable(
                    ["worker", "process", "started", "run", "task", "tasks done"],
                    numbers: ["process", "task", "tasks done"]
                )
                for worker in workers {
                    table.add([
                        worker.id, "\(worker.processID)", worker.startedAt.description,
                        worker.run ?? "idle", worker.task.map { "\($0)" } ?? "–",
                        "\(worker.tasksDone)",
                    ])
                }
                table.lines.forEach { Terminal.say($0) }
            }
        }
    }
}

/// Shows what a server is doing.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show a server's sources, lag and windows.",
        discussion: "Example:\n  fleetscore status --json"
    )

    @OptionGroup var options: ServerOptions

    func run() async throws {
        let status: StatusInfo = try await options.client().get("/v1/status")
        try options.show(status) { status in
            Terminal.say("version \(status.version), up since \(status.startedAt)")
            Terminal.say(
                "events: \(status.accepted.grouped) applied, \(status.lag.grouped) waiting, "
                    + "\(status.duplicates.grouped) duplicates"
            )
            if let problem = status.problem { Terminal.say("problem: \(problem)") }
            SourceTable.lines(status.sources).forEach { Terminal.say($0) }
            var table = TextTable(
                [
                    "windows", "size", "closed", "events", "filtered", "late", "adjusted",
                    "corrected", "watermark",
                ],
                numbers: ["closed", "events", "filtered", "late", "adjusted", "corrected"]
            )
            for definition in status.definitions {
                table.add([
                    definition.name, definition.size, definition.closed.grouped,
                    definition.windowed.grouped, definition.filtered.grouped,
                    definition.late.grouped, definition.adjusted.grouped,
                    definition.corrected.grouped, definition.watermark?.description ?? "–",
                ])
            }
            table.lines.forEach { Terminal.say($0) }
        }
    }
}
