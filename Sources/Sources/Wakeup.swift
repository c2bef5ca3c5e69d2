internal import Synchronization

/// Wakes a waiting task: raised from anywhere, also from callbacks, and taken by one waiter.
///
/// - Concurrency: any number of raisers; one waiter at a time.
package final class Wakeup: Sendable {
    private struct State {
        var isRaised = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    /// Wakes the waiter now, or lets the next wait return at once.
    package func raise() {
        let waiter = state.withLock { state in
            state.isRaised = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns after a raise, which it lowers, or when the task is cancelled.
    package func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isRaised || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            raise()
        }
        state.withLock { $0.isRaised = false }
    }
}
