package import Core

/// Runs tickets as tasks of this process, for tests and small set-ups.
///
/// - Concurrency: any caller; at most `workerCountMax` tickets run at once.
package actor InProcessTarget: ComputeTarget {
    /// Executes one ticket; it should end early when its task is cancelled.
    package typealias Body =
        @Sendable (TaskTicket) async -> (exit: Int32, message: String?)

    package nonisolated let name = "in-process"
    private let workerCountMax: Int
    private let wallClock: any WallClock
    private let body: Body
    private let change: ChangeSignal
    private var queue = TicketQueue()
    private var running: [TaskTicket: (task: Task<Void, Never>, startedAt: Timestamp)] = [:]
    private var cancelled: Set<TaskTicket> = []
    private var isShutDown = false

    package init(
        workerCountMax: Int,
        clock: any Clock<Duration>,
        wallClock: any WallClock,
        body: @escaping Body
    ) {
        self.workerCountMax = max(1, workerCountMax)
        self.wallClock = wallClock
        self.body = body
        change = ChangeSignal(clock: clock)
    }

    /// Does nothing: there are no processes to keep.
    package func adopt(_ scaling: WorkerScaling) async {}

    package func submit(
        _ tickets: [TaskTicket],
        resources: TaskResources,
        workerCountMax: Int
    ) async throws {
        guard !isShutDown else {
            throw FleetError(.unavailable, "cannot submit tasks: the in-process target has ended")
        }
        queue.submit(tickets, runningCountMax: workerCountMax, reason: "waiting for a worker")
        startNext()
    }

    package func poll(_ tickets: [TaskTicket]) async throws -> [TaskTicket: TaskState] {
        change.markSeen()
        return Dictionary(tickets.map { ($0, queue.state(of: $0)) }) { first, _ in first }
    }

    package nonisolated func waitForChange(timeout: Duration) async {
        await change.wait(timeout: timeout)
    }

    package func cancel(_ tickets: [TaskTicket]) async {
        for ticket in tickets {
            if let run = running[ticket] {
                cancelled.insert(ticket)
                run.task.cancel()
            } else {
                queue.finish(ticket, exitCode: WorkerExit.askedToStop, message: "cancelled")
            }
        }
        change.signal()
    }

    package func workers() async -> [WorkerInfo] {
        running.map { ticket, run in
            WorkerInfo(
                id: "task-\(ticket.run)-\(ticket.task)-\(ticket.attempt)",
                processID: 0,
                startedAt: run.startedAt,
                ticket: ticket,
                tasksDone: 0
            )
        }.sorted { $0.id < $1.id }
    }

    package func shutdown() async {
        isShutDown = true
        queue.finishPending(exitCode: WorkerExit.askedToStop, message: "the target has ended")
        for ticket in running.keys { cancelled.insert(ticket) }
        let tasks = running.values.map(\.task)
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        change.signal()
    }

    private func startNext() {
        while running.count < workerCountMax, let ticket = queue.start(on: name) {
            let task = Task { [body] in
                let end = await body(ticket)
                self.finish(ticket, end.exit, end.message)
            }
            running[ticket] = (task, wallClock.now)
            change.signal()
        }
    }

    private func finish(_ ticket: TaskTicket, _ exitCode: Int32, _ message: String?) {
        running[ticket] = nil
        if cancelled.remove(ticket) != nil {
            queue.finish(ticket, exitCode: WorkerExit.askedToStop, message: "cancelled")
        } else {
            queue.finish(ticket, exitCode: exitCode, message: message)
        }
        change.signal()
        startNext()
    }
}
