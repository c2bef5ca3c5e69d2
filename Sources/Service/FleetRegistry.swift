package import Blobs
package import Core
package import Fleets
import FoundationEssentials
import Logging
package import Packs
package import Pipelines
package import Store

/// Imports fleets, keeps their versions, and moves aliases.
package struct FleetRegistry: Sendable {
    private let catalog: any Catalog
    private let blobs: any Blobs
    private let windows: any WindowStore
    private let limits: Limits
    private let clock: any WallClock

    package init(
        catalog: any Catalog,
        blobs: any Blobs,
        windows: any WindowStore,
        limits: Limits,
        clock: any WallClock
    ) {
        self.catalog = catalog
        self.blobs = blobs
        self.windows = windows
        self.limits = limits
        self.clock = clock
    }

    /// What an import made.
    package struct Imported: Sendable {
        package let version: FleetVersion
        package let report: ImportReport
        /// Aliases that point at the new version now.
        package let aliases: [String]
    }

    package static let production = "production"
    package static let candidate = "candidate"

    /// Imports model files as the next version of a fleet.
    ///
    /// The version becomes `candidate`; it becomes `production` too when the fleet has none yet
    /// and no model has an error.
    /// - Throws: ``FleetError`` `.invalidArgument` when no file fits the pattern.
    package func importModels(
        fleet: String,
        pattern: KeyPattern,
        files: [ModelFile]
    ) async throws -> Imported {
        try Self.check(name: fleet)
        let known = try await knownKeys()
        let importer = FleetImporter(pattern: pattern, knownKeys: known, limits: limits)
        let outcome = await importer.run(files)
        guard !outcome.entries.isEmpty else {
            let names = outcome.report.ignored.prefix(3).joined(separator: ", ")
            throw FleetError(
                .invalidArgument,
                "none of \(files.count) files fits the key pattern \"\(pattern)\" "
                    + "(for example \(names.isEmpty ? "there is no file" : names))",
                hint: "pass --key-pattern with {device} and {sensor}"
            )
        }
        let number = try await catalog.nextFleetVersion(fleet)
        let version = try await store(outcome, fleet: fleet, number: number, pattern: pattern)
        var aliases = [Self.candidate]
        let existing = try await catalog.aliases(fleet)
        if version.errorCount == 0, !existing.contains(where: { $0.alias == Self.production }) {
            aliases.append(Self.production)
        }
        for alias in aliases {
            try await point(fleet, alias, at: number, reason: nil)
        }
        return Imported(version: version, report: outcome.report, aliases: aliases)
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
        try Self.check(name: alias)
        guard Int(alias) == nil else {
            throw FleetError(
                .invalidArgument,
                "the alias \"\(alias)\" looks like a version number",
                hint: "use a word such as production"
            )
        }
        let version = try await catalog.fleetVersion(fleet, number)
        guard version.errorCount == 0 || reason != nil else {
            throw FleetError(
                .conflict,
                "\(fleet) version \(number) has \(version.errorCount) models with errors",
                hint: "look at them with `fleetscore fleets show \(fleet) --version \(number)`, "
                    + "or promote with --force --reason \"…\""
            )
        }
        return try await point(
            fleet,
            alias,
            at: number,
            reason: version.errorCount == 0 ? nil : reason
        )
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

    /// Runs with the opened pack of a version.
    package func withPack<R: Sendable>(
        of version: FleetVersion,
        _ body: @Sendable (PackReader) throws -> R
    ) async throws -> R {
        let mapped = try await blobs.map(version.packKey, range: nil)
        return try mapped.withBytes { bytes in
            try body(PackReader(bytes: bytes, owner: mapped))
        }
    }

    private func store(
        _ outcome: FleetImporter.Outcome,
        fleet: String,
        number: Int,
        pattern: KeyPattern
    ) async throws -> FleetVersion {
        var writer = PackWriter()
        for entry in outcome.entries { try writer.add(entry) }
        let pack = try writer.encode()
        let prefix = Self.prefix(fleet, number)
        try await blobs.put(prefix + "pack", pack)
        try await blobs.put(
            prefix + "checks.json",
            Array(JSONEncoder().encode(outcome.report))
        )
        let version = FleetVersion(
            fleet: fleet,
            version: number,
            createdAt: clock.now,
            packKey: prefix + "pack",
            packDigest: BlobDigest.sha256Hex(pack),
            keyPattern: pattern.description,
            modelCount: outcome.entries.count,
            errorCount: outcome.report.errorCount,
            warningCount: outcome.report.warningCount
        )
        try await catalog.add(version)
        return version
    }

    @discardableResult
    private func point(
        _ fleet: String,
        _ alias: String,
        at version: Int,
        reason: String?
    ) async throws -> FleetAlias {
        let record = FleetAlias(
            fleet: fleet,
            alias: alias,
            version: version,
            changedAt: clock.now,
            reason: reason
        )
        try await catalog.setAlias(record)
        return record
    }

    private func knownKeys() async throws -> Set<SeriesKey> {
        let series = try await windows.series(after: nil, limit: 1_000_000)
        return Set(series.map(\.key))
    }

    private static func prefix(_ fleet: String, _ version: Int) -> String {
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
