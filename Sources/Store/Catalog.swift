package import Core

/// A published version of a fleet; never changed once written.
package struct FleetVersion: Sendable, Codable, Equatable {
    package let fleet: String
    package let version: Int
    package let createdAt: Timestamp
    /// The blob key of the pack.
    package let packKey: String
    package let packDigest: String
    package let keyPattern: String
    package let modelCount: Int
    package let errorCount: Int
    package let warningCount: Int

    package init(
        fleet: String,
        version: Int,
        createdAt: Timestamp,
        packKey: String,
        packDigest: String,
        keyPattern: String,
        modelCount: Int,
        errorCount: Int,
        warningCount: Int
    ) {
        self.fleet = fleet
        self.version = version
        self.createdAt = createdAt
        self.packKey = packKey
        self.packDigest = packDigest
        self.keyPattern = keyPattern
        self.modelCount = modelCount
        self.errorCount = errorCount
        self.warningCount = warningCount
    }
}

/// An alias of a fleet, such as `production`, with what it points at.
package struct FleetAlias: Sendable, Codable, Equatable {
    package let fleet: String
    package let alias: String
    package let version: Int
    package let changedAt: Timestamp
    /// Why a version with errors was promoted all the same; nil otherwise.
    package let reason: String?

    package init(
        fleet: String,
        alias: String,
        version: Int,
        changedAt: Timestamp,
        reason: String?
    ) {
        self.fleet = fleet
        self.alias = alias
        self.version = version
        self.changedAt = changedAt
        self.reason = reason
    }
}

/// One move of an alias; the moves of an alias are its history.
package struct AliasChange: Sendable, Codable, Equatable {
    /// Why an alias moved.
    package enum Action: String, Sendable, Codable {
        case `import`, promote, rollback
    }

    package let fleet: String
    package let alias: String
    /// What it points at since then.
    package let version: Int
    package let action: Action
    package let changedAt: Timestamp
    /// Why a version with errors was promoted all the same, or why it was rolled back.
    package let reason: String?

    package init(_ alias: FleetAlias, action: Action) {
        fleet = alias.fleet
        self.alias = alias.alias
        version = alias.version
        self.action = action
        changedAt = alias.changedAt
        reason = alias.reason
    }

    package init(
        fleet: String,
        alias: String,
        version: Int,
        action: Action,
        changedAt: Timestamp,
        reason: String?
    ) {
        self.fleet = fleet
        self.alias = alias
        self.version = version
        self.action = action
        self.changedAt = changedAt
        self.reason = reason
    }
}

/// A pipeline's newest document and its switches.
package struct PipelineRecord: Sendable, Codable, Equatable {
    package let name: String
    package let version: Int
    /// The YAML as published.
    package let document: String
    package let publishedAt: Timestamp
    package var isPaused: Bool
    /// The end of the last interval the schedule has decided about (run, or skipped with reason).
    ///
    /// The first scheduled interval begins here; publishing sets it, so nothing fires at once.
    package var scheduledThrough: Timestamp?

    package init(
        name: String,
        version: Int,
        document: String,
        publishedAt: Timestamp,
        isPaused: Bool,
        scheduledThrough: Timestamp?
    ) {
        self.name = name
        self.version = version
        self.document = document
        self.publishedAt = publishedAt
        self.isPaused = isPaused
        self.scheduledThrough = scheduledThrough
    }
}

/// The states of a run; `published`, `publishedWithFailures`, `failed` and `cancelled` are final.
package enum RunState: String, Sendable, Codable, CaseIterable {
    case waiting
    case planning
    case running
    case publishing
    case published
    case publishedWithFailures = "published_with_failures"
    case failed
    case cancelled

    package var isFinal: Bool {
        switch self {
        case .published, .publishedWithFailures, .failed, .cancelled: true
        default: false
        }
    }

    package var isPublished: Bool { self == .published || self == .publishedWithFailures }
}

/// Why a run exists.
package enum RunTrigger: String, Sendable, Codable {
    case schedule, manual
    /// Windows of the interval closed after its last run had read them.
    case lateWindows = "late_windows"
}

/// One attempt of scoring one data interval of one pipeline.
package struct RunRecord: Sendable, Codable, Equatable {
    package let id: String
    package let pipeline: String
    package let pipelineVersion: Int
    package let interval: TimeInterval
    /// 1 for the first run of (pipeline, interval); a rerun has the next number.
    package let attempt: Int
    package let trigger: RunTrigger
    package let createdAt: Timestamp
    package var state: RunState
    package var fleet: String
    package var fleetVersion: Int?
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    /// Windows committed up to here were read by the run; later ones make a new attempt.
    package var windowSequence: Int64?
    package var items: StatusCounts
    package var taskCount: Int
    package var tasksDone: Int
    package var rowCount: Int
    package var anomalyCount: Int
    /// Seconds that workers spent on its tasks.
    package var workerSeconds: Double
    /// One line: why it waits, or why it ended as it did.
    package var message: String?
    package var manifestKey: String?

    package init(
        id: String,
        pipeline: String,
        pipelineVersion: Int,
        interval: TimeInterval,
        attempt: Int,
        trigger: RunTrigger,
        createdAt: Timestamp,
        state: RunState,
        fleet: String
    ) {
        self.id = id
        self.pipeline = pipeline
        self.pipelineVersion = pipelineVersion
        self.interval = interval
        self.attempt = attempt
        self.trigger = trigger
        self.createdAt = createdAt
        self.state = state
        self.fleet = fleet
        items = StatusCounts()
        taskCount = 0
        tasksDone = 0
        rowCount = 0
        anomalyCount = 0
        workerSeconds = 0
    }
}

/// A trigger of a schedule that made no run, with the reason.
package struct SkippedTrigger: Sendable, Codable, Equatable {
    package let pipeline: String
    package let interval: TimeInterval
    package let decidedAt: Timestamp
    package let reason: String

    package init(pipeline: String, interval: TimeInterval, decidedAt: Timestamp, reason: String) {
        self.pipeline = pipeline
        self.interval = interval
        self.decidedAt = decidedAt
        self.reason = reason
    }
}

/// The published attempt of an interval: what readers see.
package struct Publication: Sendable, Codable, Equatable {
    package let pipeline: String
    package let interval: TimeInterval
    package let run: String
    package let attempt: Int
    package let manifestKey: String
    package let publishedAt: Timestamp

    package init(
        pipeline: String,
        interval: TimeInterval,
        run: String,
        attempt: Int,
        manifestKey: String,
        publishedAt: Timestamp
    ) {
        self.pipeline = pipeline
        self.interval = interval
        self.run = run
        self.attempt = attempt
        self.manifestKey = manifestKey
        self.publishedAt = publishedAt
    }
}

/// The small, precious records: fleets, pipelines, runs, publications, leases.
///
/// Every method is one transaction. Lists are in the stated order.
///
/// - Throws: ``FleetError`` `.notFound`, `.conflict` (a rule was broken or an epoch is stale),
///   `.resourceExhausted` (disk full), `.unavailable` (busy, closed).
/// - Concurrency: any task; drivers run blocking calls off the cooperative pool.
package protocol Catalog: Sendable {
    // Leases.

    /// Takes the lease of a role and answers its new epoch, higher than any before.
    func takeLease(role: String, holder: String, at now: Timestamp) async throws -> Int64

    // Fleets.

    /// The number the next version of a fleet would get.
    func nextFleetVersion(_ fleet: String) async throws -> Int
    /// Adds a version; `.conflict` when that number exists.
    func add(_ version: FleetVersion) async throws
    /// All versions of a fleet (of every fleet when nil), by name, then newest first.
    func fleetVersions(_ fleet: String?) async throws -> [FleetVersion]
    func fleetVersion(_ fleet: String, _ version: Int) async throws -> FleetVersion
    /// Points an alias at an existing version, replacing what it pointed at.
    func setAlias(_ alias: FleetAlias, action: AliasChange.Action) async throws
    /// The moves of a fleet's aliases, newest first.
    func aliasChanges(_ fleet: String) async throws -> [AliasChange]
    func aliases(_ fleet: String?) async throws -> [FleetAlias]

    // Pipelines.

    /// Stores a document as the pipeline's next version and answers the record.
    ///
    /// A new pipeline gets `scheduledThrough`; a known one keeps its own unless it is nil.
    func publishPipeline(
        name: String,
        document: String,
        at now: Timestamp,
        scheduledThrough: Timestamp?
    ) async throws -> PipelineRecord
    /// By name.
    func pipelines() async throws -> [PipelineRecord]
    func pipeline(_ name: String) async throws -> PipelineRecord
    /// The document of an earlier version.
    func pipelineDocument(_ name: String, version: Int) async throws -> String
    func setPaused(_ name: String, _ paused: Bool) async throws

    // Runs.

    /// Adds a run with the next attempt number of its (pipeline, interval).
    ///
    /// When `scheduledThrough` is given the pipeline's mark moves in the same transaction.
    func addRun(
        id: String,
        pipeline: String,
        pipelineVersion: Int,
        interval: TimeInterval,
        fleet: String,
        trigger: RunTrigger,
        at now: Timestamp,
        scheduledThrough: Timestamp?
    ) async throws -> RunRecord
    /// Records triggers that made no run and moves the mark, in one transaction.
    func skip(_ triggers: [SkippedTrigger], scheduledThrough: Timestamp) async throws
    /// Newest first.
    func skippedTriggers(pipeline: String, limit: Int) async throws -> [SkippedTrigger]
    /// Replaces a run's changeable fields; `.conflict` when it is already in a final state.
    func update(_ run: RunRecord) async throws
    func run(_ id: String) async throws -> RunRecord
    /// Newest first; of one pipeline when given.
    func runs(pipeline: String?, limit: Int) async throws -> [RunRecord]
    /// Runs in no final state, oldest first.
    func unfinishedRuns() async throws -> [RunRecord]
    /// The newest attempt of every interval of a pipeline that has one.
    func latestRun(pipeline: String, interval: TimeInterval) async throws -> RunRecord?
    /// The intervals of a pipeline's runs that hold any of these window ends.
    ///
    /// An end e belongs to `[start, end]` with start < e <= end.
    func runIntervals(pipeline: String, containingEnds ends: [Int64]) async throws -> [TimeInterval]

    // Publication.

    /// The commit point: sets the interval's published attempt and ends the run, if the epoch is
    /// current and no higher attempt is published.
    ///
    /// - Throws: `.conflict` otherwise; nothing has changed then.
    func publish(_ publication: Publication, run: RunRecord, role: String, epoch: Int64)
        async throws
    /// The published attempt of an interval.
    func publication(pipeline: String, interval: TimeInterval) async throws -> Publication?
    /// Newest interval first; of one pipeline when given.
    func publications(pipeline: String?, limit: Int) async throws -> [Publication]

    func close() async
}

extension Catalog {
    /// Points an alias at a version, as a promotion does.
    package func setAlias(_ alias: FleetAlias) async throws {
        try await setAlias(alias, action: .promote)
    }
}
