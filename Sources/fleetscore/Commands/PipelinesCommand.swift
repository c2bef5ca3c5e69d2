import ArgumentParser
import Client
import Core
import FoundationEssentials
import Pipelines

/// Commands about pipelines.
struct PipelinesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pipelines",
        abstract: "Check, publish, list, show, pause, resume and preview pipelines.",
        subcommands: [
            Check.self, Publish.self, List.self, Show.self, Pause.self, Resume.self, Preview.self,
        ]
    )

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a pipeline document without publishing it; needs no server.",
            discussion: "Example:\n  fleetscore pipelines check pipeline.yaml"
        )

        @Argument(help: "The YAML document.")
        var file: String

        @Flag(help: "Answer as JSON.")
        var json = false

        func run() async throws {
            let checked = PipelineDocument.check(yaml: try Files.text(file), file: file)
            if json {
                try Terminal.sayJSON(checked.problems)
            } else {
                for problem in checked.problems { Terminal.complain("\(problem)") }
            }
            guard let document = checked.document, checked.problems.isEmpty else {
                throw ExitCode(2)
            }
            if !json { Terminal.say("\(file) is fine: pipeline \(document.name)") }
        }
    }

    struct Publish: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Publish a pipeline document as its next version; fires nothing by itself.",
            discussion: "Example:\n  fleetscore pipelines publish pipeline.yaml"
        )

        @Argument(help: "The YAML document.")
        var file: String

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let text = try Files.text(file)
            _ = try PipelineDocument.parse(yaml: text, file: file)
            let info: PipelineInfo = try await options.client().post(
                "/v1/pipelines",
                ["file": file],
                body: .init(Array(text.utf8), contentType: "application/yaml")
            )
            try await warnOfMissingFleet(info)
            try options.show(info) { info in
                Terminal.say("published \(info.name) version \(info.version)")
                if let next = info.nextFireTimes.first {
                    Terminal.say("  \(info.schedule ?? ""), next at \(next)")
                } else {
                    Terminal.say(
                        "  no schedule; start it with `fleetscore runs start \(info.name)`"
                    )
                }
            }
        }

        /// Says when the fleet a pipeline names is not there yet; its runs would fail.
        private func warnOfMissingFleet(_ info: PipelineInfo) async throws {
            let versions: [FleetVersionInfo] = try await options.client().get("/v1/fleets")
            let parts = info.fleet.split(separator: "@").map(String.init)
            let isThere = versions.contains { version in
                version.fleet == parts[0]
                    && (parts.count < 2 || version.aliases.contains(parts[1])
                        || String(version.version) == parts[1])
            }
            guard !isThere else { return }
            Terminal.complain(
                "note: there is no \(info.fleet) yet; its runs fail until you import it with "
                    + "`fleetscore fleets import \(parts[0]) DIR` and promote it"
            )
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List pipelines with their last runs.",
            discussion: "Example:\n  fleetscore pipelines list"
        )

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let infos: [PipelineInfo] = try await options.client().get("/v1/pipelines")
            try options.show(infos) { infos in
                guard !infos.isEmpty else {
                    Terminal.say(
                        "no pipelines; publish one with `fleetscore pipelines publish FILE`"
                    )
                    return
                }
                var table = TextTable(
                    ["pipeline", "version", "schedule", "fleet", "next", "last run"],
                    numbers: ["version"]
                )
                for info in infos {
                    table.add([
                        info.name, "\(info.version)", info.schedule ?? "by request", info.fleet,
                        info.paused ? "paused" : info.nextFireTimes.first?.description ?? "–",
                        info.lastRun.map { "\($0.state) (\($0.rows.grouped) rows)" } ?? "–",
                    ])
                }
                table.lines.forEach { Terminal.say($0) }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a pipeline: its document, next fire times and skipped triggers.",
            discussion: "Example:\n  fleetscore pipelines show plant"
        )

        @Argument(help: "The pipeline's name.")
        var name: String

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let info: PipelineInfo = try await options.client().get(
                "/v1/pipelines/\(name.percentEncodedForPath)"
            )
            try options.show(info) { info in
                Terminal.say("# version \(info.version), published \(info.publishedAt)")
                Terminal.say(info.document.trimmed)
                let next = info.nextFireTimes.map(\.description).joined(separator: ", ")
                Terminal.say("# next: " + (info.paused ? "paused" : next.isEmpty ? "–" : next))
                for skipped in info.skipped {
                    Terminal.say(
                        "# skipped \(skipped.intervalStart)/\(skipped.intervalEnd): "
                            + skipped.reason
                    )
                }
            }
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Pause a schedule; its intervals are recorded as skipped meanwhile.",
            discussion: "Example:\n  fleetscore pipelines pause plant"
        )

        @Argument(help: "The pipeline's name.")
        var name: String

        @OptionGroup var options: ServerOptions

        func run() async throws { try await change(name, "pause", options) }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Resume a paused schedule.",
            discussion: "Example:\n  fleetscore pipelines resume plant"
        )

        @Argument(help: "The pipeline's name.")
        var name: String

        @OptionGroup var options: ServerOptions

        func run() async throws { try await change(name, "resume", options) }
    }

    struct Preview: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the next fire times of a pipeline, or of a document.",
            discussion: """
                Examples:
                  fleetscore pipelines preview plant --count 10
                  fleetscore pipelines preview pipeline.yaml
                """
        )

        @Argument(help: "A pipeline's name, or a YAML document.")
        var name: String

        @Option(help: "How many times, 1 to 1000.")
        var count = 5

        @OptionGroup var options: ServerOptions

        func validate() throws {
            guard (1...1000).contains(count) else {
                throw ValidationError("--count \(count) is not in 1...1000")
            }
        }

        func run() async throws {
            let times: [Timestamp]
            if FileManager.default.fileExists(atPath: name) {
                let document = try PipelineDocument.parse(yaml: Files.text(name), file: name)
                times =
                    document.schedule?.schedule.fireTimes(
                        after: SystemWallClock().now,
                        count: count
                    ) ?? []
            } else {
                times = try await options.client().get(
                    "/v1/pipelines/\(name.percentEncodedForPath)/preview",
                    ["count": "\(count)"]
                )
            }
            try options.show(times) { times in
                if times.isEmpty { Terminal.say("no schedule: runs start by request only") }
                for time in times { Terminal.say(time.description) }
            }
        }
    }

    private static func change(
        _ name: String,
        _ verb: String,
        _ options: ServerOptions
    ) async throws {
        let info: PipelineInfo = try await options.client().post(
            "/v1/pipelines/\(name.percentEncodedForPath)/\(verb)"
        )
        try options.show(info) {
            Terminal.say("\($0.name) is " + ($0.paused ? "paused" : "active"))
        }
    }
}
