import ArgumentParser
import Client
import Core
import FoundationEssentials
import UnixSignals
import Wire

extension EventsCommand {
    struct Send: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send files of events to the server, resumable.",
            discussion: """
                Examples:
                  fleetscore events send readings.csv --complete
                  fleetscore events send 2026-*.parquet
                  fleetscore events send history.ndjson --time-zone Europe/Berlin
                  sqlite3 -csv -header plant.db 'select …' | fleetscore events send -

                Takes CSV, NDJSON, JSON, InfluxDB line protocol (.lp) and Parquet, also
                compressed (.gz, .zst); - is standard input. All files are sent together in time
                order. Batches are cut and named by their content: running the command again,
                after an interruption or when later rows were appended, counts nothing twice.
                Of rows that are changed or inserted, the batch around them (some 5,000 events)
                counts again; a note says so. Send new files of other devices by themselves.
                --complete says that all of a historic data set is sent: its windows close now.

                Exit code 3 says that some events were rejected; the server keeps them:
                `fleetscore events dead-letters`.
                """
        )

        @Argument(help: "Files to send; - is standard input.")
        var files: [String]

        @Flag(help: "Close all windows afterwards.")
        var complete = false

        @Option(help: "Column names, such as time=ts,device=machine.")
        var columns: String?

        @Option(help: "IANA zone of times written without one.")
        var timeZone = "UTC"

        @Option(
            help:
                "Unit of numeric times: s, ms, us, ns, m or h; told by their size if not given."
        )
        var timeUnit: String?

        @Option(help: "Device name for tables without a device column.")
        var device = "device"

        @Option(help: "csv, ndjson, json, line or parquet; else told by name and content.")
        var format: String?

        @Option(help: "Events a request at most, 1 to 400000.")
        var batch = 16_384

        @OptionGroup var options: ServerOptions

        func validate() throws {
            guard (1...400_000).contains(batch) else {
                throw ValidationError("--batch \(batch) is not in 1...400000")
            }
            guard files.count(where: { $0 == EventFileSource.standardInput }) <= 1 else {
                throw ValidationError("standard input can be read only once")
            }
        }

        func run() async throws {
            let client = try options.client()
            let source = try EventFileSource.open(
                files,
                .init(format: format, options: decoding())
            )
            for (file, columns) in source.ignoredColumns {
                Terminal.complain(
                    "note: \(file): no numbers in "
                        + columns.prefix(10).map { "\"\($0)\"" }.joined(separator: ", ")
                        + (columns.count > 10 ? ", …" : "") + "; ignored"
                )
            }
            let sender = EventSender(client: client, keyPrefix: "file")
            let lateBefore = try await sender.statusOnceUp().late
            let batch = batch
            let sent = try await Self.stoppable(total: source.events.count) { progress in
                var poster = EventPoster(client: client)
                poster.waiting = { progress.wait($0, $1) }
                for report in source.reports { try await poster.report(report) }
                var files = FileSender(source.events, poster: poster, eventCountMax: batch) {
                    progress.update($0)
                }
                return try await files.send()
            }
            if complete { try await sender.complete() }
            try SendReport(source, sent, isComplete: complete).show(options, fileCount: files.count)
            try await warnOfLate(since: lateBefore, sender)
            if source.rejectedCount + sent.rejected > 0 { throw ExitCode(3) }
        }

        private func decoding() throws -> DecodeOptions {
            var decoding = DecodeOptions()
            decoding.columns = try columns.map { try ColumnRenames.parse($0) } ?? [:]
            decoding.timeZone = try TimeZoneRules.load(timeZone)
            decoding.defaultDevice = device
            if let timeUnit {
                guard let unit = EpochUnit(rawValue: timeUnit) else {
                    throw FleetError(
                        .invalidArgument,
                        "there is no time unit \"\(timeUnit)\"",
                        hint: "use s, ms, us, ns, m or h"
                    )
                }
                decoding.timeUnit = unit
            }
            return decoding
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
    }
}

extension EventsCommand.Send {
    /// Sends with a progress line until done, or until a signal asks to stop.
    private static func stoppable(
        total: Int,
        _ body:
            @escaping @Sendable (SendProgress) async throws -> SentEvents
    ) async throws -> SentEvents {
        let done = SendProgress(total: total)
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: SentEvents?.self) { group in
            group.addTask { try await body(done) }
            group.addTask {
                for await _ in signals { return nil }
                return nil
            }
            defer { group.cancelAll() }
            do {
                if let first = try await group.next(), let sent = first {
                    done.finish()
                    return sent
                }
            } catch {
                done.finish()
                if done.count > 0 { Terminal.complain(hint(done.count, total)) }
                throw error
            }
            done.finish()
            Terminal.complain("interrupted; " + hint(done.count, total))
            throw ExitCode(130)
        }
    }

    private static func hint(_ done: Int, _ total: Int) -> String {
        "\(done.grouped) of \(total.grouped) events are sent; run the same command again to go on: "
            + "what is there already counts once"
    }
}
