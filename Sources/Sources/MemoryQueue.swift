internal import Synchronization

/// Messages in memory that stay until they are acknowledged: the broker of ``MemorySource``.
///
/// - Concurrency: any task publishes; one source reads at a time.
package final class MemoryQueue: Sendable {
    private let messages = Mutex<[SourceMessage]>([])
    let wakeup = Wakeup()

    package init() {}

    /// Messages that were published and not acknowledged.
    package var count: Int { messages.withLock { $0.count } }

    /// Puts a message in.
    package func publish(_ message: SourceMessage) {
        messages.withLock { $0.append(message) }
        wakeup.raise()
    }

    /// The oldest messages, which stay.
    func batch(messageCountMax: Int) -> MessageBatch {
        messages.withLock { messages in
            var batch = MessageBatch()
            for message in messages.prefix(messageCountMax) { batch.append(message) }
            return batch
        }
    }

    /// Removes the oldest messages.
    func acknowledge(_ count: Int) {
        messages.withLock { $0.removeFirst(min(count, $0.count)) }
    }
}
