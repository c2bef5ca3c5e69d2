import ArgumentParser
import Client
import Core

extension FleetsCommand {
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a version of a fleet, or the model of one key.",
            discussion: """
                Examples:
                  fleetscore fleets show plant --version production
                  fleetscore fleets show plant pump-1/temperature
                  fleetscore fleets show plant '*' --json

                With a key: what its model is, by type, parameters, features, size, checks, the
                file it came from and digests. `*` is the fallback model.
                """
        )

        @Argument(help: "The fleet's name.")
        var name: String

        @Argument(help: "A key, device/sensor or device.")
        var key: String?

        @Option(help: "A version number or an alias; the newest when left out.")
        var version: String?

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let path = "/v1/fleets/\(name.percentEncodedForPath)"
            var query: [String: String] = [:]
            query["version"] = version
            guard let key else {
                let detail: FleetDetail = try await options.client().get(path, query)
                return try options.show(detail) { show($0) }
            }
            query["key"] = key
            let model: FleetModelInfo = try await options.client().get(path + "/model", query)
            try options.show(model) { show($0) }
        }

        private func show(_ detail: FleetDetail) {
            let version = detail.version
            Terminal.say("fleet      \(version.fleet)")
            Terminal.say("version    \(version.version)")
            Terminal.say("aliases    \(version.aliases.joined(separator: ", "))")
            Terminal.say("created    \(version.createdAt)")
            Terminal.say("pattern    \(version.keyPattern)")
            Terminal.say("models     \(version.models.grouped)")
            Terminal.say("pack       sha256:\(version.packDigest)")
            FleetsCommand.showFindings(detail)
        }

        private func show(_ model: FleetModelInfo) {
            var lines = [
                ("key", model.key), ("fleet", "\(model.fleet) version \(model.version)"),
                ("source", model.source),
            ]
            lines += model.parameters.map { ($0.name, $0.value) }
            lines += [
                ("size", "\(model.byteCount.grouped) bytes"),
                ("model", "sha256:\(model.modelDigest)"), ("file", model.sourceFile),
            ]
            if !model.sourceDigest.isEmpty {
                lines.append(("file digest", "sha256:\(model.sourceDigest)"))
            }
            let width = lines.map(\.0.count).max() ?? 0
            for (name, value) in lines {
                let padding = String(repeating: " ", count: width - name.count + 2)
                Terminal.say(name + padding + value)
            }
            if model.findings.isEmpty { Terminal.say("checks: nothing found") }
            for finding in model.findings { FleetsCommand.show(finding) }
        }
    }

    struct Diff: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show which models two versions do not have in common.",
            discussion: """
                Examples:
                  fleetscore fleets diff plant 3 4
                  fleetscore fleets diff plant production candidate --json
                """
        )

        @Argument(help: "The fleet's name.")
        var name: String

        @Argument(help: "The older version or alias.")
        var from: String

        @Argument(help: "The newer version or alias.")
        var to: String

        @Option(help: "Keys of each kind to list.")
        var limit = 1000

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let difference: FleetDifference = try await options.client().get(
                "/v1/fleets/\(name.percentEncodedForPath)/diff",
                ["from": from, "to": to, "limit": "\(limit)"]
            )
            try options.show(difference) { difference in
                Terminal.say(
                    "\(difference.fleet) version \(difference.from) to \(difference.to): "
                        + "\(difference.addedCount.grouped) added, "
                        + "\(difference.removedCount.grouped) removed, "
                        + "\(difference.changedCount.grouped) changed, "
                        + "\(difference.unchangedCount.grouped) unchanged"
                )
                list("+", difference.added, difference.addedCount)
                list("-", difference.removed, difference.removedCount)
                list("~", difference.changed, difference.changedCount)
            }
        }

        private func list(_ mark: String, _ keys: [String], _ count: Int) {
            for key in keys { Terminal.say("  \(mark) \(key)") }
            if count > keys.count {
                Terminal.say("  \(mark) and \((count - keys.count).grouped) more; see --limit")
            }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show everything that is known to be wrong with a version.",
            discussion: """
                Examples:
                  fleetscore fleets check plant
                  fleetscore fleets check plant@candidate --strict

                Findings of the import, features against the pipelines that use the fleet, and
                what the models say of the windows of the last day. With --strict the exit code is
                3 when there are errors.
                """
        )

        @Argument(help: "The fleet's name, or name@version, or name@alias.")
        var name: String

        @Flag(help: "Exit with code 3 when there are errors.")
        var strict = false

        @Option(help: "Findings to list.")
        var limit = 1000

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let (fleet, version) = FleetsCommand.reference(name)
            var query = ["limit": "\(limit)"]
            query["version"] = version
            let answer: FleetCheckAnswer = try await options.client().get(
                "/v1/fleets/\(fleet.percentEncodedForPath)/check",
                query
            )
            try options.show(answer) { answer in
                Terminal.say(
                    "\(answer.fleet) version \(answer.version): "
                        + "\(answer.errorCount.grouped) errors, "
                        + "\(answer.warningCount.grouped) warnings"
                )
                for finding in answer.findings { FleetsCommand.show(finding) }
                let more = answer.errorCount + answer.warningCount - answer.findings.count
                if more > 0 { Terminal.say("  and \(more.grouped) more; see --limit") }
                let pipelines =
                    answer.pipelines.isEmpty
                    ? "no pipeline uses the fleet"
                    : "compared with the features of " + answer.pipelines.joined(separator: ", ")
                Terminal.say("\(pipelines); \(answer.recentRows.grouped) recent windows scored")
            }
            if strict, answer.errorCount > 0 { throw ExitCode(3) }
        }
    }
}
