/// A patient thread for work that nobody waits for, and an even one for when it is behind.
///
/// The system lets a thread give way to others for good, so it takes two.
///
/// - Concurrency: jobs of one thread run one at a time, those of both side by side; any thread may
///   add them.
package final class PacedThreads: Sendable {
    private let patient: BlockingThread
    private let even: BlockingThread

    /// Starts the threads; they end when this object goes, after the jobs they have.
    ///
    /// - Throws: ``FleetError`` `.resourceExhausted` when the system has no more threads.
    package init(name: String) throws {
        patient = try BlockingThread(name: name, pace: .patient)
        even = try BlockingThread(name: "\(name), behind")
    }

    /// Adds a job to the patient thread, or to the other when the work is behind.
    package func enqueue(isBehind: Bool, _ job: @escaping @Sendable () -> Void) {
        (isBehind ? even : patient).enqueue(job)
    }
}
