import ArgumentParser
import Client
import Core
import FoundationEssentials

/// Commands about runs.
struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "Start, list, show, watch and cancel runs, and read their predictions.",
        subcommands: [
            Start.self, List.self, Show.self, Watch.self, Cancel.self, Predictions.self,
        ]
    )

    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run a pipeline now over a data interval.",
            discussion: """
                Examples:
                  fleetscore runs start plant
                  fleetscore runs start plant --interval 2026-01-01T00:00Z/2026-01-02T00:00Z

                The interval covers the windows that lie in it. Without one the last complete
                interval of the schedule is taken. Running an interval again replaces what it
                published.
                """
        )

        @Argument(help: "The pipeline's name.")
        var pipeline: String

        @Option(help: "START/END in RFC 3339.")
        var interval: String?

        @Flag(help: "Wait for the end of the run.")
        var wait = false

        @OptionGroup var options: ServerOptions

        func run() async throws {
            if let interval { _ = try TimeInterval(parsing: interval) }
            let client = try options.client()
            let run: RunInfo = try await client.post(
                "/v1/runs",
                body: .init(json: StartRunRequest(pipeline: pipeline, interval: interval))
            )
            guard wait else {
                try options.show(run) {
                    Terminal.say("started run \($0.id) (attempt \($0.attempt))")
                    Terminal.say("next: fleetscore runs watch \($0.id)")
                }
                return
            }
            try await RunsCommand.follow(run.id, client, options)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List runs, newest first.",
            discussion: "Example:\n  fleetscore runs list --pipeline plant --limit 5"
        )

        @Option(help: "Only this pipeline's runs.")
        var pipeline: String?

        @Option(help: "How many, 1 to 1000.")
        var limit = 20

        @OptionGroup var options: ServerOptions

        func run() async throws {
            var query = ["limit": "\(limit)"]
            query["pipeline"] = pipeline
            let runs: [RunInfo] = try await options.client().get("/v1/runs", query)
            try options.show(runs) { runs in
                guard !runs.isEmpty else {
                    Terminal.say("no runs; start one with `fleetscore runs start PIPELINE`")
                    return
                }
                var table = TextTable(
                    [
                        "run", "pipeline", "interval", "attempt", "state", "items", "rows",
                        "anomalies",
                    ],
                    numbers: ["attempt", "items", "rows", "anomalies"]
                )
                for run in runs {
                    table.add([
                        run.id, run.pipeline, "\(run.intervalStart)/\(run.intervalEnd)",
                        "\(run.attempt)", run.state, run.items.total.grouped, run.rows.grouped,
                        run.anomalies.grouped,
                    ])
                }
                table.lines.forEach { Terminal.say($0) }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a run: its state, items by status, and where its predictions are.",
            discussion: "Example:\n  fleetscore runs show RUN --json"
        )

        @Argument(help: "The run's id.")
        var run: String

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let info: RunInfo = try await options.client().get(
                "/v1/runs/\(run.percentEncodedForPath)"
            )
            try options.show(info) { RunsCommand.say($0) }
        }
    }

    struct Watch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Follow a run to its end.",
            discussion: """
                Example:
                  fleetscore runs watch RUN

                Exit code 0 when it published everything, 3 when items failed, 1 when it published
                nothing.
                """
        )

        @Argument(help: "The run's id.")
        var run: String

        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await RunsCommand.follow(run, options.client(), options)
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancel a run that has not ended; it publishes nothing.",
            discussion: "Example:\n  fleetscore runs cancel RUN"
        )

        @Argument(help: "The run's id.")
        var run: String

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let info: RunInfo = try await options.client().post(
                "/v1/runs/\(run.percentEncodedForPath)/cancel"
            )
            try options.show(info) { Terminal.say("cancelling run \($0.id)") }
        }
    }

    struct Predictions: AsyncParsableCommand {
        enum Format: String, ExpressibleByArgument, CaseIterable { case table, csv, json }

        static let configuration = CommandConfiguration(
            abstract: "Read the published predictions of a run.",
            discussion: """
                Examples:
                  fleetscore runs predictions RUN --anomalies
                  fleetscore runs predictions RUN --format csv > predictions.csv
                  fleetscore runs predictions RUN --key pump-7/temperature --json

                JSON is one array with a row a line.
                """
        )

        @Argument(help: "The run's id.")
        var run: String

        @Option(help: "Only this item, device/sensor or device.")
        var key: String?

        @Flag(help: "Only anomalies.")
        var anomalies = false

        @Option(help: "table, csv or json.")
        var format = Format.table

        @Option(help: "At most so many rows; a table shows 50 unless told otherwise.")
        var limit: Int?

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let format = options.json ? .json : self.format
            let limit = self.limit ?? (format == .table ? 50 : Int.max)
            let client = try options.client()
            var offset = 0
            var shown = 0
            var table = TextTable(
                ["key", "window end", "status", "score", "anomaly", "features"],
                numbers: ["score"]
            )
            var next: Int? = 0
            if format == .csv {
                Terminal.say(
                    "device,sensor,window_start,window_end,status,score,is_anomaly,features"
                )
            }
            while shown < limit, let from = next {
                offset = from
                var query = ["offset": "\(offset)", "limit": "\(min(100_000, limit - shown))"]
                query["key"] = key
                if anomalies { query["anomalies"] = "true" }
                let page: PredictionPage = try await client.get(
                    "/v1/runs/\(run.percentEncodedForPath)/predictions",
                    query
                )
                for row in page.rows {
                    switch format {
                    case .table: table.add(Self.cells(row))
                    case .csv: Terminal.say(Self.csv(row))
                    case .json: try Terminal.sayJSON(row, before: shown == 0 ? "[" : ",")
                    }
                    shown += 1
                }
                next = page.nextOffset
            }
            if format == .json { Terminal.say(shown == 0 ? "[]" : "]") }
            guard format == .table else { return }
            table.lines.forEach { Terminal.say($0) }
            if next != nil { Terminal.say("… more; pass --limit N, or --format csv for all") }
        }

        private static func cells(_ row: PredictionInfo) -> [String] {
            [
                row.key, row.windowEnd.description, row.status,
                row.score.map { "\($0)" } ?? "–", row.isAnomaly.map { $0 ? "yes" : "no" } ?? "–",
                row.features.map { $0.map { "\($0)" } ?? "–" }.joined(separator: " "),
            ]
        }

        private static func csv(_ row: PredictionInfo) -> String {
            let parts = row.key.split(separator: "/", maxSplits: 1).map {
                CSVField.quoted(String($0))
            }
            let cells = [
                parts[0], parts.count > 1 ? parts[1] : "", row.windowStart.description,
                row.windowEnd.description, row.status, row.score.map { "\($0)" } ?? "",
                row.isAnomaly.map { "\($0)" } ?? "",
                row.features.map { $0.map { "\($0)" } ?? "" }.joined(separator: ";"),
            ]
            return cells.joined(separator: ",")
        }
    }

    /// Shows a run for people.
    static func say(_ run: RunInfo) {
        Terminal.say("run        \(run.id)")
        Terminal.say("pipeline   \(run.pipeline) version \(run.pipelineVersion)")
        Terminal.say(
            "fleet      \(run.fleet)" + (run.fleetVersion.map { " (version \($0))" } ?? "")
        )
        Terminal.say("interval   \(run.intervalStart)/\(run.intervalEnd)")
        Terminal.say("attempt    \(run.attempt) (\(run.trigger))")
        Terminal.say("state      \(run.state)" + (run.message.map { ": \($0)" } ?? ""))
        Terminal.say("tasks      \(run.tasksDone) of \(run.tasks)")
        for status in ItemStatus.allCases.reversed() where run.items[status] > 0 {
            Terminal.say("items      \(run.items[status].grouped) \(status.rawValue)")
        }
        Terminal.say("rows       \(run.rows.grouped), \(run.anomalies.grouped) anomalies")
        if let location = run.location { Terminal.say("manifest   \(location)") }
    }

    /// Shows progress until a run ends, then the run; the exit code says how it ended.
    static func follow(
        _ id: String,
        _ client: FleetscoreClient,
        _ options: ServerOptions
    ) async throws {
        var progress: ProgressLine?
        var said = ""
        while true {
            let run: RunInfo = try await client.get("/v1/runs/\(id.percentEncodedForPath)")
            if progress == nil, run.tasks > 0 {
                progress = ProgressLine("run \(id)", total: run.tasks, unit: "tasks")
            }
            if run.isFinal {
                progress?.finish(run.tasksDone, note: run.state)
                try options.show(run) { say($0) }
                switch run.state {
                case "published": return
                case "published_with_failures": throw ExitCode(3)
                default: throw ExitCode(1)
                }
            }
            let note = run.message ?? run.state
            progress?.update(run.tasksDone, note: note)
            if note != said, !Terminal.isInteractive || progress == nil {
                Terminal.complain("run \(id): \(note)")
                said = note
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
