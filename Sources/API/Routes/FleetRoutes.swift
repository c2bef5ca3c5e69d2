import Client
import Core
import Fleets
import Hummingbird
import Inference
import Service
import Store

/// `/v1/fleets`: import, list, show, promote.
struct FleetRoutes {
    let backend: Backend

    /// Bytes of an uploaded archive of models.
    private static let archiveByteCountMax = 1 << 30

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/fleets") { _, _ in try JSONAnswer.ok(await versions(of: nil)) }
        router.get("/v1/fleets/:name") { request, context in
            let name = try context.parameters.require("name")
            return try JSONAnswer.ok(await detail(name, version: request.query("version")))
        }
        router.post("/v1/fleets/:name/versions") { request, context in
            let name = try context.parameters.require("name")
            return try await importArchive(name, request)
        }
        router.post("/v1/fleets/:name/promote") { request, context in
            let name = try context.parameters.require("name")
            let body: PromoteRequest = try await request.decoded()
            let alias = try await backend.fleets.promote(
                fleet: name,
                version: body.version,
                alias: body.alias,
                forcedBecause: body.forceReason
            )
            return try JSONAnswer.ok(alias)
        }
    }

    private func importArchive(_ name: String, _ request: Request) async throws -> Response {
        try FleetRegistry.check(name: name)
        let pattern = try KeyPattern(
            parsing: request.query("key_pattern") ?? "model_{device}_{sensor}"
        )
        let bytes = try await request.body(upTo: Self.archiveByteCountMax)
        let files = try ModelArchive.files(bytes, name: "upload")
        let imported = try await backend.fleets.importModels(
            fleet: name,
            pattern: pattern,
            files: files
        )
        return try JSONAnswer.ok(
            FleetDetail(imported.version, aliases: imported.aliases, report: imported.report),
            status: .created
        )
    }

    private func versions(of name: String?) async throws -> [FleetVersionInfo] {
        let aliases = try await backend.catalog.aliases(name)
        return try await backend.catalog.fleetVersions(name).map { version in
            FleetVersionInfo(
                version,
                aliases: aliases.filter {
                    $0.fleet == version.fleet && $0.version == version.version
                }.map(\.alias)
            )
        }
    }

    private func detail(_ name: String, version: String?) async throws -> FleetDetail {
        let known = try await backend.catalog.fleetVersions(name)
        guard let newest = known.first else {
            let names = Set(try await backend.catalog.fleetVersions(nil).map(\.fleet))
            throw FleetError(
                .notFound,
                "there is no fleet \"\(name)\"",
                hint: DidYouMean.suggestion(for: name, among: names.sorted()).map {
                    "did you mean \"\($0)\"?"
                } ?? "import one with `fleetscore fleets import \(name) DIR`"
            )
        }
        let record =
            if let version {
                try await number(version, of: name)
            } else {
                newest
            }
        let aliases = try await backend.catalog.aliases(name).filter {
            $0.version == record.version
        }
        return FleetDetail(
            record,
            aliases: aliases.map(\.alias),
            report: try await backend.fleets.report(of: record)
        )
    }

    private func number(_ text: String, of name: String) async throws -> FleetVersion {
        if let number = Int(text) {
            return try await backend.catalog.fleetVersion(name, number)
        }
        return try await backend.fleets.resolve(name, alias: text)
    }
}

extension FleetVersionInfo {
    init(_ version: FleetVersion, aliases: [String]) {
        self.init(
            fleet: version.fleet,
            version: version.version,
            createdAt: version.createdAt,
            keyPattern: version.keyPattern,
            models: version.modelCount,
            errors: version.errorCount,
            warnings: version.warningCount,
            packDigest: version.packDigest,
            aliases: aliases
        )
    }
}

extension FleetDetail {
    init(_ version: FleetVersion, aliases: [String], report: ImportReport) {
        self.init(
            version: FleetVersionInfo(version, aliases: aliases),
            findings: report.checked.flatMap { checked in
                checked.findings.map {
                    FindingInfo(
                        key: checked.key.description,
                        severity: $0.severity.rawValue,
                        message: $0.message
                    )
                }
            },
            ignoredFiles: report.ignored,
            failures: report.failures.map {
                FindingInfo(
                    key: $0.key?.description ?? $0.file,
                    severity: "error",
                    message: $0.message.contains($0.file) ? $0.message : "\($0.file): \($0.message)"
                )
            }
        )
    }
}
