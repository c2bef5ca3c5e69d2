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

    package init(key: String, severity: String, message: String) {
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

    package init(
        version: FleetVersionInfo,
        findings: [FindingInfo],
        ignoredFiles: [String],
        failures: [FindingInfo]
    ) {
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
