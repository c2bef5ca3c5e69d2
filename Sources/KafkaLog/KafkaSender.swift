import CRdKafka
import Core
import EventLog
import Logging
import Synchronization

/// The appending half of the log: cuts batches into messages and sees that keys count once.
///
/// - Concurrency: any task; what is pending is bounded by events here and by bytes in the client.
final class KafkaSender: Sendable {
    private typealias Waiting = CheckedContinuation<AppendReceipt?, any Error>

    private struct State {
        var pendingEventCount = 0
        var isClosed = false
        var keys = KeyAnswers(countMax: 200_000)
        /// Appends that wait for the first append of the same key.
        var pendingKeys: [[UInt8]: [Waiting]] = [:]
    }

    private let settings: KafkaSettings
    private let partitionCount: Int
    private let pendingEventCountMax: Int
    private let events: KafkaEvents
    private let acknowledged: @Sendable (Int, Int64) -> Void
    private let producer: Mutex<KafkaProducer>
    private let state = Mutex(State())

    /// Starts the producer; `acknowledged` gets partition and offset of every durable message.
    init(
        _ settings: KafkaSettings,
        partitionCount: Int,
        pendingEventCountMax: Int,
        logger: Logger,
        acknowledged: @escaping @Sendable (Int, Int64) -> Void
    ) throws {
        self.settings = settings
        self.partitionCount = partitionCount
        self.pendingEventCountMax = pendingEventCountMax
        self.acknowledged = acknowledged
        events = KafkaEvents(logger: logger)
        producer = Mutex(try KafkaProducer(settings, events: events))
    }

    deinit { producer.withLock { $0 }.retire() }

    /// Appends a batch; returns when all of it is acknowledged.
    func append(
        _ batch: EventBatch,
        idempotencyKey: String?,
        time: Timestamp
    ) async throws -> AppendReceipt {
        let key = try idempotencyKey.map(Self.check)
        guard batch.count <= pendingEventCountMax else {
            throw FleetError(
                .invalidArgument,
                "a batch of \(batch.count) events is above the \(pendingEventCountMax) that may "
                    + "be pending",
                hint: "send smaller batches"
            )
        }
        if let receipt = try await admit(batch.count, key) { return receipt }
        do {
            let messages = try await Self.encode(batch, partitionCount)
            try await send(messages, key: key, time: time)
        } catch {
            finish(batch.count, key, .failure(error))
            throw error
        }
        finish(batch.count, key, .success(batch.count))
        return AppendReceipt(accepted: batch.count, isDuplicate: false)
    }

    /// Appends a control record to a partition.
    func append(control: LogRecord, partition: Int, time: Timestamp) async throws {
        guard (0..<partitionCount).contains(partition) else {
            throw FleetError(
                .invalidArgument,
                "there is no partition \(partition): the event log has \(partitionCount)"
            )
        }
        let payload = try MessageFormat.encode(control: control, partition: partition)
        try state.withLock { if $0.isClosed { throw KafkaLog.closed } }
        let message = EncodedMessage(
            partition: partition,
            part: 0,
            eventCount: 0,
            payload: payload
        )
        try await send([message], key: nil, time: time)
    }

    /// Refuses new appends and waits for those that are pending.
    func close() async {
        state.withLock { $0.isClosed = true }
        await producer.withLock { $0 }.close()
    }

    private static func check(_ key: String) throws -> [UInt8] {
        let bytes = Array(key.utf8)
        guard (1...256).contains(bytes.count) else {
            throw FleetError(
                .invalidArgument,
                "an idempotency key of \(bytes.count) bytes is not allowed",
                hint: "use 1 to 256 bytes"
            )
        }
        return bytes
    }

    /// Encoding is work for the processor, so it never runs on the caller's actor.
    @concurrent
    private static func encode(
        _ batch: EventBatch,
        _ partitionCount: Int
    ) async throws -> [EncodedMessage] {
        try MessageEncoder.messages(of: batch, partitionCount: partitionCount)
    }

    /// Counts the events as pending; returns the answer when the key is known.
    private func admit(_ count: Int, _ key: [UInt8]?) async throws -> AppendReceipt? {
        try await withCheckedThrowingContinuation { continuation in
            let answer: Result<AppendReceipt?, any Error>? = state.withLock { state in
                if state.isClosed { return .failure(KafkaLog.closed) }
                if let key {
                    if let known = state.keys[key] {
                        return .success(AppendReceipt(accepted: known, isDuplicate: true))
                    }
                    if state.pendingKeys[key] != nil {
                        state.pendingKeys[key, default: []].append(continuation)
                        return nil
                    }
                }
                guard state.pendingEventCount + count <= pendingEventCountMax else {
                    return .failure(
                        FleetError(
                            .resourceExhausted,
                            "\(state.pendingEventCount) events are waiting to be acknowledged",
                            hint: "send again later or send less"
                        )
                    )
                }
                if let key { state.pendingKeys[key] = [] }
                state.pendingEventCount += count
                return .success(nil)
            }
            if let answer { continuation.resume(with: answer) }
        }
    }

    /// Takes note of how an append ended and answers those that wait for its key.
    private func finish(_ count: Int, _ key: [UInt8]?, _ result: Result<Int, any Error>) {
        let waiting = state.withLock { state in
            state.pendingEventCount -= count
            guard let key else { return [Waiting]() }
            if case .success(let accepted) = result { state.keys.remember(key, accepted) }
            return state.pendingKeys.removeValue(forKey: key) ?? []
        }
        for continuation in waiting {
            continuation.resume(
                with: result.map { AppendReceipt(accepted: $0, isDuplicate: true) }
            )
        }
    }

    private func send(
        _ messages: [EncodedMessage],
        key: [UInt8]?,
        time: Timestamp
    ) async throws {
        let producer = try working()
        let failure = await producer.send(
            messages,
            key: key,
            time: time,
            acknowledged: acknowledged
        )
        guard let failure else { return }
        throw KafkaError.error(
            failure,
            "cannot append to the kafka topic \"\(settings.topic)\"",
            events: producer.handle.events
        )
    }

    /// The producer, replaced when the library gave it up.
    private func working() throws -> KafkaProducer {
        try producer.withLock { producer in
            guard producer.isBroken else { return producer }
            let old = producer
            producer = try KafkaProducer(settings, events: events)
            old.retire()
            events.logger.warning("the kafka producer was replaced after a fatal error")
            return producer
        }
    }
}

/// The newest idempotency keys of this process with the count each was answered with.
struct KeyAnswers: Sendable {
    private let countMax: Int
    private var counts: [[UInt8]: Int] = [:]
    /// The keys in order of arrival, as a ring once it is full.
    private var ring: [[UInt8]] = []
    private var oldest = 0

    init(countMax: Int) {
        self.countMax = max(1, countMax)
    }

    subscript(key: [UInt8]) -> Int? { counts[key] }

    /// Remembers a key, forgetting the oldest when full; a known key keeps its first count.
    mutating func remember(_ key: [UInt8], _ count: Int) {
        guard counts[key] == nil else { return }
        counts[key] = count
        if ring.count < countMax {
            ring.append(key)
            return
        }
        counts[ring[oldest]] = nil
        ring[oldest] = key
        oldest = (oldest + 1) % countMax
    }
}
