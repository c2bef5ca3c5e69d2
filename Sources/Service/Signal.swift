/// Wakes a waiting service: a level that is raised by many and taken by one.
///
/// - Concurrency: any number of raisers; one waiter at a time.
package actor Signal {
    private var isRaised = false
    private var waiter: CheckedContinuation<Void, Never>?

    package init() {}

    /// Wakes the waiter now, or lets the next wait return at once.
    package func raise() {
        isRaised = true
        waiter?.resume()
        waiter = nil
    }

    /// Returns after a raise or the timeout, whichever is first, and lowers the signal.
    package func wait(timeout: Duration, timer: any Clock<Duration>) async {
        if !isRaised {
            let alarm = Task {
                try await timer.sleep(for: timeout)
                self.raise()
            }
            await withTaskCancellationHandler {
                await suspend()
            } onCancel: {
                Task { await self.raise() }
            }
            alarm.cancel()
        }
        isRaised = false
    }

    private func suspend() async {
        guard !isRaised, !Task.isCancelled else { return }
        await withCheckedContinuation { waiter = $0 }
    }
}
