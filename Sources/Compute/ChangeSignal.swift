internal import Synchronization

/// Wakes those who wait for a ticket to change state.
///
/// - Concurrency: any caller.
final class ChangeSignal: Sendable {
    private struct State {
        var hasChanged = false
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())
    private let clock: any Clock<Duration>

    init(clock: any Clock<Duration>) {
        self.clock = clock
    }

    /// Notes a change and wakes everyone.
    func signal() {
        let waiters = state.withLock { state in
            state.hasChanged = true
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// Notes that all changes so far were seen.
    func markSeen() {
        state.withLock { $0.hasChanged = false }
    }

    /// Returns at a change not seen yet, after the timeout, or when the task is cancelled.
    func wait(timeout: Duration) async {
        let id = state.withLock { state in
            defer { state.nextWaiter += 1 }
            return state.nextWaiter
        }
        let timer = Task { [clock] in
            do {
                try await clock.sleep(for: timeout)
                self.wake(id)
            } catch {
                // Cancelled: the wait is over.
            }
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.hasChanged || Task.isCancelled || timeout <= .zero { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            self.wake(id)
        }
        timer.cancel()
    }

    private func wake(_ id: Int) {
        state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }
}
