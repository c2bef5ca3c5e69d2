import CMemory
import API
import Blobs
import Client
import Compute
import Core
import Disk
import EventLog
import Fleets
import FoundationEssentials
import Logging
import Pipelines
import Service
import ServiceLifecycle
import Sources
import Store
import SQLiteStore
import UnixSignals
import Windowing

/// The composition root: opens every part of one server and runs them as one service group.
///
/// The order of the group is the order of dependency; shutdown goes the other way, so that
/// ingestion stops first and the stores close last.
struct ServerProcess {
    private let document: ServerDocument
    private let settings: ServerSettings
    private let windows: [WindowSetting]
    private let logger: Logger
    /// Called with the address once requests are answered.
    private let onReady: @Sendable (String) async -> Void

    /// Prepares a server; a relative data folder counts from the working folder.
    init(
        _ document: ServerDocument,
        logger: Logger,
        onReady: @escaping @Sendable (String) async -> Void
    ) {
        var settings = document.settings
        settings.dataDirectory = Files.absolute(settings.dataDirectory)
        self.settings = settings
        windows = document.windows
        self.document = document
        self.logger = logger
        self.onReady = onReady
    }

    /// Runs until a signal, a failed service, cancellation of the task, or the end of `stop`.
    func run(
        signals: [UnixSignal] = [.sigterm, .sigint],
        stop: AsyncStream<Never>? = nil
    ) async throws {
        memory_keep_freed()
        let disk = PosixDisk(root: settings.dataDirectory)
        try disk.createFolder("")
        let lock = try lockFolder()
        defer { withExtendedLifetime(lock) {} }
        let parts = try await open(disk)
        let group = ServiceGroup(
            configuration: .init(
                services: try await services(parts).map {
                    .init(
                        service: $0,
                        successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .gracefullyShutdownGroup
                    )
                },
                gracefulShutdownSignals: signals,
                logger: logger
            )
        )
        let stopper = Task {
            guard let stop else { return }
            for await _ in stop {}
            if !Task.isCancelled { await group.triggerGracefulShutdown() }
        }
        defer { stopper.cancel() }
        do {
            try await group.run()
        } catch {
            await close(parts)
            throw error
        }
        await close(parts)
    }

    /// Keeps other servers out of the data folder.
    ///
    /// Processes that only take events in or make windows of a Kafka log share a folder with the
    /// one that schedules: the databases know several writers.
    private func lockFolder() throws -> FileLock? {
        if settings.log == "kafka", !settings.roles.contains(.schedule) { return nil }
        return try FileLock(
            path: settings.dataDirectory + "/lock",
            dataFolder: settings.dataDirectory
        )
    }

    /// The opened drivers of a server, and what its services share.
    struct Parts: Sendable {
        let settings: ServiceSettings
        let log: any EventLog
        /// The embedded log, where it is that.
        let segments: SegmentLog?
        let catalog: SQLiteCatalog
        let windows: SQLiteWindowStore
        let blobs: LocalBlobs
        let pool: LocalPool
        let rejects: KafkaRejects
        let rules = RuleBook()
        let gate: SeriesGate
        let progress = ProgressBoard()
        let wake = Signal()
        let clock = SystemWallClock()
    }

    private func opener(_ disk: PosixDisk, _ service: ServiceSettings) -> EventLogOpener {
        EventLogOpener(
            document: document,
            limits: service.limits,
            disk: disk,
            wallClock: SystemWallClock(),
            clock: ContinuousClock(),
            logger: logger
        )
    }

    private func open(_ disk: PosixDisk) async throws -> Parts {
        let folder = settings.dataDirectory
        let service = try serviceSettings()
        let windows = try SQLiteWindowStore(path: folder + "/windows.db")
        let rejects = KafkaRejects(store: windows, logger: logger)
        let opened = try await opener(disk, service).open(reject: rejects.take)
        let blobs = try LocalBlobs(root: folder + "/blobs")
        let parts = Parts(
            settings: service,
            log: opened.log,
            segments: opened.segments,
            catalog: try SQLiteCatalog(path: folder + "/catalog.db"),
            windows: windows,
            blobs: blobs,
            pool: LocalPool(
                configuration: try poolConfiguration(blobs: blobs, service),
                clock: ContinuousClock(),
                wallClock: SystemWallClock(),
                logger: logger
            ),
            rejects: rejects,
            gate: SeriesGate(
                countMax: service.limits.seriesCountMax,
                partitionCount: opened.log.partitionCount
            )
        )
        try await parts.rules.reload(from: windows)
        try await parts.gate.load(from: windows)
        return parts
    }

    private func backend(_ parts: Parts) -> Backend {
        let fleets = FleetRegistry(
            catalog: parts.catalog,
            blobs: parts.blobs,
            windows: parts.windows,
            limits: parts.settings.limits,
            clock: parts.clock,
            staging: settings.dataDirectory + "/staging",
            workerCount: Machine.coreCount
        )
        let pipelines = PipelineRegistry(
            catalog: parts.catalog,
            settings: parts.settings,
            clock: parts.clock
        )
        return Backend(
            settings: parts.settings,
            ingest: Ingest(
                log: parts.log,
                store: parts.windows,
                settings: parts.settings,
                rules: parts.rules,
                gate: parts.gate,
                progress: parts.progress,
                clock: parts.clock,
                timer: ContinuousClock(),
                logger: logger
            ),
            fleets: fleets,
            pipelines: pipelines,
            driver: driver(parts, fleets, pipelines),
            progress: parts.progress,
            catalog: parts.catalog,
            windows: parts.windows,
            blobs: parts.blobs,
            log: parts.log,
            compute: parts.pool,
            clock: parts.clock,
            timer: ContinuousClock(),
            openReader: {
                let disk = PosixDisk(root: settings.dataDirectory)
                return try await opener(disk, parts.settings).openReader()
            }
        )
    }

    private func driver(
        _ parts: Parts,
        _ fleets: FleetRegistry,
        _ pipelines: PipelineRegistry
    ) -> RunDriver {
        RunDriver(
            catalog: parts.catalog,
            windows: parts.windows,
            blobs: parts.blobs,
            compute: parts.pool,
            fleets: fleets,
            pipelines: pipelines,
            progress: parts.progress,
            wake: parts.wake,
            settings: parts.settings,
            clock: parts.clock,
            timer: ContinuousClock(),
            logger: logger
        )
    }

    /// The services of this process's roles, in the order of dependency.
    private func services(_ parts: Parts) async throws -> [any Service] {
        let roles = settings.roles
        let timer = ContinuousClock()
        let aggregator = Aggregator(
            log: parts.log,
            store: parts.windows,
            settings: parts.settings,
            progress: parts.progress,
            clock: parts.clock,
            timer: timer,
            logger: logger,
            executor: roles.contains(.aggregate) ? try PatientExecutor(name: "aggregator") : nil
        )
        var backend = backend(parts)
        let sources = roles.contains(.ingest) ? try sources(backend) : []
        backend.sources = sources
        if roles.contains(.aggregate) { backend.aggregator = aggregator }
        var services: [any Service] = [
            parts.rejects,
            backend.ingest.keeper,
            Housekeeping(
                log: parts.segments,
                windows: parts.windows,
                blobs: backend.blobs,
                settings: backend.settings,
                rules: parts.rules,
                clock: backend.clock,
                timer: timer,
                logger: logger,
                executor: try PatientExecutor(name: "housekeeping")
            ),
        ]
        if roles.contains(.schedule) {
            services.append(backend.driver)
            services.append(
                Scheduler(
                    catalog: parts.catalog,
                    windows: parts.windows,
                    pipelines: backend.pipelines,
                    wakeDriver: parts.wake,
                    clock: backend.clock,
                    timer: timer,
                    logger: logger
                )
            )
        }
        if parts.segments == nil {
            services.append(
                PartitionFollower(
                    store: parts.windows,
                    settings: parts.settings,
                    progress: parts.progress,
                    timer: timer,
                    logger: logger
                )
            )
        }
        if roles.contains(.aggregate) { services.append(aggregator) }
        services += sources.map(SourceRunner.init)
        services.append(
            try APIServer(
                backend: backend,
                listen: settings.listen,
                token: token(),
                logger: logger,
                onReady: onReady
            )
        )
        return services
    }

    private func sources(_ backend: Backend) throws -> [any EventSource] {
        try SourceOpener.open(
            document,
            sink: backend.ingest,
            clock: ContinuousClock(),
            wallClock: backend.clock,
            logger: logger
        )
    }

    private func close(_ parts: Parts) async {
        await parts.pool.shutdown()
        await parts.log.close()
        await parts.windows.close()
        await parts.catalog.close()
    }

    private func serviceSettings() throws -> ServiceSettings {
        var service = ServiceSettings(windows: try windows.map(WindowDefinition.init))
        service.idleAfter = settings.idleAfter
        service.commitEvery = .milliseconds(100)
        service.capturesRaw = settings.captures
        service.captureRetention = settings.captureRetention
        service.predictionsRetention = settings.predictionsRetention
        service.workersMax = settings.workerCountMax ?? Machine.coreCount
        service.rejectsOutOfRange = settings.outOfRange == "reject"
        service.silentAfter = settings.silentAfter
        service.expectedFor = settings.expectedFor
        service.limits.timeAheadMax = settings.earlyLimit
        service.limits.seriesCountMax = settings.seriesCountMax
        service.limits.lagEventCountMax = settings.lagMax
        for window in windows { service.windowRetentions[window.name] = window.retention }
        return service
    }

    private func poolConfiguration(
        blobs: LocalBlobs,
        _ service: ServiceSettings
    ) throws -> LocalPool.Configuration {
        LocalPool.Configuration(
            executable: try Machine.executablePath(),
            arguments: ["worker", "--blobs", blobs.url],
            workerCountMax: service.workersMax
        )
    }

    /// The API's bearer token, from the token file.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when other machines could connect without one.
    private func token() throws -> String? {
        guard let path = settings.tokenFile else {
            guard try ListenAddress(parsing: settings.listen).isLoopback else {
                throw FleetError(
                    .invalidArgument,
                    "refusing to listen on \(settings.listen) without authentication",
                    hint: "pass --token-file FILE, or listen on 127.0.0.1"
                )
            }
            return nil
        }
        let text = try TokenFile.read(path)
        guard text.utf8.count >= 16 else {
            throw FleetError(
                .invalidArgument,
                "the token in \(path) has \(text.utf8.count) characters",
                hint: "write at least 16 random characters into it"
            )
        }
        return text
    }
}
