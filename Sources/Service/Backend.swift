package import Blobs
package import Compute
package import Core
package import EventLog
package import Sources
package import Store

/// The services of one server as its API sees them.
package struct Backend: Sendable {
    package let settings: ServiceSettings
    package let ingest: Ingest
    package let fleets: FleetRegistry
    package let pipelines: PipelineRegistry
    package let driver: RunDriver
    package let progress: ProgressBoard
    package let catalog: any Catalog
    package let windows: any WindowStore
    package let blobs: any Blobs
    package let log: any EventLog
    package let compute: any ComputeTarget
    package let clock: any WallClock
    package let timer: any Clock<Duration>
    package let startedAt: Timestamp
    /// Events that are in no window, by reason.
    package let eventCounts: PromptAnswer<[EventCount]>
    /// Whether both databases can be read.
    package let databases: PromptAnswer<Void>
    /// The aggregator of this process; nil in one that makes no windows.
    package var aggregator: Aggregator?
    /// What feeds events in besides HTTP.
    package var sources: [any EventSource] = []
    private let openReader: @Sendable () async throws -> (any EventLog)?

    package init(
        settings: ServiceSettings,
        ingest: Ingest,
        fleets: FleetRegistry,
        pipelines: PipelineRegistry,
        driver: RunDriver,
        progress: ProgressBoard,
        catalog: any Catalog,
        windows: any WindowStore,
        blobs: any Blobs,
        log: any EventLog,
        compute: any ComputeTarget,
        clock: any WallClock,
        timer: any Clock<Duration>,
        openReader: @escaping @Sendable () async throws -> (any EventLog)? = { nil }
    ) {
        self.settings = settings
        self.ingest = ingest
        self.fleets = fleets
        self.pipelines = pipelines
        self.driver = driver
        self.progress = progress
        self.catalog = catalog
        self.windows = windows
        self.blobs = blobs
        self.log = log
        self.compute = compute
        self.clock = clock
        self.timer = timer
        self.openReader = openReader
        startedAt = clock.now
        eventCounts = PromptAnswer(of: "the window store", timer: timer) {
            try await windows.eventCounts()
        }
        databases = PromptAnswer(of: "a database", timer: timer) {
            _ = try await windows.windowSequence()
            _ = try await catalog.unfinishedRuns()
        }
    }

    /// Durable events that no process has in its windows yet.
    package func lag() async -> Int64 { progress.lag(logEnds: await log.endOffsets()) }

    /// Reads the log beside the aggregator, in a reader of its own where the log needs that.
    package func withReader<Result: Sendable>(
        _ body: (any EventLog) async throws -> Result
    ) async throws -> Result {
        guard let reader = try await openReader() else { return try await body(log) }
        do {
            let result = try await body(reader)
            await reader.close()
            return result
        } catch {
            await reader.close()
            throw error
        }
    }

    /// Computes windows of a past range again; see ``WindowRebuilder``.
    package func rebuild(
        definition: String,
        interval: TimeInterval,
        source: WindowRebuilder.Source
    ) async throws -> RebuildOutcome {
        try await withReader { reader in
            try await WindowRebuilder(
                log: reader,
                blobs: blobs,
                store: windows,
                settings: settings
            ).rebuild(definition: definition, interval: interval, source: source, at: clock.now)
        }
    }
}
