import Client
import Core
import Fleets
import Hummingbird
import Inference
import Pipelines
import Service
import Store

/// `/v1/fleets`: import, list, show, compare, check, export, and the moves of aliases.
struct FleetRoutes {
    let backend: Backend

    /// Bytes of an uploaded archive of models.
    private static let archiveByteCountMax = 256 << 30

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/fleets") { _, _ in try JSONAnswer.ok(await versions(of: nil)) }
        router.get("/v1/fleets/:name") { request, context in
            let name = try context.parameters.require("name")
            let version = try await version(name, request.query("version"))
            return try JSONAnswer.ok(await detail(version))
        }
        router.get("/v1/fleets/:name/versions") { _, context in
            let name = try context.parameters.require("name")
            _ = try await version(name, nil)
            return try JSONAnswer.ok(await versions(of: name))
        }
        router.post("/v1/fleets/:name/versions") { request, context in
            let name = try context.parameters.require("name")
            return try await importArchive(name, request)
        }
        router.get("/v1/fleets/:name/import") { _, context in
            let name = try context.parameters.require("name")
            let progress = backend.fleets.imports.progress(of: name)
            return try JSONAnswer.ok(
                ImportStatus(
                    isRunning: progress != nil,
                    done: progress?.done ?? 0,
                    total: progress?.total ?? 0,
                    decoded: progress?.decoded ?? 0
                )
            )
        }
        addQueries(to: router)
        addMoves(to: router)
    }

    private func addQueries(to router: Router<BasicRequestContext>) {
        router.get("/v1/fleets/:name/model") { request, context in
            let name = try context.parameters.require("name")
            let version = try await version(name, request.query("version"))
            guard let text = request.query("key") else {
                throw FleetError(.invalidArgument, "the query lacks key", hint: "write key=a/b")
            }
            let model = try await backend.fleets.model(
                of: SeriesKey(parsing: text),
                in: version
            )
            return try JSONAnswer.ok(FleetModelInfo(model, of: version))
        }
        router.get("/v1/fleets/:name/diff") { request, context in
            let name = try context.parameters.require("name")
            let limit = try request.number("limit", default: 1000, in: 0...1_000_000)
            guard let from = request.query("from"), let to = request.query("to") else {
                throw FleetError(
                    .invalidArgument,
                    "the query lacks from or to",
                    hint: "name two versions or aliases"
                )
            }
            let (old, new) = (try await version(name, from), try await version(name, to))
            let difference = try await backend.fleets.difference(from: old, to: new, limit: limit)
            return try JSONAnswer.ok(FleetDifference(difference, from: old, to: new))
        }
        router.get("/v1/fleets/:name/check") { request, context in
            let name = try context.parameters.require("name")
            let limit = try request.number("limit", default: 1000, in: 0...1_000_000)
            let version = try await version(name, request.query("version"))
            let result = try await backend.fleets.checked(version, limit: limit)
            return try JSONAnswer.ok(FleetCheckAnswer(result, of: version))
        }
        router.get("/v1/fleets/:name/export") { request, context in
            let name = try context.parameters.require("name")
            let version = try await version(name, request.query("version"))
            return FleetExportAnswer.response(try await backend.fleets.export(version))
        }
    }

    private func addMoves(to router: Router<BasicRequestContext>) {
        router.get("/v1/fleets/:name/history") { _, context in
            let name = try context.parameters.require("name")
            _ = try await version(name, nil)
            let changes = try await backend.catalog.aliasChanges(name)
            return try JSONAnswer.ok(
                changes.map {
                    AliasChangeInfo(
                        alias: $0.alias,
                        version: $0.version,
                        action: $0.action.rawValue,
                        changedAt: $0.changedAt,
                        reason: $0.reason
                    )
                }
            )
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
        router.post("/v1/fleets/:name/rollback") { request, context in
            let name = try context.parameters.require("name")
            let body: RollbackRequest = try await request.decoded()
            let alias = try await backend.fleets.rollback(
                fleet: name,
                alias: body.alias,
                reason: body.reason
            )
            return try JSONAnswer.ok(alias)
        }
    }

    private func importArchive(_ name: String, _ request: Request) async throws -> Response {
        try FleetRegistry.check(name: name)
        let document = try request.query("document").map {
            try FleetImportDocument.parse(yaml: $0, file: "document")
        }
        let settings = try ImportSettings(
            document,
            pattern: request.query("key_pattern"),
            merges: request.query("add") == "true"
        )
        let files = try await ModelFiles.archive(
            name: "upload",
            staging: backend.fleets.staging
        ) { write in
            var count = 0
            for try await chunk in request.body {
                count += chunk.readableBytes
                guard count <= Self.archiveByteCountMax else {
                    throw HTTPError(.contentTooLarge)
                }
                try chunk.withUnsafeReadableBytes { try write($0) }
            }
        }
        let imported = try await backend.fleets.importModels(
            fleet: name,
            settings.request,
            files: files
        )
        return try JSONAnswer.ok(
            FleetDetail(imported),
            status: imported.isNew ? .created : .ok
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

    private func detail(_ version: FleetVersion) async throws -> FleetDetail {
        FleetDetail(
            version,
            aliases: try await backend.fleets.aliases(of: version),
            report: try await backend.fleets.report(of: version)
        )
    }

    /// The version that a number or an alias names, the newest one without.
    private func version(_ name: String, _ text: String?) async throws -> FleetVersion {
        guard let newest = try await backend.catalog.fleetVersions(name).first else {
            let names = Set(try await backend.catalog.fleetVersions(nil).map(\.fleet))
            throw FleetError(
                .notFound,
                "there is no fleet \"\(name)\"",
                hint: DidYouMean.suggestion(for: name, among: names.sorted()).map {
                    "did you mean \"\($0)\"?"
                } ?? "import one with `fleetscore fleets import \(name) DIR`"
            )
        }
        guard let text else { return newest }
        if let number = Int(text) {
            return try await backend.catalog.fleetVersion(name, number)
        }
        return try await backend.fleets.resolve(name, alias: text)
    }
}
