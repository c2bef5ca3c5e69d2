package import Core
package import Logging

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// An autoscaled pool of worker processes on this machine.
///
/// A worker takes tickets as JSON lines on its standard input and answers each with one
/// ``WorkerAnswer`` line; it must end when its input closes. The pool never retries.
///
/// - Concurrency: any caller; at most `workerCountMax` processes, one ticket each at a time.
package actor LocalPool: ComputeTarget {
    private struct Worker {
        let startedAt: Timestamp
        let commands: AsyncStream<[UInt8]>.Continuation
        var task: Task<Void, Never>?
        var processID: Int32?
        var ticket: TaskTicket?
        var tasksDone = 0
        /// It was asked to end and gets no more tickets.
        var isEnding = false
        /// Its timer runs until it is killed.
        var hasGrace = false
        /// Why the pool ended it, for the message of its ticket.
        var endReason: String?
        /// Runs out while it is idle, busy too long, or slow to end.
        var timer: Task<Void, Never>?

        var isReady: Bool { processID != nil && ticket == nil && !isEnding }
    }

    package nonisolated let name = "local"
    private var configuration: Configuration
    private let clock: any Clock<Duration>
    private let wallClock: any WallClock
    private let logger: Logger
    private let change: ChangeSignal
    private var queue = TicketQueue()
    private var pool: [Int: Worker] = [:]
    private var nextWorker = 1
    private var startFailureCount = 0
    private var retryTimer: Task<Void, Never>?
    private var isShutDown = false

    package init(
        configuration: Configuration,
        clock: any Clock<Duration>,
        wallClock: any WallClock,
        logger: Logger
    ) {
        self.configuration = configuration
        self.clock = clock
        self.wallClock = wallClock
        self.logger = logger
        change = ChangeSignal(clock: clock)
        // A worker that died must not end this process at the next write to its input.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Starts the minimum of workers, which otherwise start with the first tickets.
    package func start() {
        scale()
    }

    package func adopt(_ scaling: WorkerScaling) async {
        configuration.workerCountMin = min(scaling.workerCountMin, configuration.workerCountMax)
        configuration.idleTime = scaling.idleTime
        configuration.ticketTimeout = scaling.ticketTimeout
        scale()
    }

    package func submit(
        _ tickets: [TaskTicket],
        resources: TaskResources,
        workerCountMax: Int
    ) async throws {
        guard !isShutDown else {
            throw FleetError(.unavailable, "cannot submit tasks: the local pool has ended")
        }
        queue.submit(tickets, runningCountMax: workerCountMax, reason: "waiting for a worker")
        change.signal()
        scale()
    }

    package func poll(_ tickets: [TaskTicket]) async throws -> [TaskTicket: TaskState] {
        change.markSeen()
        return Dictionary(tickets.map { ($0, queue.state(of: $0)) }) { first, _ in first }
    }

    package nonisolated func waitForChange(timeout: Duration) async {
        await change.wait(timeout: timeout)
    }

    package func cancel(_ tickets: [TaskTicket]) async {
        let wanted = Set(tickets)
        for ticket in wanted {
            if case .pending = queue.state(of: ticket) {
                queue.finish(ticket, exitCode: WorkerExit.askedToStop, message: "cancelled")
            }
        }
        for (id, worker) in pool {
            if let ticket = worker.ticket, wanted.contains(ticket) {
                stop(id, reason: "cancelled", signal: SIGTERM)
            }
        }
        change.signal()
    }

    package func workers() async -> [WorkerInfo] {
        pool.sorted { $0.key < $1.key }.compactMap { id, worker in
            worker.processID.map {
                WorkerInfo(
                    id: "worker-\(id)",
                    processID: $0,
                    startedAt: worker.startedAt,
                    ticket: worker.ticket,
                    tasksDone: worker.tasksDone
                )
            }
        }
    }

    package func shutdown() async {
        isShutDown = true
        retryTimer?.cancel()
        queue.finishPending(exitCode: WorkerExit.askedToStop, message: "the pool has ended")
        change.signal()
        let tasks = pool.values.compactMap(\.task)
        for id in pool.keys { stop(id, reason: "the pool has ended", signal: SIGTERM) }
        for task in tasks { await task.value }
    }
}

extension LocalPool {
    /// Gives tickets to idle workers, then starts as many workers as tickets still wait.
    private func scale() {
        guard !isShutDown else { return }
        for id in pool.keys.sorted() {
            guard pool[id]?.isReady == true, let processID = pool[id]?.processID else { continue }
            guard let ticket = queue.start(on: "\(name) pid \(processID)") else { break }
            give(ticket, to: id)
        }
        guard retryTimer == nil else { return }
        let startingCount = pool.values.count { $0.processID == nil && !$0.isEnding }
        let wantedCount = max(
            queue.startableCount - startingCount,
            configuration.workerCountMin - pool.count
        )
        let room = configuration.workerCountMax - pool.count
        for _ in 0..<max(0, min(wantedCount, room)) { startWorker() }
    }

    private func give(_ ticket: TaskTicket, to id: Int) {
        do {
            let line = try ticket.line()
            pool[id]?.ticket = ticket
            pool[id]?.commands.yield(line)
            setTimer(id, configuration.ticketTimeout) { pool, id in
                pool.stop(id, reason: "the task timed out", signal: SIGKILL)
            }
        } catch {
            queue.finish(ticket, exitCode: WorkerExit.permanentFailure, message: "\(error)")
        }
        change.signal()
    }

    private func startWorker() {
        let id = nextWorker
        nextWorker += 1
        let (commands, continuation) = AsyncStream.makeStream(
            of: [UInt8].self,
            bufferingPolicy: .bufferingOldest(4)
        )
        pool[id] = Worker(startedAt: wallClock.now, commands: continuation)
        var logger = logger
        logger[metadataKey: "worker.id"] = "worker-\(id)"
        let process = WorkerProcess(
            executable: configuration.executable,
            arguments: configuration.arguments,
            environment: configuration.environment,
            logger: logger,
            started: { await self.workerStarted(id, processID: $0) },
            answered: { await self.workerAnswered(id, line: $0) }
        )
        pool[id]?.task = Task(name: "worker-\(id)") {
            do {
                let exitCode = try await process.run(commands: commands)
                self.workerEnded(id, exitCode: exitCode)
            } catch {
                self.workerFailed(id, error)
            }
        }
    }

    private func workerStarted(_ id: Int, processID: Int32) {
        pool[id]?.processID = processID
        if let worker = pool[id], worker.isEnding {
            stop(id, reason: worker.endReason ?? "", signal: SIGTERM)
            return
        }
        rest(id)
    }

    private func workerAnswered(_ id: Int, line: [UInt8]) {
        do {
            let answer = try WorkerAnswer(line: line)
            guard let ticket = pool[id]?.ticket, ticket == answer.ticket else {
                logger.warning("worker answered a ticket it does not hold")
                return
            }
            pool[id]?.ticket = nil
            pool[id]?.tasksDone += 1
            startFailureCount = 0
            queue.finish(ticket, exitCode: answer.exit, message: answer.message)
            change.signal()
            if pool[id]?.isEnding == false { rest(id) }
        } catch {
            logger.warning("worker wrote a line that is no answer", metadata: ["error": "\(error)"])
        }
    }

    /// Gives an idle worker its next ticket, or ends it after the idle time.
    private func rest(_ id: Int) {
        setTimer(id, configuration.idleTime) { $0.retire($1) }
        scale()
    }

    private func retire(_ id: Int) {
        guard pool[id]?.isReady == true, pool.count > configuration.workerCountMin else { return }
        stop(id, reason: "idle", signal: nil)
    }

    private func workerEnded(_ id: Int, exitCode: Int32) {
        guard let worker = pool.removeValue(forKey: id) else { return }
        worker.timer?.cancel()
        worker.commands.finish()
        if let processID = worker.processID { kill(-processID, SIGKILL) }
        if let ticket = worker.ticket {
            let end = exitCode < 0 ? "by signal \(-exitCode)" : "with exit code \(exitCode)"
            let reason = worker.endReason.map { " (\($0))" } ?? ""
            queue.finish(
                ticket,
                exitCode: exitCode,
                message: "the worker ended \(end)\(reason)"
            )
            change.signal()
        }
        if worker.isEnding || worker.tasksDone > 0 || worker.ticket != nil {
            scale()
        } else {
            startFailed("the worker ended at once with exit code \(exitCode)")
        }
    }

    private func workerFailed(_ id: Int, _ error: any Error) {
        guard let worker = pool.removeValue(forKey: id) else { return }
        worker.timer?.cancel()
        worker.commands.finish()
        if let ticket = worker.ticket {
            queue.finish(ticket, exitCode: WorkerExit.transientFailure, message: "\(error)")
        }
        startFailed("\(error)")
    }

    /// Waits longer after each failed start in a row, then gives pending tickets up.
    private func startFailed(_ what: String) {
        startFailureCount += 1
        let message = "cannot start worker \"\(configuration.executable)\": \(what)"
        logger.warning("worker start failed", metadata: ["error": "\(what)"])
        if startFailureCount >= configuration.startFailureCountMax {
            startFailureCount = 0
            queue.finishPending(exitCode: WorkerExit.transientFailure, message: message)
        } else {
            queue.explainPending(message)
        }
        change.signal()
        guard retryTimer == nil, !isShutDown else { return }
        let delay = Duration.milliseconds(100 << min(startFailureCount, 6))
        retryTimer = Task { [clock] in
            do {
                try await clock.sleep(for: delay)
            } catch {
                return
            }
            self.retryTimer = nil
            self.scale()
        }
    }

    /// Closes a worker's input, sends it a signal, and kills its group after the grace.
    private func stop(_ id: Int, reason: String, signal: Int32?) {
        guard pool[id] != nil else { return }
        pool[id]?.isEnding = true
        pool[id]?.endReason = reason
        pool[id]?.commands.finish()
        guard let processID = pool[id]?.processID else { return }
        if let signal { kill(signal == SIGKILL ? -processID : processID, signal) }
        // A second request must not put the kill off.
        guard pool[id]?.hasGrace == false else { return }
        pool[id]?.hasGrace = true
        setTimer(id, configuration.stopGrace) { pool, id in
            if let processID = pool.pool[id]?.processID { kill(-processID, SIGKILL) }
        }
    }

    /// Replaces a worker's timer; nil only stops the old one.
    private func setTimer(
        _ id: Int,
        _ duration: Duration?,
        _ fire: @escaping @Sendable (isolated LocalPool, Int) -> Void
    ) {
        pool[id]?.timer?.cancel()
        pool[id]?.timer = duration.map { duration in
            Task { [clock] in
                do {
                    try await clock.sleep(for: duration)
                } catch {
                    return
                }
                if !Task.isCancelled { fire(self, id) }
            }
        }
    }
}
