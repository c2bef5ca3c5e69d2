import Core
import Synchronization

/// Wakes readers that wait for something beyond their offsets.
///
/// - Concurrency: any task or thread.
final class AppendSignal: Sendable {
    private struct Waiter {
        let offsets: [Int64]
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var endOffsets: [Int64]
        var nextID = 0
        var waiters: [Int: Waiter] = [:]
    }

    private let state: Mutex<State>

    init(endOffsets: [Int64]) {
        state = Mutex(State(endOffsets: endOffsets))
    }

    /// Says what is durable now.
    func advance(to endOffsets: [Int64]) {
        let woken = state.withLock { state in
            state.endOffsets = endOffsets
            let woken = state.waiters.filter { Self.isBeyond(endOffsets, $0.value.offsets) }
            for id in woken.keys { state.waiters[id] = nil }
            return woken
        }
        for waiter in woken.values { waiter.continuation.resume() }
    }

    /// Wakes everyone once, so that they notice that the log was closed.
    func wakeAll() {
        let woken = state.withLock { state in
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in woken.values { waiter.continuation.resume() }
    }

    /// Returns when something beyond the offsets is durable, after the timeout, or when cancelled.
    func wait(beyond offsets: [Int64], timeout: Duration, clock: any Clock<Duration>) async {
        if state.withLock({ Self.isBeyond($0.endOffsets, offsets) }) { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(beyond: offsets) }
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
    }

    private func wait(beyond offsets: [Int64]) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if Task.isCancelled || Self.isBeyond(state.endOffsets, offsets) { return true }
                    state.waiters[id] = Waiter(offsets: offsets, continuation: continuation)
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
            waiter?.continuation.resume()
        }
    }

    private static func isBeyond(_ end: [Int64], _ offsets: [Int64]) -> Bool {
        zip(end, offsets).contains { $0 > $1 }
    }
}
