import ArgumentParser
import Client
import Core

/// Commands about windows.
struct WindowsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "windows",
        abstract: "List window definitions, and compute past windows again.",
        subcommands: [List.self, Rebuild.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the window definitions and what is in their windows.",
            discussion: "Example:\n  fleetscore windows list"
        )

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let status: StatusInfo = try await options.client().get("/v1/status")
            try options.show(status.definitions) { definitions in
                var table = TextTable(
                    [
                        "windows", "kind", "size", "lateness", "late events", "kept", "closed",
                        "events", "filtered", "late", "adjusted", "corrected", "watermark",
                    ],
                    numbers: ["closed", "events", "filtered", "late", "adjusted", "corrected"]
                )
                for definition in definitions {
                    table.add([
                        definition.name, definition.kind, definition.size,
                        definition.allowedLateness, definition.latePolicy,
                        definition.retention ?? "for ever", definition.closed.grouped,
                        definition.windowed.grouped, definition.filtered.grouped,
                        definition.late.grouped, definition.adjusted.grouped,
                        definition.corrected.grouped, definition.watermark?.description ?? "–",
                    ])
                }
                table.lines.forEach { Terminal.say($0) }
            }
        }
    }

    struct Rebuild: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compute the windows of a past range again from the raw events.",
            discussion: """
                Examples:
                  fleetscore windows rebuild --definition 1m --from 2026-01-01T00:00Z \\
                    --to 2026-01-02T00:00Z
                  fleetscore windows rebuild --definition 5m --from … --to … --source capture

                For a definition that was added or changed. Windows that are equal already are
                left as they are; changed ones are scored anew.
                """
        )

        @Option(help: "Name of the window definition.")
        var definition: String

        @Option(help: "Windows that end after this time, RFC 3339.", transform: Timestamp.argument)
        var from: Timestamp

        @Option(
            help: "Windows that end at this time or before, RFC 3339.",
            transform: Timestamp.argument
        )
        var to: Timestamp

        @Option(help: "Where raw events are read: log, or capture for older ones.")
        var source = "log"

        @OptionGroup var options: ServerOptions

        func validate() throws {
            guard ["log", "capture"].contains(source) else {
                throw ValidationError("--source \(source) is not log or capture")
            }
        }

        func run() async throws {
            try await checkDefinition()
            let request = RebuildRequest(
                definition: definition,
                from: from,
                to: to,
                source: source
            )
            Terminal.complain("rebuilding \(definition) windows from the \(source) …")
            let answer: RebuildAnswer = try await options.client(timeout: .seconds(86_400)).post(
                "/v1/windows/rebuild",
                body: .init(json: request)
            )
            try options.show(answer) { answer in
                Terminal.say(
                    "\(answer.unchanged.grouped) windows unchanged, "
                        + "\(answer.changed.grouped) changed, \(answer.added.grouped) added, "
                        + "\(answer.removed.grouped) removed"
                )
            }
        }

        /// Says that there is no such definition before saying that it is rebuilt.
        private func checkDefinition() async throws {
            let status: StatusInfo = try await options.client().get("/v1/status")
            let names = status.definitions.map(\.name)
            guard !names.contains(definition) else { return }
            throw FleetError(
                .notFound,
                "there is no window definition \"\(definition)\"",
                hint: DidYouMean.hint(for: definition, among: names)
            )
        }
    }
}
