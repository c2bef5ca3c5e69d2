import ArgumentParser
import Client
import Core
import Fleets
import FoundationEssentials

/// Commands about fleets of models.
struct FleetsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleets",
        abstract: "Import, list, show and promote fleets of models.",
        subcommands: [Import.self, List.self, Show.self, Promote.self]
    )

    /// Sends model files to the server, which decodes them without running anything in them.
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Import a folder or archive of scikit-learn models as the next version.",
            discussion: """
                Examples:
                  fleetscore fleets import plant models/
                  fleetscore fleets import plant models.tar.gz

                Pickles and joblib files are decoded by an allow-list reader; nothing in them is
                executed. The new version becomes `candidate`; the first one without errors
                becomes `production` too.
                """
        )

        @Argument(help: "The fleet's name.")
        var name: String

        @Argument(help: "A folder of model files, or a .tar or .tar.gz of them.")
        var path: String

        @Option(help: "How file names give the key.")
        var keyPattern = "model_{device}_{sensor}"

        @OptionGroup var options: ServerOptions

        func run() async throws {
            _ = try KeyPattern(parsing: keyPattern)
            let archive = try ModelSource.archive(at: path)
            let detail: FleetDetail = try await options.client().post(
                "/v1/fleets/\(name.percentEncodedForPath)/versions",
                ["key_pattern": keyPattern],
                body: .init(archive, contentType: "application/x-tar")
            )
            try options.show(detail) { detail in
                let version = detail.version
                Terminal.say(
                    "imported \(version.fleet) version \(version.version): "
                        + "\(version.models.grouped) models, \(version.errors) with errors, "
                        + "\(version.warnings) with warnings; aliases: "
                        + version.aliases.joined(separator: ", ")
                )
                FleetsCommand.showFindings(detail)
                if !version.aliases.contains("production") {
                    Terminal.say(
                        "next: fleetscore fleets promote \(version.fleet) \(version.version)"
                    )
                }
            }
        }
    }

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
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a version of a fleet and what its checks found.",
            discussion: "Example:\n  fleetscore fleets show plant --version production"
        )

        @Argument(help: "The fleet's name.")
        var name: String

        @Option(help: "A version number or an alias; the newest when left out.")
        var version: String?

        @OptionGroup var options: ServerOptions

        func run() async throws {
            var query: [String: String] = [:]
            query["version"] = version
            let detail: FleetDetail = try await options.client().get(
                "/v1/fleets/\(name.percentEncodedForPath)",
                query
            )
            try options.show(detail) { detail in
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
        }
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
            struct Answer: Codable {
                let fleet: String
                let alias: String
                let version: Int
            }
            let answer: Answer = try await options.client().post(
                "/v1/fleets/\(name.percentEncodedForPath)/promote",
                body: .init(
                    json: PromoteRequest(version: version, alias: alias, forceReason: reason)
                )
            )
            try options.show(answer) {
                Terminal.say("\($0.fleet)@\($0.alias) is version \($0.version) now")
            }
        }
    }

    /// The findings of a version, errors first, capped.
    static func showFindings(_ detail: FleetDetail) {
        for failure in detail.failures.prefix(20) {
            Terminal.say("  error    \(failure.key): \(failure.message)")
        }
        let ordered =
            detail.findings.filter { $0.severity == "error" }
            + detail.findings.filter { $0.severity != "error" }
        for finding in ordered.prefix(20) {
            let severity =
                finding.severity
                + String(repeating: " ", count: 9).dropFirst(
                    finding.severity.count
                )
            Terminal.say("  \(severity)\(finding.key): \(finding.message)")
        }
        let more = max(0, detail.failures.count - 20) + max(0, ordered.count - 20)
        if more > 0 { Terminal.say("  and \(more) more; --json lists all") }
        if !detail.ignoredFiles.isEmpty {
            Terminal.say(
                "  ignored  \(detail.ignoredFiles.count) files whose names do not fit the pattern: "
                    + detail.ignoredFiles.prefix(5).joined(separator: ", ")
            )
        }
    }
}

/// Model files on this machine.
enum ModelSource {
    /// The files of a folder (not below it), or of an archive.
    static func files(at path: String) throws -> [ModelFile] {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw FleetError(.notFound, "there is no folder or archive \(path)")
        }
        guard isFolder else {
            return try ModelArchive.files(Files.bytes(path), name: path)
        }
        return try folderFiles(path)
    }

    /// The same files as one tar archive; an archive is taken as it is.
    static func archive(at path: String) throws -> [UInt8] {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw FleetError(.notFound, "there is no folder or archive \(path)")
        }
        guard isFolder else { return try Files.bytes(path) }
        return TarArchive.make(try folderFiles(path).map { ($0.path, $0.bytes) })
    }

    private static func folderFiles(_ path: String) throws -> [ModelFile] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        } catch {
            throw FleetError(.unavailable, "cannot list the folder \(path)", cause: error)
        }
        var files: [ModelFile] = []
        for name in names where !name.hasPrefix(".") {
            var isFolder = false
            let full = path.hasSuffix("/") ? path + name : path + "/" + name
            guard FileManager.default.fileExists(atPath: full, isDirectory: &isFolder), !isFolder
            else { continue }
            files.append(ModelFile(path: name, bytes: try Files.bytes(full)))
        }
        guard !files.isEmpty else {
            throw FleetError(.invalidArgument, "the folder \(path) holds no files")
        }
        return files
    }
}
