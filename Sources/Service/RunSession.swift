import Blobs
import Compute
import Core
import FoundationEssentials
import Logging
import Metrics
import Pipelines
import Scoring
import Store

/// One run on its way: performs what its ``RunMachine`` asks for and tells it what happened.
struct RunSession {
    private let driver: RunDriver
    private let publisher: RunPublisher
    private var record: RunRecord
    private var machine: RunMachine
    private var planned: RunPlanner.Planned?
    private var results: [Int: TaskResult] = [:]
    private var workerCountMax = 1

    init(driver: RunDriver, publisher: RunPublisher, run: RunRecord) {
        self.driver = driver
        self.publisher = publisher
        record = run
        machine = RunMachine(interval: run.interval, policy: .init(), createdAt: run.createdAt)
    }

    /// Drives the run to its end.
    mutating func drive() async throws {
        let document = try await driver.pipelines.document(
            record.pipeline,
            version: record.pipelineVersion
        )
        workerCountMax = min(document.compute.workerCountMax, driver.settings.workersMax)
        await driver.compute.adopt(
            WorkerScaling(
                workerCountMin: document.compute.workerCountMin,
                idleTime: document.compute.idle,
                ticketTimeout: document.limits.runTimeout
            )
        )
        machine = RunMachine(
            interval: record.interval,
            policy: .init(document),
            createdAt: record.createdAt
        )
        while !machine.state.isFinal {
            try Task.checkCancellation()
            if let reason = await driver.cancellation(of: record.id) {
                try await perform(machine.cancelRequested(reason: reason), document)
                continue
            }
            let watermark = driver.progress.watermark(document.windows)
            try await perform(machine.tick(now: driver.clock.now, watermark: watermark), document)
            if machine.state == .running { try await takeEndedTasks(document) }
            if !machine.state.isFinal { try await save() }
            switch machine.state {
            case .waiting: try await driver.timer.sleep(for: .milliseconds(100))
            case .running: await driver.compute.waitForChange(timeout: .milliseconds(200))
            default: break
            }
        }
        if !record.state.isFinal { try await finish() }
        report()
    }

    /// Ends the run as failed, if its record can still be written.
    mutating func fail(because reason: String) async {
        record.state = .failed
        record.message = reason
        record.endedAt = driver.clock.now
        do {
            try await driver.catalog.update(record)
        } catch {
            driver.logger.warning(
                "the end of a run could not be stored",
                metadata: ["run": "\(record.id)", "error": "\(error)"]
            )
        }
    }

    private mutating func perform(
        _ actions: [RunMachine.Action],
        _ document: PipelineDocument
    ) async throws {
        var pending = actions
        while !pending.isEmpty {
            switch pending.removeFirst() {
            case .wait, .fail: break
            case .plan: pending += try await plan(document)
            case .submit(let attempts):
                try await driver.compute.submit(
                    attempts.map(ticket),
                    resources: TaskResources(),
                    workerCountMax: workerCountMax
                )
            case .cancel(let attempts):
                await driver.compute.cancel(attempts.map(ticket))
            case .publish(let withFailures):
                pending += try await publish(withFailures: withFailures)
            }
        }
    }

    private mutating func plan(_ document: PipelineDocument) async throws -> [RunMachine.Action] {
        record.startedAt = driver.clock.now
        try await save()
        let planner = RunPlanner(
            catalog: driver.catalog,
            windows: driver.windows,
            blobs: driver.blobs,
            fleets: driver.fleets,
            workersMax: driver.settings.workersMax
        )
        do {
            let planned = try await planner.plan(record, document)
            self.planned = planned
            record.windowSequence = planned.windowSequence
            record.fleetVersion = planned.version.version
            record.taskCount = planned.plan.tasks.count
            return machine.planned(
                planned.plan.tasks.map { _ in .init() },
                now: driver.clock.now
            )
        } catch let error as FleetError {
            return machine.planFailed("\(error)")
        }
    }

    private mutating func takeEndedTasks(_ document: PipelineDocument) async throws {
        let live = machine.liveAttempts
        let states = try await driver.compute.poll(live.map(ticket))
        for attempt in live {
            guard case .gone(let exitCode, let message) = states[ticket(attempt)] else { continue }
            let outcome = try await outcome(of: attempt, exitCode: exitCode, message: message)
            try await perform(machine.taskEnded(attempt, outcome), document)
        }
        record.tasksDone = machine.tasksDone
    }

    /// What an ended attempt came to: what it stored counts, not how it exited.
    private mutating func outcome(
        of attempt: RunMachine.TaskAttempt,
        exitCode: Int32,
        message: String?
    ) async throws -> RunMachine.TaskOutcome {
        let key = TaskKeys(run: record.id, task: attempt.task).result(attempt: attempt.attempt)
        guard try await driver.blobs.exists(key) else {
            return .died(exitCode: exitCode, message: message)
        }
        let result = try await JSONDecoder().decode(
            TaskResult.self,
            from: Data(driver.blobs.get(key))
        )
        results[attempt.task] = result
        return .committed(
            .init(
                items: result.items,
                rowCount: result.part?.rowCount ?? 0,
                anomalyCount: result.anomalyCount,
                workerSeconds: result.seconds
            )
        )
    }

    private mutating func publish(withFailures: Bool) async throws -> [RunMachine.Action] {
        guard let planned else { return machine.publishFailed("no plan", isRetriable: false) }
        takeSummary()
        record.state = .publishing
        try await driver.catalog.update(record)
        let notes = [machine.startedWithoutWatermark ? machine.message : nil].compactMap(\.self)
        do {
            record = try await publisher.publish(
                record,
                planned: planned,
                results: results.values.sorted { $0.task < $1.task },
                notes: notes,
                withFailures: withFailures
            )
            return machine.published()
        } catch let error as FleetError {
            return machine.publishFailed("\(error)", isRetriable: error.isRetriable)
        }
    }

    /// Writes the record where it has changed what people see.
    private mutating func save() async throws {
        let before = record
        record.state = RunState(rawValue: machine.state.rawValue) ?? record.state
        record.message = machine.message
        takeSummary()
        if record != before { try await driver.catalog.update(record) }
    }

    private mutating func finish() async throws {
        takeSummary()
        record.state = RunState(rawValue: machine.state.rawValue) ?? .failed
        record.message = machine.message
        record.endedAt = driver.clock.now
        try await driver.catalog.update(record)
    }

    private mutating func takeSummary() {
        let summary = machine.summary
        record.items = summary.items
        record.rowCount = summary.rowCount
        record.anomalyCount = summary.anomalyCount
        record.workerSeconds = summary.workerSeconds
        record.tasksDone = machine.tasksDone
    }

    private func report() {
        Counter(
            label: "fleetscore_runs_total",
            dimensions: [("state", record.state.rawValue)]
        ).increment()
        driver.logger.info(
            "run ended",
            metadata: [
                "run": "\(record.id)", "pipeline": "\(record.pipeline)",
                "state": "\(record.state.rawValue)", "items": "\(record.items.total)",
                "rows": "\(record.rowCount)",
            ]
        )
    }

    private func ticket(_ attempt: RunMachine.TaskAttempt) -> TaskTicket {
        TaskTicket(run: record.id, task: attempt.task, attempt: attempt.attempt)
    }
}
