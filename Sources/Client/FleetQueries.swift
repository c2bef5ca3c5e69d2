package import Core

/// How far the import of a fleet is.
package struct ImportStatus: Sendable, Codable, Equatable {
    package var isRunning: Bool
    package var done: Int
    package var total: Int
    package var decoded: Int

    package init(isRunning: Bool, done: Int, total: Int, decoded: Int) {
        self.isRunning = isRunning
        self.done = done
        self.total = total
        self.decoded = decoded
    }
}

/// A request to point an alias back at what it pointed at before.
package struct RollbackRequest: Sendable, Codable {
    package var alias: String
    package var reason: String?

    package init(alias: String, reason: String?) {
        self.alias = alias
        self.reason = reason
    }
}

/// One move of an alias.
package struct AliasChangeInfo: Sendable, Codable, Equatable {
    package var alias: String
    package var version: Int
    /// import, promote or rollback.
    package var action: String
    package var changedAt: Timestamp
    package var reason: String?

    package init(
        alias: String,
        version: Int,
        action: String,
        changedAt: Timestamp,
        reason: String?
    ) {
        self.alias = alias
        self.version = version
        self.action = action
        self.changedAt = changedAt
        self.reason = reason
    }
}

/// What differs between two versions of a fleet; lists may be cut, counts are whole.
package struct FleetDifference: Sendable, Codable, Equatable {
    package var fleet: String
    package var from: Int
    package var to: Int
    package var addedCount: Int
    package var removedCount: Int
    package var changedCount: Int
    package var unchangedCount: Int
    package var added: [String]
    package var removed: [String]
    package var changed: [String]

    package init(fleet: String, from: Int, to: Int) {
        self.fleet = fleet
        self.from = from
        self.to = to
        addedCount = 0
        removedCount = 0
        changedCount = 0
        unchangedCount = 0
        added = []
        removed = []
        changed = []
    }
}

/// What the model of a key is.
package struct FleetModelInfo: Sendable, Codable, Equatable {
    /// A name and what it says.
    package struct Fact: Sendable, Codable, Equatable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var fleet: String
    package var version: Int
    package var key: String
    package var type: String
    package var source: String
    package var featureCount: Int
    package var features: [String]?
    package var steps: [String]
    package var parameters: [Fact]
    /// Bytes of the packed numbers.
    package var byteCount: Int
    package var modelDigest: String
    package var sourceFile: String
    /// Empty when it is not known.
    package var sourceDigest: String
    package var findings: [FindingInfo]

    package init(
        fleet: String,
        version: Int,
        key: String,
        type: String,
        source: String,
        featureCount: Int,
        features: [String]?,
        steps: [String],
        parameters: [Fact],
        byteCount: Int,
        modelDigest: String,
        sourceFile: String,
        sourceDigest: String,
        findings: [FindingInfo]
    ) {
        self.fleet = fleet
        self.version = version
        self.key = key
        self.type = type
        self.source = source
        self.featureCount = featureCount
        self.features = features
        self.steps = steps
        self.parameters = parameters
        self.byteCount = byteCount
        self.modelDigest = modelDigest
        self.sourceFile = sourceFile
        self.sourceDigest = sourceDigest
        self.findings = findings
    }
}

/// Everything that is known to be wrong with a version.
package struct FleetCheckAnswer: Sendable, Codable, Equatable {
    package var fleet: String
    package var version: Int
    package var errorCount: Int
    package var warningCount: Int
    /// Errors first; at most as many as were asked for.
    package var findings: [FindingInfo]
    /// Pipelines whose features were compared with the models.
    package var pipelines: [String]
    /// Recent windows that were scored.
    package var recentRows: Int

    package init(
        fleet: String,
        version: Int,
        errorCount: Int,
        warningCount: Int,
        findings: [FindingInfo],
        pipelines: [String],
        recentRows: Int
    ) {
        self.fleet = fleet
        self.version = version
        self.errorCount = errorCount
        self.warningCount = warningCount
        self.findings = findings
        self.pipelines = pipelines
        self.recentRows = recentRows
    }
}
