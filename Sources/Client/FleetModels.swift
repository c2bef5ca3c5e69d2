package import Core

/// A fleet version as the API shows it.
package struct FleetVersionInfo: Sendable, Codable, Equatable {
    package var fleet: String
    package var version: Int
    package var createdAt: Timestamp
    package var keyPattern: String
    package var models: Int
    package var errors: Int
    package var warnings: Int
    package var packDigest: String
    package var aliases: [String]

    package init(
        fleet: String,
        version: Int,
        createdAt: Timestamp,
        keyPattern: String,
        models: Int,
        errors: Int,
        warnings: Int,
        packDigest: String,
        aliases: [String]
    ) {
        self.fleet = fleet
        self.version = version
        self.createdAt = createdAt
        self.keyPattern = keyPattern
        self.models = models
        self.errors = errors
        self.warnings = warnings
        self.packDigest = packDigest
        self.aliases = aliases
    }
}

/// A finding about a model.
package struct FindingInfo: Sendable, Codable, Equatable {
    package var key: String
    package var severity: String
    package var message: String
    /// What kind of finding it is, such as `few_support_vectors`.
    package var code: String?

    package init(key: String, severity: String, message: String, code: String? = nil) {
        self.code = code
        self.key = key
        self.severity = severity
        self.message = message
    }
}

/// A fleet version with what its import found.
package struct FleetDetail: Sendable, Codable, Equatable {
    package var version: FleetVersionInfo
    package var findings: [FindingInfo]
    package var ignoredFiles: [String]
    package var failures: [FindingInfo]
    /// What the import did; counts are whole where lists are cut.
    package var imported: ImportCounts?

    package init(
        version: FleetVersionInfo,
        findings: [FindingInfo],
        ignoredFiles: [String],
        failures: [FindingInfo],
        imported: ImportCounts? = nil
    ) {
        self.imported = imported
        self.version = version
        self.findings = findings
        self.ignoredFiles = ignoredFiles
        self.failures = failures
    }
}

/// A request to point an alias at a version.
package struct PromoteRequest: Sendable, Codable {
    package var version: Int
    package var alias: String
    /// Why a version with errors is promoted all the same.
    package var forceReason: String?

    package init(version: Int, alias: String, forceReason: String?) {
        self.version = version
        self.alias = alias
        self.forceReason = forceReason
    }
}

/// What an import did with the files it was given.
package struct ImportCounts: Sendable, Codable, Equatable {
    /// Whether a new version was made; false when nothing differs from the newest one.
    package var isNew: Bool
    /// Files whose name fits the pattern, and files whose name does not.
    package var files: Int
    package var ignored: Int
    /// Models decoded, taken from an import that was interrupted, and left as they were.
    package var decoded: Int
    package var resumed: Int
    package var unchanged: Int
    /// Keys that the files lack and that left the fleet.
    package var removed: Int

    package init(
        isNew: Bool,
        files: Int,
        ignored: Int,
        decoded: Int,
        resumed: Int,
        unchanged: Int,
        removed: Int
    ) {
        self.isNew = isNew
        self.files = files
        self.ignored = ignored
        self.decoded = decoded
        self.resumed = resumed
        self.unchanged = unchanged
        self.removed = removed
    }
}
