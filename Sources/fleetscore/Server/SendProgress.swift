import Core
import Synchronization

/// The progress of sending, which a task updates and another one reads when it is interrupted.
final class SendProgress: Sendable {
    private struct State {
        var line: ProgressLine
        var done = 0
        /// Whether it was said that the server takes nothing now.
        var isWaitSaid = false
    }

    private let state: Mutex<State>
    /// How long a wait is nothing to speak of.
    private static let quietWait = Duration.seconds(5)

    init(total: Int) {
        state = Mutex(State(line: ProgressLine("sending", total: total, unit: "events")))
    }

    /// Events sent so far.
    var count: Int { state.withLock { $0.done } }

    func update(_ done: Int) {
        state.withLock {
            $0.done = done
            $0.isWaitSaid = false
            $0.line.update(done)
        }
    }

    /// Says that the server takes nothing for so long, and why.
    func wait(_ waited: Duration, _ refusal: FleetError) {
        state.withLock {
            $0.line.update($0.done, note: "the server is busy: trying again")
            guard !Terminal.isInteractive, waited >= Self.quietWait, !$0.isWaitSaid else { return }
            $0.isWaitSaid = true
            Terminal.complain("the server is busy: trying again (\(refusal.message))")
        }
    }

    func finish() { state.withLock { $0.line.finish($0.done) } }
}
