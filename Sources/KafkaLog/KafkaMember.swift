import CRdKafka
import Core
import Disk
import Logging
import Synchronization

/// The process's membership in the consumer group: it learns which partitions are ours.
///
/// It fetches nothing, and offsets are committed only so that tools can show how far the group is;
/// reading goes on from the checkpoints of the window store. It works with cooperative assignors
/// (partitions that stay are not disturbed) and with eager ones, which take all partitions from all
/// members before they give them anew.
///
/// - Concurrency: any task; the group is polled on a thread of its own, so that a slow reader never
///   loses its membership.
// SAFETY: the client is thread-safe; the rest is immutable or atomic.
final class KafkaMember: @unchecked Sendable {
    private let settings: KafkaSettings
    private let handle: KafkaHandle
    private let thread: BlockingThread
    private let isClosing = Atomic<Bool>(false)

    /// Joins the group.
    init(_ settings: KafkaSettings, events: KafkaEvents) throws {
        self.settings = settings
        handle = try KafkaHandle(RD_KAFKA_CONSUMER, .member(settings), events: events)
        thread = try BlockingThread(name: "kafka group")
        rd_kafka_poll_set_consumer(handle.pointer)
        guard let topics = rd_kafka_topic_partition_list_new(1) else {
            throw FleetError(.resourceExhausted, "the kafka client has no memory to join a group")
        }
        defer { rd_kafka_topic_partition_list_destroy(topics) }
        rd_kafka_topic_partition_list_add(topics, settings.topic, -1)
        let result = rd_kafka_subscribe(handle.pointer, topics)
        guard result == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw KafkaError.error(result, "cannot join the kafka group \"\(settings.group)\"")
        }
        thread.enqueue { [self] in poll() }
    }

    /// Tells brokers how far partitions are read, for tools that show lag; does not wait.
    func commit(_ offsets: [(partition: Int, offset: Int64)]) {
        guard !offsets.isEmpty, !isClosing.load(ordering: .acquiring),
            let list = rd_kafka_topic_partition_list_new(Int32(clamping: offsets.count))
        else { return }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for (partition, offset) in offsets {
            let item = rd_kafka_topic_partition_list_add(
                list,
                settings.topic,
                Int32(clamping: partition)
            )
            item?.pointee.offset = offset
        }
        rd_kafka_commit(handle.pointer, list, 1)
    }

    /// Leaves the group, so that others take over at once.
    func close() async {
        isClosing.store(true, ordering: .releasing)
        try? await thread.run { [self] in handle.destroy() }
        thread.stop()
    }

    /// Leaves the group in the background.
    func retire() {
        isClosing.store(true, ordering: .releasing)
        thread.enqueue { [handle] in handle.destroy() }
        thread.stop()
    }

    private func poll() {
        while !isClosing.load(ordering: .acquiring) {
            guard let message = rd_kafka_consumer_poll(handle.pointer, 100) else { continue }
            let code = message.pointee.err
            if code != RD_KAFKA_RESP_ERR_NO_ERROR {
                handle.events.logger.warning(
                    "the kafka group has a problem",
                    metadata: [
                        "kafka.group": "\(settings.group)", "error": "\(KafkaError.text(code))",
                    ]
                )
            }
            rd_kafka_message_destroy(message)
        }
        rd_kafka_consumer_close(handle.pointer)
    }
}

/// Called on the polling thread when the group gives or takes partitions.
///
/// The library is always told that we fetch nothing: the fetcher, another client, does that from
/// the offsets of the checkpoints.
func kafkaDidRebalance(
    _ handle: OpaquePointer?,
    _ code: rd_kafka_resp_err_t,
    _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?,
    _ opaque: UnsafeMutableRawPointer?
) {
    guard let handle, let opaque, let partitions,
        let nothing = rd_kafka_topic_partition_list_new(0)
    else { return }
    defer { rd_kafka_topic_partition_list_destroy(nothing) }
    let events = Unmanaged<KafkaEvents>.fromOpaque(opaque).takeUnretainedValue()
    let list = partitions.pointee
    let numbers = UnsafeBufferPointer(start: list.elems, count: Int(list.cnt)).map {
        Int($0.partition)
    }
    let isGiven = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS
    let isCooperative =
        rd_kafka_rebalance_protocol(handle).map { String(cString: $0) == "COOPERATIVE" } ?? false
    if isCooperative {
        events.rebalanced(isGiven ? .given(numbers) : .taken(numbers))
        let error =
            isGiven
            ? rd_kafka_incremental_assign(handle, nothing)
            : rd_kafka_incremental_unassign(handle, nothing)
        if let error {
            events.logger.warning(
                "the kafka group could not be answered",
                metadata: ["error": "\(String(cString: rd_kafka_error_string(error)))"]
            )
            rd_kafka_error_destroy(error)
        }
    } else {
        events.rebalanced(.all(isGiven ? numbers : []))
        rd_kafka_assign(handle, isGiven ? nothing : nil)
    }
}
