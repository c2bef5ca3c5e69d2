import CRdKafka
import Core
import Disk
import Synchronization

/// Waits until every message of an append was acknowledged or failed.
final class Delivery: Sendable {
    private struct State {
        var waiting: Int
        var failure: rd_kafka_resp_err_t?
        var continuation: CheckedContinuation<rd_kafka_resp_err_t?, Never>?
    }

    private let state: Mutex<State>
    /// Gets the partition and offset of each message that is durable.
    let acknowledged: @Sendable (Int, Int64) -> Void

    init(messageCount: Int, acknowledged: @escaping @Sendable (Int, Int64) -> Void) {
        state = Mutex(State(waiting: messageCount))
        self.acknowledged = acknowledged
    }

    /// Takes note that messages will not come any more; nil says that one was acknowledged.
    func finish(_ count: Int = 1, failure: rd_kafka_resp_err_t?) {
        let (continuation, result) = state.withLock { state in
            state.waiting -= count
            // The first failure is the cause of those that follow.
            state.failure = state.failure ?? failure
            guard state.waiting <= 0 else {
                return (nil as CheckedContinuation<rd_kafka_resp_err_t?, Never>?, state.failure)
            }
            defer { state.continuation = nil }
            return (state.continuation, state.failure)
        }
        continuation?.resume(returning: result)
    }

    /// The failure when there was one; `start` hands the messages over.
    func wait(_ start: () -> Void) async -> rd_kafka_resp_err_t? {
        await withCheckedContinuation { continuation in
            state.withLock { $0.continuation = continuation }
            start()
        }
    }
}

/// Sends messages to the topic, each acknowledged by all in-sync replicas.
///
/// - Concurrency: any task. Acknowledgements arrive on a thread of its own.
// SAFETY: the topic handle is thread-safe like its client; it is freed on the thread that polled,
// after the last message was answered.
final class KafkaProducer: @unchecked Sendable {
    let handle: KafkaHandle
    private let topic: OpaquePointer
    private let thread: BlockingThread
    private let isClosing = Atomic<Bool>(false)

    /// Starts a producer.
    init(_ settings: KafkaSettings, events: KafkaEvents) throws {
        handle = try KafkaHandle(RD_KAFKA_PRODUCER, .producer(settings), events: events)
        guard let topic = rd_kafka_topic_new(handle.pointer, settings.topic, nil) else {
            throw KafkaError.error(
                rd_kafka_last_error(),
                "cannot use the kafka topic \"\(settings.topic)\""
            )
        }
        self.topic = topic
        thread = try BlockingThread(name: "kafka producer")
        thread.enqueue { [self] in poll() }
    }

    /// Whether the library gave up on this instance, so that a new one must take over.
    var isBroken: Bool {
        rd_kafka_fatal_error(handle.pointer, nil, 0) != RD_KAFKA_RESP_ERR_NO_ERROR
    }

    /// Sends messages and returns when all are answered: nil, or the first failure.
    func send(
        _ messages: [EncodedMessage],
        key: [UInt8]?,
        time: Timestamp,
        acknowledged: @escaping @Sendable (Int, Int64) -> Void
    ) async -> rd_kafka_resp_err_t? {
        guard !messages.isEmpty else { return nil }
        let delivery = Delivery(messageCount: messages.count, acknowledged: acknowledged)
        return await delivery.wait {
            for (index, message) in messages.enumerated() {
                let result = produce(message, key, time, delivery)
                guard result != RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
                delivery.finish(messages.count - index, failure: result)
                return
            }
        }
    }

    private func produce(
        _ message: EncodedMessage,
        _ key: [UInt8]?,
        _ time: Timestamp,
        _ delivery: Delivery
    ) -> rd_kafka_resp_err_t {
        guard !isClosing.load(ordering: .acquiring) else { return RD_KAFKA_RESP_ERR__DESTROY }
        guard let headers = rd_kafka_headers_new(3) else { return RD_KAFKA_RESP_ERR__QUEUE_FULL }
        add(MessageFormat.versionHeader, [MessageFormat.version], headers)
        if let key {
            add(MessageFormat.keyHeader, key, headers)
            add(MessageFormat.partHeader, Array(String(message.part).utf8), headers)
        }
        let opaque = Unmanaged.passRetained(delivery)
        let result = message.payload.withUnsafeBytes { payload in
            fleetscore_kafka_produce(
                handle.pointer,
                topic,
                Int32(clamping: message.partition),
                payload.baseAddress,
                payload.count,
                time.microseconds / 1000,
                headers,
                opaque.toOpaque()
            )
        }
        if result != RD_KAFKA_RESP_ERR_NO_ERROR {
            opaque.release()
            rd_kafka_headers_destroy(headers)
        }
        return result
    }

    private func add(_ name: String, _ value: [UInt8], _ headers: OpaquePointer) {
        value.withUnsafeBytes {
            _ = rd_kafka_header_add(headers, name, -1, $0.baseAddress, $0.count)
        }
    }

    /// Answers what is pending, at most until the delivery timeout, and ends.
    func close() async {
        isClosing.store(true, ordering: .releasing)
        try? await thread.run {}
        thread.stop()
    }

    /// Ends in the background: what is pending fails by its timeout at the latest.
    func retire() {
        isClosing.store(true, ordering: .releasing)
        thread.stop()
    }

    private func poll() {
        while !isClosing.load(ordering: .acquiring) { rd_kafka_poll(handle.pointer, 100) }
        // Every message has a timeout, so this ends.
        while rd_kafka_outq_len(handle.pointer) > 0 { rd_kafka_poll(handle.pointer, 20) }
        rd_kafka_topic_destroy(topic)
        handle.destroy()
    }
}

/// Called for every message that was acknowledged or given up.
func kafkaDidDeliver(
    _ handle: OpaquePointer?,
    _ message: UnsafePointer<rd_kafka_message_t>?,
    _ opaque: UnsafeMutableRawPointer?
) {
    guard let message = message?.pointee, let pending = message._private else { return }
    let delivery = Unmanaged<Delivery>.fromOpaque(pending).takeRetainedValue()
    if message.err == RD_KAFKA_RESP_ERR_NO_ERROR {
        delivery.acknowledged(Int(message.partition), message.offset)
        delivery.finish(failure: nil)
    } else {
        delivery.finish(failure: message.err)
    }
}
