import ArgumentParser
import Client
import Core

/// Commands about devices and sensors: what is said about them, and which are silent.
struct DevicesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices",
        abstract: "Say what devices and sensors are, and see which are silent.",
        discussion: """
            Devices and sensors appear by themselves. The registry adds where they are, their
            unit, how often they send and which values make sense.
            """,
        subcommands: [List.self, Set.self, Import.self, Remove.self, Silent.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what the registry says.",
            discussion: "Example:\n  fleetscore devices list"
        )

        @Option(help: "Only after this key: the next page.")
        var after: String?

        @Option(help: "How many, 1 to 100000.")
        var limit = 1000

        @OptionGroup var options: ServerOptions

        func run() async throws {
            var query = ["limit": "\(limit)"]
            query["after"] = after
            let entries: [RegistryInfo] = try await options.client().get("/v1/registry", query)
            try options.show(entries) { entries in
                guard !entries.isEmpty else {
                    Terminal.say("the registry is empty; fill it with `fleetscore devices set`")
                    return
                }
                var table = TextTable(
                    ["device", "sensor", "site", "unit", "expected every", "min", "max"],
                    numbers: ["min", "max"]
                )
                for entry in entries {
                    table.add([
                        entry.device, entry.sensor ?? "(all)", entry.site ?? "–",
                        entry.unit ?? "–", entry.expectedInterval ?? "–",
                        entry.min.map { "\($0)" } ?? "–", entry.max.map { "\($0)" } ?? "–",
                    ])
                }
                table.lines.forEach { Terminal.say($0) }
            }
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what a sensor is, or all sensors of a device.",
            discussion: """
                Examples:
                  fleetscore devices set pump-7 --site hall-2 --every 10s
                  fleetscore devices set pump-7/temperature --unit C --min -20 --max 120

                Replaces the entry of that device or sensor. What a sensor's entry leaves out is
                taken from its device's.
                """
        )

        @Argument(help: "DEVICE or DEVICE/SENSOR.")
        var key: String

        @Option(help: "Where it is.")
        var site: String?

        @Option(help: "The unit of its values.")
        var unit: String?

        @Option(help: "How often a reading is expected, such as 10s.")
        var every: String?

        @Option(parsing: .unconditional, help: "The least value that makes sense.")
        var min: Double?

        @Option(parsing: .unconditional, help: "The greatest value that makes sense.")
        var max: Double?

        @OptionGroup var options: ServerOptions

        func validate() throws {
            let isSaid = site != nil || unit != nil || every != nil || min != nil || max != nil
            guard isSaid else {
                throw ValidationError("say something: --site, --unit, --every, --min or --max")
            }
        }

        func run() async throws {
            let key = try SeriesKey(parsing: key)
            for (name, limit) in [("--min", min), ("--max", max)] {
                guard let limit, !limit.isFinite else { continue }
                throw FleetError(
                    .invalidArgument,
                    "\(name) \(limit) of \"\(key)\" limits nothing",
                    hint: "give a number, or leave it out"
                )
            }
            let entry = RegistryInfo(
                device: key.device,
                sensor: key.isDevice ? nil : key.sensor,
                site: site,
                unit: unit,
                expectedInterval: every,
                min: min,
                max: max
            )
            let answer: RegistryAnswer = try await options.client().put(
                "/v1/registry",
                body: .init(json: [entry])
            )
            try options.show(answer) { _ in Terminal.say("the registry knows \(key) now") }
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read entries of the registry from a CSV file.",
            discussion: """
                Example:
                  fleetscore devices import devices.csv

                Columns, apart by commas, semicolons or tabs: device, and any of sensor, site,
                unit, expected_interval, min and max.
                """
        )

        @Argument(help: "A CSV file with a header.")
        var file: String

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let answer: RegistryAnswer = try await options.client().put(
                "/v1/registry",
                body: .init(Files.bytes(file), contentType: "text/csv")
            )
            try options.show(answer) { answer in
                Terminal.say("the registry has \(answer.changed.grouped) entries of \(file) now")
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove an entry of the registry; readings and windows stay.",
            discussion: "Example:\n  fleetscore devices remove pump-7/temperature"
        )

        @Argument(help: "DEVICE or DEVICE/SENSOR.")
        var key: String

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let key = try SeriesKey(parsing: key)
            let parts = [key.device] + (key.isDevice ? [] : [key.sensor])
            let path = parts.map(\.percentEncodedForPath).joined(separator: "/")
            let answer: RegistryAnswer = try await options.client().delete("/v1/registry/\(path)")
            try options.show(answer) { _ in Terminal.say("removed \(key) from the registry") }
        }
    }

    struct Silent: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List series that are expected and send nothing.",
            discussion: """
                Example:
                  fleetscore devices silent --limit 20

                Expected is what a pipeline has a model for and what has sent in the last days
                (expected_for); silent after three times the expected interval, else silent_after.
                """
        )

        @Option(help: "How many, 1 to 100000.")
        var limit = 100

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let answer: SilentAnswer = try await options.client(timeout: .seconds(600)).get(
                "/v1/silent",
                ["limit": "\(limit)"]
            )
            try options.show(answer) { answer in
                guard !answer.series.isEmpty else {
                    Terminal.say("nothing that is expected is silent")
                    return
                }
                var table = TextTable(["series", "last event", "silent since", "expected"])
                for series in answer.series {
                    table.add([
                        [series.device, series.sensor].compactMap { $0 }.joined(separator: "/"),
                        series.lastEventAt?.description ?? "never",
                        series.silentSince?.description ?? "–",
                        series.pipeline.map { "model in \($0)" } ?? "sent recently",
                    ])
                }
                table.lines.forEach { Terminal.say($0) }
                if answer.hasMore { Terminal.say("… and more; raise --limit") }
            }
        }
    }
}
