package import Core
import GRDB
package import Store

/// The catalog in one SQLite file, catalog.db.
///
/// Every commit survives a power loss (`synchronous=FULL`): leases and publications are promises,
/// and there are few of them.
package struct SQLiteCatalog: Catalog {
    let file: SQLiteFile

    /// Opens or creates the file; blocks for as long as a migration takes.
    ///
    /// - Throws: ``FleetError`` `.unsupported` for a file of a newer version, `.dataLoss` for a
    ///   damaged one, `.unavailable` when it cannot be opened.
    package init(path: String) throws {
        file = try SQLiteFile(path: path, durability: .full, migrator: CatalogSchema.migrator())
    }

    package func close() async {
        await file.close()
    }

    package func takeLease(role: String, holder: String, at now: Timestamp) async throws -> Int64 {
        try await file.write { db in
            try db.execute(
                sql: """
                    INSERT INTO leases_data (role, epoch, holder, taken_at) VALUES (?, 1, ?, ?)
                    ON CONFLICT (role) DO UPDATE SET epoch = epoch + 1,
                      holder = excluded.holder, taken_at = excluded.taken_at
                    """,
                arguments: [role, holder, now.microseconds]
            )
            return try epoch(of: role, db) ?? 0
        }
    }
}

/// The current lease epoch of a role; nil before the first.
func epoch(of role: String, _ db: Database) throws -> Int64? {
    try Int64.fetchOne(db, sql: "SELECT epoch FROM leases_data WHERE role = ?", arguments: [role])
}

// Fleets.
extension SQLiteCatalog {
    package func nextFleetVersion(_ fleet: String) async throws -> Int {
        try await file.read { db in
            try Int.fetchOne(
                db,
                sql:
                    "SELECT coalesce(max(version), 0) + 1 FROM fleet_versions_data WHERE fleet = ?",
                arguments: [fleet]
            ) ?? 1
        }
    }

    package func add(_ version: FleetVersion) async throws {
        try await file.write { db in
            guard try find(version.fleet, version.version, db) == nil else {
                throw StoreErrors.fleetVersionExists(version.fleet, version.version)
            }
            try db.execute(
                sql: "INSERT INTO fleet_versions_data VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    version.fleet, version.version, version.createdAt.microseconds,
                    version.packKey, version.packDigest, version.keyPattern, version.modelCount,
                    version.errorCount, version.warningCount,
                ]
            )
        }
    }

    package func fleetVersions(_ fleet: String?) async throws -> [FleetVersion] {
        try await file.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM fleet_versions_data WHERE ?1 IS NULL OR fleet = ?1
                    ORDER BY fleet, version DESC
                    """,
                arguments: [fleet]
            ).map(FleetVersion.init(row:))
        }
    }

    package func fleetVersion(_ fleet: String, _ version: Int) async throws -> FleetVersion {
        try await file.read { db in
            guard let found = try find(fleet, version, db) else {
                throw StoreErrors.noFleetVersion(fleet, version)
            }
            return found
        }
    }

    package func setAlias(_ alias: FleetAlias, action: AliasChange.Action) async throws {
        try await file.write { db in
            guard try find(alias.fleet, alias.version, db) != nil else {
                throw StoreErrors.noFleetVersion(alias.fleet, alias.version)
            }
            try db.execute(
                sql: "INSERT OR REPLACE INTO aliases_data VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    alias.fleet, alias.alias, alias.version, alias.changedAt.microseconds,
                    alias.reason,
                ]
            )
            try db.execute(
                sql: """
                    INSERT INTO alias_changes_data
                      (fleet, alias, version, action, changed_at, reason)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    alias.fleet, alias.alias, alias.version, action.rawValue,
                    alias.changedAt.microseconds, alias.reason,
                ]
            )
        }
    }

    package func aliasChanges(_ fleet: String) async throws -> [AliasChange] {
        try await file.read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT * FROM alias_changes_data WHERE fleet = ? ORDER BY number DESC",
                arguments: [fleet]
            ).map { row in
                AliasChange(
                    fleet: row["fleet"],
                    alias: row["alias"],
                    version: row["version"],
                    action: AliasChange.Action(rawValue: row["action"]) ?? .promote,
                    changedAt: Timestamp(microseconds: row["changed_at"]),
                    reason: row["reason"]
                )
            }
        }
    }

    package func aliases(_ fleet: String?) async throws -> [FleetAlias] {
        try await file.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM aliases_data WHERE ?1 IS NULL OR fleet = ?1
                    ORDER BY fleet, alias
                    """,
                arguments: [fleet]
            ).map { row in
                FleetAlias(
                    fleet: row["fleet"],
                    alias: row["alias"],
                    version: row["version"],
                    changedAt: Timestamp(microseconds: row["changed_at"]),
                    reason: row["reason"]
                )
            }
        }
    }

    private func find(_ fleet: String, _ version: Int, _ db: Database) throws -> FleetVersion? {
        try Row.fetchOne(
            db,
            sql: "SELECT * FROM fleet_versions_data WHERE fleet = ? AND version = ?",
            arguments: [fleet, version]
        ).map(FleetVersion.init(row:))
    }
}

extension FleetVersion {
    fileprivate init(row: Row) {
        self.init(
            fleet: row["fleet"],
            version: row["version"],
            createdAt: Timestamp(microseconds: row["created_at"]),
            packKey: row["pack_key"],
            packDigest: row["pack_digest"],
            keyPattern: row["key_pattern"],
            modelCount: row["model_count"],
            errorCount: row["error_count"],
            warningCount: row["warning_count"]
        )
    }
}
