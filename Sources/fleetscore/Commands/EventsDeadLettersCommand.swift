import ArgumentParser
import Client
import Core

extension EventsCommand {
    struct DeadLetters: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "dead-letters",
            abstract: "List, show and send again events that are in no window.",
            discussion: """
                Examples:
                  fleetscore events dead-letters
                  fleetscore events dead-letters list --reason bad_time --device pump-7
                  fleetscore events dead-letters show 4711
                  fleetscore events dead-letters replay 4711 4712
                  fleetscore events dead-letters replay --reason early --since 2026-01-01T00:00Z
                """,
            subcommands: [List.self, Show.self, Replay.self],
            defaultSubcommand: List.self
        )
    }

    struct Counts: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Count the events that are in no window, by reason.",
            discussion: "Example:\n  fleetscore events counts --json"
        )

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let counts: [EventCountInfo] = try await options.client().get("/v1/events/counts")
            try options.show(counts) { counts in
                guard !counts.isEmpty else {
                    Terminal.say("every event is in its windows")
                    return
                }
                var table = TextTable(["reason", "windows", "events"], numbers: ["events"])
                for count in counts {
                    table.add([count.reason, count.definition ?? "–", count.count.grouped])
                }
                table.lines.forEach { Terminal.say($0) }
            }
        }
    }
}

/// Which dead letters a command is about.
struct DeadLetterOptions: ParsableArguments {
    @Option(help: "Only those of a reason, such as late, early, bad_time or out_of_range.")
    var reason: String?

    @Option(help: "Only those of a device, where it could be read.")
    var device: String?

    @Option(help: "Only those received since a time, RFC 3339.", transform: Timestamp.argument)
    var since: Timestamp?
}

extension EventsCommand.DeadLetters {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List dead letters, newest first.",
            discussion: "Example:\n  fleetscore events dead-letters list --reason late --limit 20"
        )

        @OptionGroup var filter: DeadLetterOptions

        @Option(help: "Only those with a lower number: the next page.")
        var before: Int64?

        @Option(help: "How many, 1 to 10000.")
        var limit = 20

        @OptionGroup var options: ServerOptions

        func run() async throws {
            var query = ["limit": "\(limit)"]
            query["reason"] = filter.reason
            query["device"] = filter.device
            query["since"] = filter.since?.description
            query["before"] = before.map { "\($0)" }
            let letters: [DeadLetterInfo] = try await options.client().get(
                "/v1/events/dead-letters",
                query
            )
            try options.show(letters) { letters in
                guard !letters.isEmpty else {
                    Terminal.say("there are no such dead letters")
                    return
                }
                letters.forEach { Terminal.say($0.line) }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a dead letter with all that is known of it.",
            discussion: "Example:\n  fleetscore events dead-letters show 4711"
        )

        @Argument(help: "Its number, as the list gives it.")
        var number: Int64

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let letter: DeadLetterInfo = try await options.client().get(
                "/v1/events/dead-letters/\(number)"
            )
            try options.show(letter) { letter in
                for (name, value) in letter.fields { Terminal.say("\(name): \(value)") }
            }
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send dead letters again, once what was wrong with them is put right.",
            discussion: """
                Examples:
                  fleetscore events dead-letters replay 4711 4712
                  fleetscore events dead-letters replay --reason late --since 2026-01-01T00:00Z

                A number without a letter is an error, and nothing is sent. Exits with 3 when an
                event was rejected again or every letter was left alone.

                By filter, letters that were sent again before are left out. Never sent again are
                events that are in windows already, which would count twice: flagged values,
                duplicates, and events that were late for some window definitions only.
                """
        )

        @Argument(help: "Numbers of dead letters.")
        var numbers: [Int64] = []

        @OptionGroup var filter: DeadLetterOptions

        @Option(help: "How many at most, 1 to 100000.")
        var limit = 10_000

        @OptionGroup var options: ServerOptions

        func validate() throws {
            let hasFilter = filter.reason != nil || filter.device != nil || filter.since != nil
            guard numbers.isEmpty == hasFilter else {
                throw ValidationError(
                    "give either numbers, or --reason, --device or --since"
                )
            }
        }

        func run() async throws {
            let request = ReplayRequest(
                numbers: numbers.isEmpty ? nil : numbers,
                reason: filter.reason,
                device: filter.device,
                since: filter.since,
                limit: numbers.isEmpty ? limit : nil
            )
            let answer: ReplayAnswer = try await options.client(timeout: .seconds(3600)).post(
                "/v1/events/dead-letters/replay",
                body: .init(json: request)
            )
            try options.show(answer) { answer in
                answer.problems.forEach { Terminal.complain($0) }
                var text = "\(answer.letters.grouped) dead letters: "
                text += "\(answer.accepted.grouped) events accepted, "
                if answer.repeated > 0 {
                    text += "\(answer.repeated.grouped) accepted before, "
                }
                text += "\(answer.rejected.grouped) rejected"
                for (why, count) in answer.skipped.sorted(by: { $0.key < $1.key }) {
                    text += ", \(count.grouped) left alone (\(why))"
                }
                Terminal.say(text)
            }
            let isLeftAlone =
                answer.accepted + answer.repeated == 0 && !answer.skipped.isEmpty
            if answer.rejected > 0 || isLeftAlone { throw ExitCode(3) }
        }
    }
}

extension DeadLetterInfo {
    /// The letter on one line.
    var line: String {
        var text = "\(number)  \(receivedAt)  \(reason)"
        if let definition { text += " (\(definition))" }
        if let device { text += "  " + [device, sensor].compactMap { $0 }.joined(separator: "/") }
        if let time { text += "  \(time)" }
        if let value { text += "  \(value)" }
        if let message { text += "  \(message)" }
        if let sample = self.text { text += "  \(sample.prefix(200))" }
        return replayedAt == nil ? text : text + "  [sent again]"
    }

    /// All that is known, with a name each.
    var fields: [(String, String)] {
        let known: [(String, String?)] = [
            ("number", "\(number)"), ("received", "\(receivedAt)"), ("reason", reason),
            ("source", source), ("message", message), ("windows", definition),
            ("device", device), ("sensor", sensor), ("time", time?.description),
            ("value", value.map { "\($0)" }), ("partition", partition.map { "\($0)" }),
            ("offset", offset.map { "\($0)" }), ("format", format), ("header", context),
            ("text", text), ("sent again", replayedAt?.description),
        ]
        return known.compactMap { name, value in value.map { (name, $0) } }
    }
}
