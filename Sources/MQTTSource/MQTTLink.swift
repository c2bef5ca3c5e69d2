import Core
import NIOCore
import Sources
import Synchronization

/// The session and its connection, shared by the event loop that reads and the task that delivers.
///
/// - Concurrency: any thread; the lock is held while one read is parsed, and never across a wait.
final class MQTTLink: Sendable {
    private struct State {
        var session: MQTTSession
        var channel: (any Channel)?
        var failure: MQTTFailure?
        /// Whether the broker has answered on the connection, or on the one before.
        var hasAnswer = false
        /// Whether the connection was ready and has lived for a while.
        var isStable = false
    }

    /// Raised when messages wait, and when the end is asked for.
    let wakeup = Wakeup()
    private let state: Mutex<State>
    private let wallClock: any WallClock
    private let onWarning: @Sendable (String) -> Void

    init(
        session: MQTTSession,
        wallClock: any WallClock,
        onWarning: @escaping @Sendable (String) -> Void
    ) {
        state = Mutex(State(session: session))
        self.wallClock = wallClock
        self.onWarning = onWarning
    }

    var status: SourceStatus {
        state.withLock { state in
            var status = state.session.status
            status.pendingCount = state.session.undeliveredCount
            return status
        }
    }

    var isFinishing: Bool { state.withLock { $0.session.isFinishing } }
    var isDrained: Bool { state.withLock { $0.session.isDrained } }
    var tickInterval: Duration { state.withLock { $0.session.tickInterval } }

    // The event loop calls these.

    /// Greets the broker over a connection that has just been made.
    func opened(_ channel: any Channel, password: [UInt8]?) {
        let actions = state.withLock { state in
            state.channel = channel
            state.failure = nil
            state.isStable = false
            state.hasAnswer = false
            return state.session.open(password: password)
        }
        perform(actions, on: channel)
    }

    /// Takes what was read.
    func receive(_ bytes: UnsafeRawBufferPointer, on channel: any Channel) {
        let now = wallClock.now
        let actions = state.withLock { state in
            state.hasAnswer = true
            return state.session.receive(bytes, at: now)
        }
        perform(actions, on: channel)
    }

    /// Whether the event loop goes on reading; if not, taking messages makes it.
    func mayRead() -> Bool {
        state.withLock { $0.session.mayRead() }
    }

    /// Notes why the connection is about to end; the first reason counts.
    func fail(_ failure: MQTTFailure, on channel: any Channel) {
        state.withLock { state in
            guard state.channel === channel else { return }
            state.failure = state.failure ?? failure
        }
    }

    /// Notes that a connection is gone.
    func closed(_ channel: any Channel) {
        state.withLock { state in
            guard state.channel === channel else { return }
            state.channel = nil
            state.session.disconnected()
            state.session.status.connectedSince = nil
        }
    }

    // The source's tasks call these.

    /// Moves the status on; an error is kept with its time.
    func note(_ phase: SourceStatus.Phase?, error: String? = nil) {
        let now = wallClock.now
        state.withLock { state in
            let isFinishing = state.session.isFinishing && phase != .stopped
            if let phase { state.session.status.phase = isFinishing ? .finishing : phase }
            guard let error else { return }
            state.session.status.lastError = error
            state.session.status.lastErrorAt = now
        }
    }

    /// Notes that the sink has refused a batch.
    func noteRefusal(_ error: String) {
        state.withLock { $0.session.status.refusedBatchCount += 1 }
        note(nil, error: error)
    }

    /// Why the last connection ended, if it was noticed.
    var failure: MQTTFailure? { state.withLock { $0.failure } }

    /// Whether the broker sent anything on the last connection.
    var hasAnswer: Bool { state.withLock { $0.hasAnswer } }

    /// Whether the last connection had been ready and had lived for a while; told once.
    func takeStability() -> Bool {
        state.withLock { state in
            defer { state.isStable = false }
            return state.isStable
        }
    }

    /// Speaks another version from the next connection on.
    func use(_ version: MQTTVersion) {
        state.withLock { $0.session.version = version }
    }

    var version: MQTTVersion { state.withLock { $0.session.version } }

    /// Takes the messages that wait; makes room, so that reading goes on.
    func take() -> MessageBatch? {
        let (batch, paused) = state.withLock { state in
            let wasPaused = state.session.isPaused
            let batch = state.session.take()
            let mayRead = wasPaused && batch != nil && state.session.mayRead()
            return (batch, mayRead ? state.channel : nil)
        }
        paused?.read()
        return batch
    }

    /// Acknowledges the batch that was taken: it is durable.
    func complete() {
        let (bytes, channel) = state.withLock { state in
            (state.session.complete(), state.channel)
        }
        guard !bytes.isEmpty, let channel else { return }
        channel.writeAndFlush(channel.allocator.buffer(bytes: bytes), promise: nil)
    }

    /// Looks after the connection.
    func tick() {
        let (actions, channel) = state.withLock { state in
            if state.session.phase == .ready { state.isStable = true }
            return (state.session.tick(), state.channel)
        }
        if let channel { perform(actions, on: channel) }
    }

    /// Takes no more from the broker.
    func finish() {
        state.withLock { state in
            state.session.finish()
            guard state.session.status.phase != .stopped else { return }
            state.session.status.phase = .finishing
        }
        wakeup.raise()
    }

    /// Says goodbye; returns the connection that the broker is now to close, if there is one.
    func goodbye() -> (any Channel)? {
        let (bytes, channel) = state.withLock { state in
            (state.session.goodbye(), state.channel)
        }
        guard let channel else { return nil }
        channel.writeAndFlush(channel.allocator.buffer(bytes: bytes), promise: nil)
        channel.read()
        return channel
    }

    private func perform(_ actions: [MQTTSession.Action], on channel: any Channel) {
        for action in actions {
            switch action {
            case .send(let bytes):
                channel.writeAndFlush(channel.allocator.buffer(bytes: bytes), promise: nil)
            case .messages: wakeup.raise()
            case .warn(let text):
                note(nil, error: text)
                onWarning(text)
            case .ready:
                let now = wallClock.now
                state.withLock { state in
                    state.session.status.connectionCount += 1
                    state.session.status.connectedSince = now
                }
                note(.connected)
            case .close(let failure):
                fail(failure, on: channel)
                channel.close(promise: nil)
            }
        }
    }
}
