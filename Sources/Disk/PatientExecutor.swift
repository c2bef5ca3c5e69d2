import Synchronization

/// Runs tasks that nobody waits for on threads of their own, which give way to all others.
///
/// What answers somebody is then not held up by a long step of such a task, not even on one
/// processor. A task that is behind says so, and then has a share like everybody else.
///
/// - Concurrency: at most two jobs side by side, and those of one actor in turn. Jobs may block:
///   nobody else waits for these threads.
package final class PatientExecutor: TaskExecutor {
    private let threads: PacedThreads
    private let isBehind = Atomic(false)

    /// Starts the threads; they end when this object goes.
    ///
    /// - Throws: ``FleetError`` `.resourceExhausted` when the system has no more threads.
    package init(name: String) throws {
        threads = try PacedThreads(name: name)
    }

    /// Whether the current task runs on threads of such an executor, and so may block them.
    @TaskLocal package static var isCurrent = false

    /// Runs an operation, and what it calls that has no executor of its own, on the threads of an
    /// executor; without one, where it would run anyway.
    package static func run(
        on executor: PatientExecutor?,
        isolation: isolated (any Actor)? = #isolation,
        _ operation: () async throws -> Void
    ) async throws {
        guard let executor else { return try await operation() }
        try await withTaskExecutorPreference(executor) {
            // The preference counts from the next suspension on.
            await Task.yield()
            try await $isCurrent.withValue(true) { try await operation() }
        }
    }

    /// Says whether the work is behind; counts from the next step on.
    package func setBehind(_ isBehind: Bool) {
        self.isBehind.store(isBehind, ordering: .relaxed)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        threads.enqueue(isBehind: isBehind.load(ordering: .relaxed)) { [self] in
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
