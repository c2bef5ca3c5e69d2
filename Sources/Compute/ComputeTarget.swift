package import Core

/// What one task submission asks for.
package struct TaskResources: Sendable, Codable, Equatable {
    package var cpus: Int
    package var memoryBytes: Int
    package var gpus: Int
    package var image: String?

    package init(cpus: Int = 1, memoryBytes: Int = 1 << 30, gpus: Int = 0, image: String? = nil) {
        self.cpus = cpus
        self.memoryBytes = memoryBytes
        self.gpus = gpus
        self.image = image
    }
}

/// Names one execution: attempt `attempt` of task `task` of run `run`.
package struct TaskTicket: Sendable, Hashable, Codable {
    package let run: String
    package let task: Int
    package let attempt: Int

    package init(run: String, task: Int, attempt: Int) {
        self.run = run
        self.task = task
        self.attempt = attempt
    }
}

/// The exit codes of `fleetscore worker`, a contract with every compute target.
package enum WorkerExit {
    package static let done: Int32 = 0
    package static let permanentFailure: Int32 = 42
    package static let transientFailure: Int32 = 75
    package static let askedToStop: Int32 = 143
}

/// Where a ticket is on its way.
package enum TaskState: Sendable, Equatable {
    case pending(reason: String)
    case running(node: String)
    /// Ended; `exitCode` is the worker's (negative: killed by that signal).
    ///
    /// It proves nothing: completion is proved by what the task stored.
    case gone(exitCode: Int32, message: String?)
}

/// A worker process as people see it.
package struct WorkerInfo: Sendable, Codable, Equatable {
    package let id: String
    package let processID: Int32
    package let startedAt: Timestamp
    /// What it executes now, nil while idle.
    package let ticket: TaskTicket?
    package let tasksDone: Int

    package init(
        id: String,
        processID: Int32,
        startedAt: Timestamp,
        ticket: TaskTicket?,
        tasksDone: Int
    ) {
        self.id = id
        self.processID = processID
        self.startedAt = startedAt
        self.ticket = ticket
        self.tasksDone = tasksDone
    }
}

/// How a pipeline wants workers to be kept.
package struct WorkerScaling: Sendable, Equatable {
    /// Workers that stay even without work.
    package var workerCountMin: Int
    /// How long a worker beyond the minimum may be idle.
    package var idleTime: Duration
    /// A worker is killed when one ticket takes longer.
    package var ticketTimeout: Duration

    package init(workerCountMin: Int, idleTime: Duration, ticketTimeout: Duration) {
        self.workerCountMin = workerCountMin
        self.idleTime = idleTime
        self.ticketTimeout = ticketTimeout
    }
}

/// Where tasks run: takes tickets, starts workers, tells states; it never retries.
package protocol ComputeTarget: Sendable {
    var name: String { get }
    /// Takes over how workers are kept; the wishes of the newest run hold.
    ///
    /// A target whose workers belong to somebody else does nothing.
    func adopt(_ scaling: WorkerScaling) async
    /// Queues tickets; a ticket already known is ignored.
    ///
    /// At most `workerCountMax` of this call's tickets run at once.
    ///
    /// - Throws: ``FleetError`` `.unavailable` after ``shutdown()``.
    func submit(
        _ tickets: [TaskTicket],
        resources: TaskResources,
        workerCountMax: Int
    ) async throws
    /// The states of tickets; one it does not know is gone with exit code -1.
    func poll(_ tickets: [TaskTicket]) async throws -> [TaskTicket: TaskState]
    /// Returns when a ticket changed state since the last poll, or after the timeout.
    func waitForChange(timeout: Duration) async
    /// Ends tickets: pending ones are dropped, running ones are asked to stop, then killed.
    func cancel(_ tickets: [TaskTicket]) async
    func workers() async -> [WorkerInfo]
    /// Ends all workers and returns when they are gone.
    func shutdown() async
}
