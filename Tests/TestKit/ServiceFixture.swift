package import Blobs
package import Compute
package import Core
package import EventLog
package import Logging
import Packs
package import Scoring
package import Service
package import Store
import Windowing

/// A whole server in memory under a clock that tests move: every seam is its in-memory twin.
package struct ServiceFixture: Sendable {
    package typealias Execute =
        @Sendable (TaskTicket, TaskExecutor) async throws -> Int32

    /// Where the clock starts: 2026-03-01T00:00:00Z.
    package static let start = Timestamp(seconds: 1_772_323_200)

    package let clock = ManualWallClock(Self.start)
    package let timer = ImpatientClock()
    package let settings: ServiceSettings
    package let log: MemoryLog
    package let catalog = MemoryCatalog()
    package let windows = MemoryWindowStore()
    package let blobs: any Blobs
    package let board = ProgressBoard()
    package let wake = Signal()
    package let compute: InProcessTarget
    package let ingest: Ingest
    package let fleets: FleetRegistry
    package let pipelines: PipelineRegistry
    package let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Windows of a minute; `execute` stands for the worker and answers its exit code.
    package init(
        window: Duration = .seconds(60),
        lateness: Duration = .seconds(10),
        blobs: any Blobs = MemoryBlobs(),
        execute: @escaping Execute = Self.execute
    ) throws {
        let clock = clock
        var settings = ServiceSettings(windows: [
            try WindowDefinition(name: "1m", size: window, allowedLateness: lateness)
        ])
        settings.idleAfter = .seconds(30)
        self.settings = settings
        self.blobs = blobs
        log = MemoryLog(partitionCount: 4, wallClock: clock, clock: ContinuousClock())
        compute = InProcessTarget(
            workerCountMax: 2,
            clock: ContinuousClock(),
            wallClock: clock
        ) { ticket in
            do {
                return (try await execute(ticket, TaskExecutor(blobs: blobs, clock: clock)), nil)
            } catch {
                let isRetriable = (error as? FleetError)?.isRetriable ?? false
                return (isRetriable ? 75 : 42, "\(error)")
            }
        }
        ingest = Ingest(
            log: log,
            store: windows,
            settings: settings,
            progress: board,
            clock: clock,
            timer: timer,
            logger: logger
        )
        fleets = FleetRegistry(
            catalog: catalog,
            blobs: blobs,
            windows: windows,
            limits: settings.limits,
            clock: clock
        )
        pipelines = PipelineRegistry(catalog: catalog, settings: settings, clock: clock)
    }

    /// Runs a task as a worker does.
    package static let execute: Execute = { ticket, executor in
        _ = try await executor.execute(
            run: ticket.run,
            task: ticket.task,
            attempt: ticket.attempt
        )
        return WorkerExit.done
    }

    /// A new aggregator over the same twins, as after a restart.
    package func makeAggregator() -> Aggregator {
        Aggregator(
            log: log,
            store: windows,
            settings: settings,
            progress: board,
            clock: clock,
            timer: timer,
            logger: logger
        )
    }

    /// A new driver over the same twins, as after a restart.
    package func makeDriver() -> RunDriver {
        RunDriver(
            catalog: catalog,
            windows: windows,
            blobs: blobs,
            compute: compute,
            fleets: fleets,
            pipelines: pipelines,
            progress: board,
            wake: wake,
            settings: settings,
            clock: clock,
            timer: timer,
            logger: logger
        )
    }

    package func makeScheduler() -> Scheduler {
        Scheduler(
            catalog: catalog,
            windows: windows,
            pipelines: pipelines,
            wakeDriver: wake,
            clock: clock,
            timer: timer,
            logger: logger
        )
    }

    package func makeBackend(driver: RunDriver) -> Backend {
        Backend(
            settings: settings,
            ingest: ingest,
            fleets: fleets,
            pipelines: pipelines,
            driver: driver,
            progress: board,
            catalog: catalog,
            windows: windows,
            blobs: blobs,
            log: log,
            compute: compute,
            clock: clock,
            timer: ContinuousClock()
        )
    }
}
