import CThreads
import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A thread of its own for calls that block, so that they never hold up the cooperative pool.
///
/// - Concurrency: jobs run one at a time in the order they came; any thread may add them.
package final class BlockingThread: Sendable {
    private let queue: JobQueue

    /// How a thread shares the processor with others.
    package enum Pace: Sendable {
        case even
        /// Runs soon after it wakes: somebody waits for each job, and a job needs the processor
        /// little.
        case prompt
        /// Gives way to every other thread.
        case patient
    }

    /// Starts the thread; it ends after ``stop()`` or when this object goes.
    ///
    /// `name` is what errors call it.
    ///
    /// - Throws: ``FleetError`` `.resourceExhausted` when the system has no more threads.
    package init(name: String, pace: Pace = .even) throws {
        queue = JobQueue(name: name)
        // A system that cannot do it runs the thread like any other.
        switch pace {
        case .even: break
        case .prompt: queue.add { _ = cthreads_prefer_prompt() }
        case .patient: queue.add { _ = cthreads_give_way() }
        }
        let context = Unmanaged.passRetained(queue)
        #if canImport(Glibc)
        var thread = pthread_t()
        #else
        var thread: pthread_t?
        #endif
        let result = pthread_create(&thread, nil, runJobs, context.toOpaque())
        guard result == 0 else {
            context.release()
            throw FleetError(
                .resourceExhausted,
                "cannot start the thread \(name): error \(result)",
                hint: "raise the limit with ulimit -u"
            )
        }
        #if canImport(Glibc)
        pthread_detach(thread)
        #else
        if let thread { pthread_detach(thread) }
        #endif
    }

    deinit { queue.stop() }

    /// Adds a job; false when the thread is stopped and the job will not run.
    @discardableResult
    package func enqueue(_ job: @escaping @Sendable () -> Void) -> Bool {
        queue.add(job)
    }

    /// Runs a job on the thread and returns its result.
    ///
    /// - Throws: what the job throws, or `.unavailable` when the thread is stopped.
    package func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let added = queue.add { continuation.resume(with: Result { try work() }) }
            guard !added else { return }
            continuation.resume(
                throwing: FleetError(.unavailable, "the thread \(queue.name) is stopped")
            )
        }
    }

    /// Ends the thread after the jobs it already has.
    package func stop() {
        queue.stop()
    }
}

// SAFETY: `jobs` and `isStopped` are read and written only with `mutex` held.
private final class JobQueue: @unchecked Sendable {
    let name: String
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [@Sendable () -> Void] = []
    private var isStopped = false

    init(name: String) {
        self.name = name
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Adds a job; false when stopped.
    @discardableResult
    func add(_ job: @escaping @Sendable () -> Void) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if isStopped { return false }
        jobs.append(job)
        pthread_cond_signal(condition)
        return true
    }

    /// Refuses new jobs and lets the thread end after the ones it has.
    func stop() {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        isStopped = true
        pthread_cond_signal(condition)
    }

    /// Waits for jobs and takes them all; empty when the thread shall end.
    func take() -> [@Sendable () -> Void] {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while jobs.isEmpty, !isStopped { pthread_cond_wait(condition, mutex) }
        defer { jobs = [] }
        return jobs
    }
}

#if canImport(Glibc)
private func runJobs(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let queue = Unmanaged<JobQueue>.fromOpaque(context).takeRetainedValue()
    runAll(queue)
    return nil
}
#else
private func runJobs(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    runAll(Unmanaged<JobQueue>.fromOpaque(context).takeRetainedValue())
    return nil
}
#endif

private func runAll(_ queue: JobQueue) {
    while true {
        let jobs = queue.take()
        if jobs.isEmpty { return }
        for job in jobs { job() }
    }
}
