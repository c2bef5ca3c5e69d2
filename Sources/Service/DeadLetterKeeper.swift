import Core
package import Logging
import ServiceLifecycle
package import Store
import Synchronization

/// The events of one batch that are to be kept, and how many there were.
package struct RejectedBatch: Sendable, Equatable {
    package var letters: [DeadLetter]
    package let counts: [EventCount]
    /// Names the batch, so that it is kept once however often it is sent.
    package let key: String?

    package init(letters: [DeadLetter], counts: [EventCount], key: String?) {
        self.letters = letters
        self.counts = counts
        self.key = key
    }

    var eventCount: Int64 { counts.reduce(0) { $0 + $1.count } }
}

/// Keeps events that were not accepted; while the store cannot be written they wait in memory.
///
/// Bounded: beyond ``letterCountMax`` waiting letters batches are only counted, beyond
/// ``batchCountMax`` waiting batches ``checkRoom()`` refuses more. Graceful shutdown: tries once
/// more, and logs how many events are lost when that fails. A process that is killed loses what
/// waits. Concurrency: any task.
package final class DeadLetterKeeper: Service {
    private struct State {
        var waiting: [RejectedBatch] = []
        var letterCount = 0
    }

    package static let letterCountMax = 10_000
    package static let batchCountMax = 10_000

    private let write: @Sendable (RejectedBatch) async throws -> Void
    private let timer: any Clock<Duration>
    private let logger: Logger
    private let state = Mutex(State())

    /// A keeper that stores batches with `write`.
    package init(
        timer: any Clock<Duration>,
        logger: Logger,
        write: @escaping @Sendable (RejectedBatch) async throws -> Void
    ) {
        self.write = write
        self.timer = timer
        self.logger = logger
    }

    /// How many batches wait for the store.
    package var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Checks that what is rejected now could wait.
    ///
    /// - Throws: ``FleetError`` `.unavailable` when too much waits already.
    package func checkRoom() throws {
        let count = waitingCount
        guard count >= Self.batchCountMax else { return }
        throw FleetError(
            .unavailable,
            "the rejected events of \(count) batches wait for the window store",
            hint: "send again later; the server's log says why it cannot be written"
        )
    }

    /// Keeps a batch, at once where possible; it waits when the store fails, or others wait.
    package func keep(_ batch: RejectedBatch) async {
        guard waitingCount == 0 else { return wait(batch) }
        do {
            try await write(batch)
        } catch {
            wait(batch)
            logger.warning(
                "rejected events wait until they can be kept",
                metadata: ["error": "\(error)", "events": "\(batch.eventCount)"]
            )
        }
    }

    package func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await self.timer.sleep(for: .seconds(1))
                } catch is CancellationError {
                    return
                }
                _ = await self.flush()
            }
        }
        guard let error = await flush() else { return }
        let count = state.withLock { $0.waiting.reduce(0) { $0 + $1.eventCount } }
        logger.error(
            "rejected events are lost",
            metadata: ["error": "\(error)", "events": "\(count)"]
        )
    }

    /// Keeps what waits, the oldest first; the error that ended that, nil when nothing waits.
    package func flush() async -> (any Error)? {
        while let batch = state.withLock({ $0.waiting.first }) {
            do {
                try await write(batch)
            } catch {
                return error
            }
            state.withLock { state in
                let batch = state.waiting.removeFirst()
                state.letterCount -= batch.letters.count
            }
        }
        return nil
    }

    private func wait(_ batch: RejectedBatch) {
        state.withLock { state in
            var batch = batch
            if state.letterCount >= Self.letterCountMax { batch.letters = [] }
            state.letterCount += batch.letters.count
            state.waiting.append(batch)
        }
    }
}
