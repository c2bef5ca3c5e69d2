import ArgumentParser
import Client
import Core

/// Commands about fleets of models.
struct FleetsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleets",
        abstract: "Import, compare, check and promote fleets of models.",
        subcommands: [
            Import.self, List.self, Versions.self, Show.self, Diff.self, Check.self, Promote.self,
            Rollback.self, History.self, Export.self,
        ]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List fleets and their versions.",
            discussion: "Example:\n  fleetscore fleets list --json"
        )

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let versions: [FleetVersionInfo] = try await options.client().get("/v1/fleets")
            try options.show(versions) { versions in
                guard !versions.isEmpty else {
                    Terminal.say("no fleets; import one with `fleetscore fleets import NAME DIR`")
                    return
                }
                FleetsCommand.showVersions(versions)
            }
        }
    }

    struct Versions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the versions of a fleet, newest first.",
            discussion: "Example:\n  fleetscore fleets versions plant"
        )

        @Argument(help: "The fleet's name.")
        var name: String

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let versions: [FleetVersionInfo] = try await options.client().get(
                "/v1/fleets/\(name.percentEncodedForPath)/versions"
            )
            try options.show(versions) { FleetsCommand.showVersions($0) }
        }
    }

    /// A table of versions.
    static func showVersions(_ versions: [FleetVersionInfo]) {
        var table = TextTable(
            ["fleet", "version", "models", "errors", "warnings", "aliases", "created"],
            numbers: ["version", "models", "errors", "warnings"]
        )
        for version in versions {
            table.add([
                version.fleet, "\(version.version)", version.models.grouped,
                "\(version.errors)", "\(version.warnings)",
                version.aliases.joined(separator: ", "), version.createdAt.description,
            ])
        }
        table.lines.forEach { Terminal.say($0) }
    }

    /// The findings of a version, errors first, capped.
    static func showFindings(_ detail: FleetDetail) {
        for failure in detail.failures.prefix(20) {
            Terminal.say("  error    \(failure.key): \(failure.message)")
        }
        let ordered =
            detail.findings.filter { $0.severity == "error" }
            + detail.findings.filter { $0.severity != "error" }
        for finding in ordered.prefix(20) { show(finding) }
        let more = max(0, detail.failures.count - 20) + max(0, ordered.count - 20)
        if more > 0 {
            Terminal.say(
                "  and \(more.grouped) more; see `fleetscore fleets check \(detail.version.fleet)"
                    + "@\(detail.version.version)`"
            )
        }
        if !detail.ignoredFiles.isEmpty {
            let count = detail.imported?.ignored ?? detail.ignoredFiles.count
            Terminal.say(
                "  ignored  \(count.grouped) files whose names do not fit the pattern: "
                    + detail.ignoredFiles.prefix(5).joined(separator: ", ")
            )
        }
    }

    /// One line of a finding.
    static func show(_ finding: FindingInfo) {
        let severity =
            finding.severity
            + String(repeating: " ", count: max(1, 9 - finding.severity.count))
        Terminal.say("  \(severity)\(finding.key): \(finding.message)")
    }

    /// Splits `name@version` into a name and a version or alias.
    static func reference(_ text: String) -> (name: String, version: String?) {
        guard let mark = text.firstIndex(of: "@") else { return (text, nil) }
        return (String(text[..<mark]), String(text[text.index(after: mark)...]))
    }
}
