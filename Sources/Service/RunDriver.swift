package import Blobs
package import Compute
package import Core
package import Logging
import Pipelines
import ServiceLifecycle
package import Store

/// Drives runs from their trigger to their end, several at once, one at a time per pipeline.
///
/// A run that an earlier server left unfinished after planning ends as failed, and a new attempt
/// takes its interval: nothing of it can be visible, since publication is the last step.
/// Graceful shutdown: running tasks are cancelled; their runs are taken up at the next start.
package actor RunDriver: Service {
    let catalog: any Catalog
    let windows: any WindowStore
    let blobs: any Blobs
    let compute: any ComputeTarget
    let fleets: FleetRegistry
    let pipelines: PipelineRegistry
    let progress: ProgressBoard
    let settings: ServiceSettings
    let clock: any WallClock
    let timer: any Clock<Duration>
    let logger: Logger
    private let wake: Signal
    private var epoch: Int64 = 0
    private var active: [String: String] = [:]
    private var cancellations: [String: String] = [:]

    static let role = "schedule"

    package init(
        catalog: any Catalog,
        windows: any WindowStore,
        blobs: any Blobs,
        compute: any ComputeTarget,
        fleets: FleetRegistry,
        pipelines: PipelineRegistry,
        progress: ProgressBoard,
        wake: Signal,
        settings: ServiceSettings,
        clock: any WallClock,
        timer: any Clock<Duration>,
        logger: Logger
    ) {
        self.catalog = catalog
        self.windows = windows
        self.blobs = blobs
        self.compute = compute
        self.fleets = fleets
        self.pipelines = pipelines
        self.progress = progress
        self.wake = wake
        self.settings = settings
        self.clock = clock
        self.timer = timer
        self.logger = logger
    }

    package func run() async throws {
        try await recover()
        await withDiscardingTaskGroup { group in
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                for run in await startable() {
                    group.addTask { await self.drive(run) }
                }
                await wake.wait(timeout: .milliseconds(250), timer: timer)
            }
            group.cancelAll()
        }
    }

    /// Takes the lease, repairs what follows from publications, and replaces interrupted runs.
    package func recover() async throws {
        epoch = try await catalog.takeLease(role: Self.role, holder: "server", at: clock.now)
        try await publisher.repair()
        for run in try await catalog.unfinishedRuns() where run.state != .waiting {
            let next = try await catalog.addRun(
                id: RunID.make(at: clock.now),
                pipeline: run.pipeline,
                pipelineVersion: run.pipelineVersion,
                interval: run.interval,
                fleet: run.fleet,
                trigger: run.trigger,
                at: clock.now,
                scheduledThrough: nil
            )
            var ended = run
            ended.state = .failed
            ended.endedAt = clock.now
            ended.message = "the server stopped during the run; run \(next.id) replaces it"
            try await catalog.update(ended)
        }
    }

    /// Adds a run of a pipeline by request.
    ///
    /// - Throws: `.invalidArgument` when no interval is given and the pipeline has no schedule.
    package func start(pipeline name: String, interval: TimeInterval?) async throws -> RunRecord {
        let record = try await catalog.pipeline(name)
        let document = try await pipelines.document(name, version: record.version)
        let schedule = document.schedule?.schedule
        let last = schedule?.previous(atOrBefore: clock.now).flatMap {
            schedule?.interval(endingAt: $0)
        }
        guard let interval = interval ?? last else {
            throw FleetError(
                .invalidArgument,
                "pipeline \(name) has no schedule to take an interval from",
                hint: "pass --interval START/END"
            )
        }
        let run = try await catalog.addRun(
            id: RunID.make(at: clock.now),
            pipeline: name,
            pipelineVersion: record.version,
            interval: interval,
            fleet: document.fleet.description,
            trigger: .manual,
            at: clock.now,
            scheduledThrough: nil
        )
        await wake.raise()
        return run
    }

    /// Asks for a run to end; what it has not published stays unpublished.
    ///
    /// - Throws: `.conflict` when the run has ended already.
    package func cancel(run id: String) async throws {
        let run = try await catalog.run(id)
        guard !run.state.isFinal else {
            throw FleetError(.conflict, "run \(id) has ended already: \(run.state.rawValue)")
        }
        cancellations[id] = "cancelled by request"
        await wake.raise()
    }

    func cancellation(of run: String) -> String? { cancellations[run] }

    var publisher: RunPublisher {
        RunPublisher(
            catalog: catalog,
            windows: windows,
            blobs: blobs,
            clock: clock,
            role: Self.role,
            epoch: epoch,
            logger: logger
        )
    }

    /// Unfinished runs that may start now; they count as active from here on.
    private func startable() async -> [RunRecord] {
        var startable: [RunRecord] = []
        do {
            for run in try await catalog.unfinishedRuns() {
                guard active.count < settings.concurrentRunsMax else { break }
                guard !active.values.contains(run.pipeline), active[run.id] == nil else { continue }
                active[run.id] = run.pipeline
                startable.append(run)
            }
        } catch {
            logger.warning("runs cannot be listed", metadata: ["error": "\(error)"])
        }
        return startable
    }

    private func drive(_ run: RunRecord) async {
        var session = RunSession(driver: self, publisher: publisher, run: run)
        do {
            try await session.drive()
        } catch is CancellationError {
            // The next server replaces the run.
        } catch {
            logger.error(
                "run could not be driven",
                metadata: ["run": "\(run.id)", "error": "\(error)"]
            )
            await session.fail(because: "\(error)")
        }
        active[run.id] = nil
        cancellations[run.id] = nil
        await wake.raise()
    }
}
