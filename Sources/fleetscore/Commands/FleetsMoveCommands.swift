import ArgumentParser
import Client
import Core
import FoundationEssentials

#if canImport(Glibc)
import Glibc
#endif

extension FleetsCommand {
    /// An alias as the server answers it.
    private struct AliasAnswer: Codable {
        let fleet: String
        let alias: String
        let version: Int
        let reason: String?
    }

    struct Promote: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Point an alias at a version.",
            discussion: """
                Examples:
                  fleetscore fleets promote plant 3
                  fleetscore fleets promote plant 4 --force --reason "known rigs"

                A version whose models have errors is refused unless --force gives a reason, which
                is recorded.
                """
        )

        @Argument(help: "The fleet's name.")
        var name: String

        @Argument(help: "The version's number.")
        var version: Int

        @Option(help: "The alias to move.")
        var alias = "production"

        @Flag(help: "Promote even with errors; needs --reason.")
        var force = false

        @Option(help: "Why a version with errors is promoted.")
        var reason: String?

        @OptionGroup var options: ServerOptions

        func validate() throws {
            guard force == (reason != nil) else {
                throw ValidationError("--force and --reason \"…\" go together")
            }
        }

        func run() async throws {
            let answer: AliasAnswer = try await options.client().post(
                "/v1/fleets/\(name.percentEncodedForPath)/promote",
                body: .init(
                    json: PromoteRequest(version: version, alias: alias, forceReason: reason)
                )
            )
            try options.show(answer) {
                let forced = $0.reason.map { "; forced: \($0)" } ?? ""
                Terminal.say("\($0.fleet)@\($0.alias) is version \($0.version) now\(forced)")
            }
        }
    }

    struct Rollback: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Point an alias back at the version before.",
            discussion: """
                Examples:
                  fleetscore fleets rollback plant
                  fleetscore fleets rollback plant --alias candidate --reason "too many alarms"

                Doing it again goes back one more; `fleets history` lists the moves.
                """
        )

        @Argument(help: "The fleet's name.")
        var name: String

        @Option(help: "The alias to move.")
        var alias = "production"

        @Option(help: "Why; it is recorded.")
        var reason: String?

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let answer: AliasAnswer = try await options.client().post(
                "/v1/fleets/\(name.percentEncodedForPath)/rollback",
                body: .init(json: RollbackRequest(alias: alias, reason: reason))
            )
            try options.show(answer) {
                Terminal.say("\($0.fleet)@\($0.alias) is version \($0.version) again")
            }
        }
    }

    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show where the aliases of a fleet pointed, newest first.",
            discussion: "Example:\n  fleetscore fleets history plant"
        )

        @Argument(help: "The fleet's name.")
        var name: String

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let changes: [AliasChangeInfo] = try await options.client().get(
                "/v1/fleets/\(name.percentEncodedForPath)/history"
            )
            try options.show(changes) { changes in
                var table = TextTable(
                    ["alias", "version", "by", "at", "reason"],
                    numbers: ["version"]
                )
                for change in changes {
                    table.add([
                        change.alias, "\(change.version)", change.action,
                        change.changedAt.description, change.reason ?? "",
                    ])
                }
                table.lines.forEach { Terminal.say($0) }
            }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a version to one archive that `fleets import` takes again.",
            discussion: """
                Example:
                  fleetscore fleets export plant production plant.tar

                The archive holds packed numbers, not the files they were decoded from, and what
                the import found (checks.json).
                """
        )

        @Argument(help: "The fleet's name.")
        var name: String

        @Argument(help: "A version number or an alias.")
        var version: String

        @Argument(help: "The file to write; an existing one is kept and refused.")
        var path: String

        @OptionGroup var options: ServerOptions

        /// What was written.
        private struct Answer: Codable {
            let path: String
            let byteCount: Int
        }

        func run() async throws {
            let partial = path + ".partial"
            try Files.create(path, [])
            var count = 0
            do {
                let file = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
                guard file >= 0 else {
                    throw FleetError(.unavailable, "cannot write \(partial)")
                }
                defer { close(file) }
                try await options.client().download(
                    "/v1/fleets/\(name.percentEncodedForPath)/export",
                    ["version": version]
                ) { bytes in
                    count += bytes.count
                    try Self.write(bytes, to: file, partial)
                }
                guard fsync(file) == 0, rename(partial, path) == 0 else {
                    throw FleetError(.unavailable, "cannot write \(path)")
                }
            } catch {
                unlink(partial)
                unlink(path)
                throw error
            }
            try options.show(Answer(path: path, byteCount: count)) {
                Terminal.say("wrote \($0.path): \($0.byteCount.grouped) bytes")
            }
        }

        private static func write(
            _ bytes: UnsafeRawBufferPointer,
            to file: Int32,
            _ path: String
        ) throws {
            var rest = bytes
            while !rest.isEmpty {
                let count = Glibc.write(file, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    throw FleetError(
                        .resourceExhausted,
                        "cannot write \(path): \(String(cString: strerror(errno)))"
                    )
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }
}
