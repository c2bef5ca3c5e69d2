import Core
import Synchronization

/// Wakes everyone who waits, whenever something may have changed.
///
/// - Concurrency: any task or thread.
final class WakeSignal: Sendable {
    private struct State {
        var number: UInt64 = 0
        var nextID = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// Grows with every change; read it before looking at what is waited for.
    var number: UInt64 { state.withLock { $0.number } }

    /// Says that something changed.
    func notify() {
        let woken = state.withLock { state in
            state.number &+= 1
            defer { state.waiters = [:] }
            return state.waiters
        }
        for continuation in woken.values { continuation.resume() }
    }

    /// Returns after a change since `number`, after the timeout, or when cancelled.
    ///
    /// - Returns: whether there was a change.
    @discardableResult
    func wait(
        since number: UInt64,
        timeout: Duration,
        clock: any Clock<Duration>
    ) async -> Bool {
        if self.number != number { return true }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(since: number) }
            group.addTask {
                do {
                    try await clock.sleep(for: timeout)
                } catch {
                    // Cancelled, because the other task was first or the caller went away.
                }
            }
            await group.next()
            group.cancelAll()
        }
        return self.number != number
    }

    private func wait(since number: UInt64) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if Task.isCancelled || state.number != number { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
            waiter?.resume()
        }
    }
}
