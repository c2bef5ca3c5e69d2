package import Core
package import Logging
internal import Synchronization

/// The in-memory twin: feeds what is published to a ``MemoryQueue``.
package final class MemorySource: EventSource {
    private struct State {
        var isFinishing = false
        var status = SourceStatus()
    }

    package let name: String
    private let queue: MemoryQueue
    private let delivery: Delivery
    private let batchMessageCountMax: Int
    private let wallClock: any WallClock
    private let state = Mutex(State())

    package init(
        name: String,
        queue: MemoryQueue,
        sink: any EventSink,
        batchMessageCountMax: Int = 1000,
        clock: any Clock<Duration>,
        wallClock: any WallClock,
        random: @escaping @Sendable () -> Double = { 0.5 },
        logger: Logger
    ) {
        self.name = name
        self.queue = queue
        self.batchMessageCountMax = max(1, batchMessageCountMax)
        self.wallClock = wallClock
        delivery = Delivery(to: sink, source: name, clock: clock, random: random, logger: logger)
    }

    package var status: SourceStatus { state.withLock { $0.status } }

    package func finish() {
        state.withLock { state in
            state.isFinishing = true
            guard state.status.phase != .stopped else { return }
            state.status.phase = .finishing
        }
        queue.wakeup.raise()
    }

    package func run() async throws {
        let now = wallClock.now
        state.withLock { state in
            guard !state.isFinishing else { return }
            state.status.phase = .connected
            state.status.connectionCount += 1
            state.status.connectedSince = now
        }
        defer {
            state.withLock { state in
                state.status.phase = .stopped
                state.status.connectedSince = nil
            }
        }
        while !state.withLock({ $0.isFinishing }) {
            try Task.checkCancellation()
            let batch = queue.batch(messageCountMax: batchMessageCountMax)
            if batch.isEmpty {
                await queue.wakeup.wait()
            } else {
                try await deliver(batch)
            }
        }
    }

    private func deliver(_ batch: MessageBatch) async throws {
        state.withLock { state in
            state.status.receivedCount += batch.count
            state.status.receivedByteCount += batch.byteCount
            state.status.pendingCount = batch.count
        }
        defer { state.withLock { $0.status.pendingCount = 0 } }
        try await delivery.deliver(batch, onRefusal: note)
        queue.acknowledge(batch.count)
        state.withLock { $0.status.acknowledgedCount += batch.count }
    }

    private func note(_ error: String) {
        let now = wallClock.now
        state.withLock { state in
            state.status.refusedBatchCount += 1
            state.status.lastError = error
            state.status.lastErrorAt = now
        }
    }
}
