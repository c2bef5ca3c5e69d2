import Synchronization

/// The progress of sending, which a task updates and another one reads when it is interrupted.
final class SendProgress: Sendable {
    private let state: Mutex<(line: ProgressLine, done: Int)>

    init(total: Int) {
        state = Mutex((ProgressLine("sending", total: total, unit: "events"), 0))
    }

    /// Events sent so far.
    var count: Int { state.withLock { $0.done } }

    func update(_ done: Int) {
        state.withLock {
            $0.done = done
            $0.line.update(done)
        }
    }

    func finish() { state.withLock { $0.line.finish($0.done) } }
}
