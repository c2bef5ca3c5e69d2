import ArgumentParser
import Client
import Core
import FoundationEssentials
import Wire

/// Commands about events.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Send files of events, and export what the server holds.",
        subcommands: [Send.self, Export.self, Rejected.self, Late.self]
    )

    struct Send: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a file of events to the server, resumable.",
            discussion: """
                Examples:
                  fleetscore events send readings.csv --complete
                  fleetscore events send history.ndjson --time-zone Europe/Berlin

                Sends in time order. Each batch carries a key made of the file's content, so that
                running the command again after an interruption counts nothing twice.
                --complete says that all of a historic data set is sent: its windows close now.
                """
        )

        @Argument(help: "A CSV, NDJSON or JSON file.")
        var file: String

        @Flag(help: "Close all windows afterwards.")
        var complete = false

        @Option(help: "Column names, such as time=ts,device=machine.")
        var columns: String?

        @Option(help: "IANA zone of times written without one.")
        var timeZone = "UTC"

        @Option(help: "Device name for wide tables without a device column.")
        var device = "device"

        @Option(help: "csv, ndjson or json; told by the file's name when left out.")
        var format: String?

        @Option(help: "Events a request, 1 to 200000.")
        var batch = 20_000

        @OptionGroup var options: ServerOptions

        func validate() throws {
            guard (1...200_000).contains(batch) else {
                throw ValidationError("--batch \(batch) is not in 1...200000")
            }
        }

        func run() async throws {
            var decoding = DecodeOptions()
            decoding.columns = try columns.map { try ColumnRenames.parse($0) } ?? [:]
            decoding.timeZone = try TimeZoneRules.load(timeZone)
            decoding.defaultDevice = device
            decoding.latestTime = SystemWallClock().now + Limits().timeAheadMax
            let source = try EventFileSource.open(file, format: format, options: decoding)
            let sender = EventSender(
                client: try options.client(),
                batchEventCount: batch,
                keyPrefix: source.digest
            )
            var progress = ProgressLine("sending", total: source.events.count, unit: "events")
            let lateBefore = try await sender.status().late
            let sent = try await sender.send(source.events) { progress.update($0) }
            if complete { try await sender.complete() }
            progress.finish(source.events.count)
            try report(source, sent)
            try await warnOfLate(since: lateBefore, sender)
        }

        /// Says when events came too late for their windows, which "accepted" does not tell.
        private func warnOfLate(since before: Int64, _ sender: EventSender) async throws {
            var status = try await sender.status()
            for _ in 0..<50 where status.lag > 0 {
                try await ContinuousClock().sleep(for: .milliseconds(100))
                status = try await sender.status()
            }
            let late = status.late - before
            guard late > 0 else { return }
            Terminal.complain(
                "note: \(late.grouped) events came after their windows had closed and are kept "
                    + "apart; see `fleetscore events late`"
            )
        }

        private struct Answer: Encodable {
            let accepted: Int
            let duplicates: Int
            let rejected: Int
            let rejectedByReason: [String: Int]
            let completed: Bool
        }

        private func report(_ source: EventFileSource, _ sent: EventSender.Sent) throws {
            let answer = Answer(
                accepted: sent.accepted,
                duplicates: sent.alreadyThere,
                rejected: source.rejectedCount + sent.rejected,
                rejectedByReason: source.rejectedByReason,
                completed: complete
            )
            for event in source.rejected.prefix(20) {
                Terminal.complain("rejected line \(event.line): \(event.message)")
            }
            if source.rejectedCount > 20 {
                Terminal.complain("rejected \(source.rejectedCount - 20) more")
            }
            try options.show(answer) { answer in
                var text = "accepted \(answer.accepted.grouped) events"
                if answer.duplicates > 0 {
                    text += ", \(answer.duplicates.grouped) were there already"
                }
                text += ", rejected \(answer.rejected.grouped)"
                Terminal.say(text + (complete ? "; closing all windows" : ""))
            }
        }
    }

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
            discussion: "Example:\n  fleetscore events rejected --limit 20"
        )

        @Option(help: "How many.")
        var limit = 20

        @OptionGroup var options: ServerOptions

        struct Row: Codable {
            let receivedAt: Timestamp
            let source: String
            let reason: String
            let sample: String
        }

        func run() async throws {
            let rows: [Row] = try await options.client().get(
                "/v1/events/rejected",
                ["limit": "\(limit)"]
            )
            try options.show(rows) { rows in
                for row in rows { Terminal.say("\(row.receivedAt)  \(row.reason)  \(row.sample)") }
            }
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

        struct Row: Codable {
            let definition: String
            let key: SeriesKey
            let time: Timestamp
            let value: Double
        }

        func run() async throws {
            let rows: [Row] = try await options.client().get(
                "/v1/events/late",
                ["limit": "\(limit)"]
            )
            try options.show(rows) { rows in
                for row in rows {
                    Terminal.say("\(row.time)  \(row.key)  \(row.value)  (\(row.definition))")
                }
            }
        }
    }
}
