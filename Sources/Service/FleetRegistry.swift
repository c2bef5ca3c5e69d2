package import Blobs
package import Core
package import Fleets
import FoundationEssentials
import Logging
package import Packs
package import Pipelines
import Scoring
import Scoring
package import Store

/// Imports fleets, keeps their versions, and moves aliases.
package struct FleetRegistry: Sendable {
    let catalog: any Catalog
    let blobs: any Blobs
    let windows: any WindowStore
    let limits: Limits
    let clock: any WallClock
    /// Where imports keep what they have not stored yet, a folder a fleet.
    package let staging: String
    private let workerCount: Int
    /// How far imports are.
    package let imports = ImportBoard()

    package init(
        catalog: any Catalog,
        blobs: any Blobs,
        windows: any WindowStore,
        limits: Limits,
        clock: any WallClock,
        staging: String? = nil,
        workerCount: Int = 2
    ) {
        self.catalog = catalog
        self.blobs = blobs
        self.windows = windows
        self.limits = limits
        self.clock = clock
        self.staging = staging ?? Self.temporaryStaging
        self.workerCount = workerCount
    }

    /// Without a folder of the server's own: one that nobody shares, below the system's.
    private static var temporaryStaging: String {
        let folder = FileManager.default.temporaryDirectory.path
        return "\(folder)/fleetscore-staging-\(UInt64.random(in: 0 ... .max))"
    }

    /// What an import made.
    package struct Imported: Sendable {
        package let version: FleetVersion
        package let report: ImportReport
        /// Aliases that point at the version now.
        package let aliases: [String]
        /// Whether the version is a new one; false when nothing differs from the one before.
        package let isNew: Bool
    }

    package static let production = "production"
    package static let candidate = "candidate"

    /// Imports model files as the next version of a fleet.
    ///
    /// The version becomes `candidate`; it becomes `production` too when the fleet has none yet
    /// and no model has an error. When nothing differs from the newest version, that one stays the
    /// newest. An import that is interrupted goes on where it was when it is started again.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when no file fits the pattern; `.conflict` while
    ///   another import of the fleet runs; `CancellationError`.
    package func importModels(
        fleet: String,
        _ request: ImportRequest,
        files: ModelFiles,
        progress: @escaping @Sendable (ImportProgress) -> Void = { _ in }
    ) async throws -> Imported {
        try Self.check(name: fleet)
        let folder = try StagingFolder(staging, fleet: fleet)
        defer { folder.release() }
        defer { imports.set(nil, of: fleet) }
        let newest = try await catalog.fleetVersions(fleet).first
        let base = try await base(newest)
        let written: FleetImporter.Written
        if let archive = try FleetArchive.open(files) {
            written = try await archive.write(over: base, in: folder, merges: request.merges)
        } else {
            var request = request
            var importer = FleetImporter(request, limits: limits)
            if importer.isAmbiguous(files) {
                request.knownKeys = try await knownKeys()
                importer = FleetImporter(request, limits: limits)
            }
            written = try await importer.run(
                files,
                over: base,
                in: folder,
                workerCount: workerCount,
                clock: clock
            ) { [imports] in
                imports.set($0, of: fleet)
                progress($0)
            }
        }
        guard let path = written.path, let summary = written.summary else {
            guard let newest else {
                throw FleetError(.internal, "the import of \(fleet) made nothing")
            }
            return Imported(
                version: newest,
                report: written.report,
                aliases: try await aliases(of: newest),
                isNew: false
            )
        }
        let stored = try await store(
            path,
            summary,
            written.report,
            fleet: fleet,
            pattern: request.pattern
        )
        try folder.clear()
        return stored
    }

    /// The pack that a new version is a layer over; nil when it cannot be read any more.
    private func base(_ newest: FleetVersion?) async throws -> PackReader? {
        guard let newest else { return nil }
        do {
            return try await pack(of: newest)
        } catch let error as FleetError
            where [.dataLoss, .notFound, .unsupported].contains(error.code)
        {
            // Everything is imported again, which is what the error tells people to do.
            return nil
        }
    }

    /// Stores what an import wrote as a version and points the aliases at it.
    private func store(
        _ path: String,
        _ summary: PackSummary,
        _ report: ImportReport,
        fleet: String,
        pattern: KeyPattern
    ) async throws -> Imported {
        let number = try await catalog.nextFleetVersion(fleet)
        let prefix = Self.prefix(fleet, number)
        try await blobs.put(prefix + "pack", movingFile: path)
        let reader = try await pack(at: prefix + "pack")
        let census = try await FleetCensus.take(of: reader)
        let whole = census.completing(report)
        try await blobs.put(prefix + "checks.json", Array(JSONEncoder().encode(whole)))
        let version = FleetVersion(
            fleet: fleet,
            version: number,
            createdAt: clock.now,
            packKey: prefix + "pack",
            packDigest: summary.digest.hex,
            keyPattern: pattern.description,
            modelCount: census.modelCount,
            errorCount: whole.errorCount,
            warningCount: whole.warningCount
        )
        try await catalog.add(version)
        var aliases = [Self.candidate]
        let existing = try await catalog.aliases(fleet)
        if version.errorCount == 0, !existing.contains(where: { $0.alias == Self.production }) {
            aliases.append(Self.production)
        }
        for alias in aliases {
            try await point(fleet, alias, at: number, reason: nil, action: .import)
        }
        return Imported(version: version, report: whole, aliases: aliases, isNew: true)
    }

    /// Points an alias at a version.
    ///
    /// - Throws: `.conflict` when the version has errors and no reason is given to force it.
    package func promote(
        fleet: String,
        version number: Int,
        alias: String,
        forcedBecause reason: String?
    ) async throws -> FleetAlias {
        try Self.check(alias: alias)
        let version = try await catalog.fleetVersion(fleet, number)
        let found = try await unfitFindings(of: version)
        let errors = version.errorCount + found.count
        guard errors == 0 || reason != nil else {
            let first = found.first.map { " (\($0.key): \($0.message))" } ?? ""
            throw FleetError(
                .conflict,
                "\(fleet) version \(number) has \(errors) models with errors\(first)",
                hint: "look at them with `fleetscore fleets check \(fleet)@\(number)`, "
                    + "or promote with --force --reason \"…\""
            )
        }
        return try await point(
            fleet,
            alias,
            at: number,
            reason: errors == 0 ? nil : reason,
            action: .promote
        )
    }

    /// Points an alias back at what it pointed at before its last move.
    ///
    /// Rolling back twice goes back two moves.
    ///
    /// - Throws: `.notFound` without such an alias; `.conflict` when it never moved.
    package func rollback(
        fleet: String,
        alias: String,
        reason: String?
    ) async throws -> FleetAlias {
        let current = try await resolve(fleet, alias: alias)
        var targets: [Int] = []
        for change in try await catalog.aliasChanges(fleet).reversed() where change.alias == alias {
            if change.action == .rollback {
                targets.removeLast(min(1, targets.count))
            } else if targets.last != change.version {
                targets.append(change.version)
            }
        }
        guard let previous = targets.dropLast().last else {
            throw FleetError(
                .conflict,
                "\(fleet)@\(alias) has pointed at version \(current.version) only",
                hint: "point it elsewhere with `fleetscore fleets promote \(fleet) VERSION`"
            )
        }
        return try await point(fleet, alias, at: previous, reason: reason, action: .rollback)
    }

    /// Aliases are words: a number would mean a version.
    private static func check(alias: String) throws {
        try check(name: alias)
        guard Int(alias) == nil else {
            throw FleetError(
                .invalidArgument,
                "the alias \"\(alias)\" looks like a version number",
                hint: "use a word such as production"
            )
        }
    }

    /// The aliases that point at a version.
    package func aliases(of version: FleetVersion) async throws -> [String] {
        try await catalog.aliases(version.fleet).filter { $0.version == version.version }
            .map(\.alias)
    }

    /// The version an alias or a number names.
    package func resolve(_ reference: FleetReference) async throws -> FleetVersion {
        switch reference.target {
        case .version(let number):
            try await catalog.fleetVersion(reference.name, number)
        case .alias(let alias): try await resolve(reference.name, alias: alias)
        }
    }

    /// The version an alias points at.
    package func resolve(_ fleet: String, alias name: String) async throws -> FleetVersion {
        let aliases = try await catalog.aliases(fleet)
        guard let alias = aliases.first(where: { $0.alias == name }) else {
            let versions = try await catalog.fleetVersions(fleet)
            throw FleetError(
                .notFound,
                versions.isEmpty
                    ? "there is no fleet \"\(fleet)\""
                    : "the fleet \(fleet) has no alias \"\(name)\"",
                hint: versions.isEmpty
                    ? "import one with `fleetscore fleets import \(fleet) DIR`"
                    : "set it with `fleetscore fleets promote \(fleet) \(versions[0].version)`"
            )
        }
        return try await catalog.fleetVersion(fleet, alias.version)
    }

    /// What the import of a version found.
    package func report(of version: FleetVersion) async throws -> ImportReport {
        let bytes = try await blobs.get(Self.prefix(version.fleet, version.version) + "checks.json")
        return try JSONDecoder().decode(ImportReport.self, from: Data(bytes))
    }

    /// The opened pack of a version with all its layers.
    package func pack(of version: FleetVersion) async throws -> PackReader {
        try await pack(at: version.packKey)
    }

    private func pack(at key: String) async throws -> PackReader {
        try await PackReader.open(key, in: blobs)
    }

    /// Runs with the opened pack of a version.
    package func withPack<R: Sendable>(
        of version: FleetVersion,
        _ body: @Sendable (PackReader) throws -> R
    ) async throws -> R {
        try body(await pack(of: version))
    }

    @discardableResult
    private func point(
        _ fleet: String,
        _ alias: String,
        at version: Int,
        reason: String?,
        action: AliasChange.Action
    ) async throws -> FleetAlias {
        let record = FleetAlias(
            fleet: fleet,
            alias: alias,
            version: version,
            changedAt: clock.now,
            reason: reason
        )
        try await catalog.setAlias(record, action: action)
        return record
    }

    private func knownKeys() async throws -> Set<SeriesKey> {
        let series = try await windows.series(after: nil, limit: 1_000_000)
        return Set(series.map(\.key))
    }

    static func prefix(_ fleet: String, _ version: Int) -> String {
        "fleets/\(fleet)/\(version)/"
    }

    /// Fleet names are path components and part of `name@alias`.
    package static func check(name: String) throws {
        let isAllowed =
            (1...63).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
                    || $0 == 0x5F
            }
        guard !isAllowed else { return }
        throw FleetError(
            .invalidArgument,
            "the name \"\(name.prefix(80))\" is not allowed",
            hint: "use 1 to 63 of a-z, 0-9, - and _"
        )
    }
}
