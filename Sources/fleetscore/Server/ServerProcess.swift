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
import Store
import SQLiteStore
import UnixSignals
import Windowing

/// The composition root: opens every part of one server and runs them as one service group.
///
/// The order of the group is the order of dependency; shutdown goes the other way, so that
/// ingestion stops first and the stores close last.
struct ServerProcess {
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
        self.logger = logger
        self.onReady = onReady
    }

    /// Runs until a signal, a failed service, cancellation of the task, or the end of `stop`.
    func run(
        signals: [UnixSignal] = [.sigterm, .sigint],
        stop: AsyncStream<Never>? = nil
    ) async throws {
        let disk = PosixDisk(root: settings.dataDirectory)
        try disk.createFolder("")
        let lock = try FileLock(
            path: settings.dataDirectory + "/lock",
            dataFolder: settings.dataDirectory
        )
        defer { withExtendedLifetime(lock) {} }
        let parts = try await open(disk)
        let group = ServiceGroup(
            configuration: .init(
                services: try services(parts).map {
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

    /// The opened drivers of a server, and what its services share.
    struct Parts: Sendable {
        let settings: ServiceSettings
        let log: SegmentLog
        let catalog: SQLiteCatalog
        let windows: SQLiteWindowStore
        let blobs: LocalBlobs
        let pool: LocalPool
        let progress = ProgressBoard()
        let wake = Signal()
        let clock = SystemWallClock()
    }

    private func open(_ disk: PosixDisk) async throws -> Parts {
        let clock = SystemWallClock()
        let timer = ContinuousClock()
        let folder = settings.dataDirectory
        let service = try serviceSettings()
        let log = try await SegmentLog.open(
            disk: disk,
            configuration: logConfiguration(),
            limits: service.limits,
            wallClock: clock,
            clock: timer
        )
        if log.recovery.cutByteCount > 0 {
            logger.notice(
                "the log's torn tail was cut; nothing acknowledged was in it",
                metadata: ["bytes": "\(log.recovery.cutByteCount)"]
            )
        }
        let blobs = try LocalBlobs(root: folder + "/blobs")
        return Parts(
            settings: service,
            log: log,
            catalog: try SQLiteCatalog(path: folder + "/catalog.db"),
            windows: try SQLiteWindowStore(path: folder + "/windows.db"),
            blobs: blobs,
            pool: LocalPool(
                configuration: try poolConfiguration(blobs: blobs, service),
                clock: timer,
                wallClock: clock,
                logger: logger
            )
        )
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
                limits: parts.settings.limits,
                clock: parts.clock,
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
            clock: parts.clock
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

    private func services(_ parts: Parts) throws -> [any Service] {
        let backend = backend(parts)
        let timer = ContinuousClock()
        return [
            Housekeeping(
                log: parts.log,
                windows: parts.windows,
                blobs: backend.blobs,
                settings: backend.settings,
                clock: backend.clock,
                timer: timer,
                logger: logger
            ),
            backend.driver,
            Scheduler(
                catalog: parts.catalog,
                windows: parts.windows,
                pipelines: backend.pipelines,
                wakeDriver: parts.wake,
                clock: backend.clock,
                timer: timer,
                logger: logger
            ),
            Aggregator(
                log: parts.log,
                store: parts.windows,
                settings: backend.settings,
                progress: backend.progress,
                clock: backend.clock,
                timer: timer,
                logger: logger
            ),
            try APIServer(
                backend: backend,
                listen: settings.listen,
                token: token(),
                logger: logger,
                onReady: onReady
            ),
        ]
    }

    private func close(_ parts: Parts) async {
        await parts.pool.shutdown()
        await parts.log.close()
        await parts.windows.close()
        await parts.catalog.close()
    }

    private func serviceSettings() throws -> ServiceSettings {
        var service = ServiceSettings(
            windows: try windows.map { setting in
                try WindowDefinition(
                    name: setting.name,
                    size: setting.size,
                    allowedLateness: setting.allowedLateness,
                    filter: setting.filter.map { try ReadingFilter(parsing: $0) }
                )
            }
        )
        service.idleAfter = settings.idleAfter
        service.capturesRaw = settings.captures
        service.captureRetention = settings.captureRetention
        service.predictionsRetention = settings.predictionsRetention
        service.workersMax = settings.workerCountMax ?? Machine.coreCount
        return service
    }

    private func logConfiguration() -> LogConfiguration {
        var configuration = LogConfiguration()
        configuration.partitionCount = settings.partitionCount
        configuration.retention = settings.logRetention
        configuration.keepsUntilCaptured = settings.captures
        return configuration
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
        let text = try Files.text(path).trimmed
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
