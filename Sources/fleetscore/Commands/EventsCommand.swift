import ArgumentParser
import Client
import Core
import FoundationEssentials

/// Commands about events.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Send files of events, export them, and see which are in no window.",
        subcommands: [
            Send.self, Export.self, Rejected.self, Late.self, DeadLetters.self, Counts.self,
        ]
    )

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Export raw readings of a time range that the log still holds.",
            discussion: """
                Examples:
                  fleetscore events export --from 2026-01-01T00:00Z
                  fleetscore events export --format parquet --out readings.parquet

                Older readings are in the capture: Parquet files in blobs/capture/DATE/HOUR/.
                """
        )

        @Option(help: "From this time on, RFC 3339.")
        var from: String?

        @Option(help: "Up to but without this time, RFC 3339.")
        var to: String?

        @Option(help: "Only this device.")
        var device: String?

        @Option(help: "csv or parquet.")
        var format = "csv"

        @Option(help: "File to write; standard output when left out.")
        var out: String?

        @OptionGroup var options: ServerOptions

        func run() async throws {
            var query = ["format": format]
            query["from"] = from
            query["to"] = to
            query["device"] = device
            let bytes = try await options.client().getBytes("/v1/events", query)
            guard let out else {
                Terminal.write(bytes)
                return
            }
            try Files.create(out, bytes)
            Terminal.complain("wrote \(bytes.count.grouped) bytes to \(out)")
        }
    }

    struct Rejected: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List rejected events, newest first.",
            discussion: """
                Example:
                  fleetscore events rejected --limit 20

                `fleetscore events dead-letters` shows more of them and sends them again.
                """
        )

        @Option(help: "How many.")
        var limit = 20

        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.list("rejected", limit: limit)
        }
    }

    struct Late: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List events that came after their window had closed, newest first.",
            discussion: "Example:\n  fleetscore events late --limit 20"
        )

        @Option(help: "How many.")
        var limit = 20

        @OptionGroup var options: ServerOptions

        func run() async throws {
            try await options.list("late", limit: limit)
        }
    }
}

extension ServerOptions {
    /// Lists events that are in no window: `rejected` or `late` ones.
    fileprivate func list(_ kind: String, limit: Int) async throws {
        let letters: [DeadLetterInfo] = try await client().get(
            "/v1/events/\(kind)",
            ["limit": "\(limit)"]
        )
        try show(letters) { letters in
            if letters.isEmpty { Terminal.say("no \(kind) events") }
            letters.forEach { Terminal.say($0.line) }
        }
    }
}
