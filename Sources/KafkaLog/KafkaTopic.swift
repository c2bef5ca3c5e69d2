import CRdKafka
import Core

/// Looks at a topic and makes it when it is missing.
///
/// - Concurrency: every call blocks; never on the cooperative pool.
struct KafkaTopic {
    let handle: KafkaHandle
    let settings: KafkaSettings
    /// How long a call may take.
    let timeout: Duration

    /// The topic's partition count, after making the topic when it was missing.
    ///
    /// - Throws: `.unavailable` when no broker answers; `.conflict` when the count is another than
    ///   the settings say.
    func open() throws -> Int {
        var count = try partitionCount(listsAll: true)
        if count == nil {
            try create()
            // Brokers learn of a new topic one after another.
            for _ in 0..<50 {
                count = try partitionCount(listsAll: false)
                if count != nil { break }
                rd_kafka_poll(handle.pointer, 100)
            }
        }
        guard let count else {
            throw FleetError(
                .unavailable,
                "the kafka topic \"\(settings.topic)\" was made but does not appear"
            )
        }
        guard (1...KafkaSettings.partitionCountMax).contains(count) else {
            throw FleetError(
                .unsupported,
                "the kafka topic \"\(settings.topic)\" has \(count) partitions",
                hint: "use a topic of 1 to \(KafkaSettings.partitionCountMax) partitions"
            )
        }
        if let wanted = settings.partitionCount, wanted != count {
            throw FleetError(
                .conflict,
                "the kafka topic \"\(settings.topic)\" has \(count) partitions, the settings say "
                    + "\(wanted)",
                hint: "series would change their partition: set \(count), or use another topic"
            )
        }
        return count
    }

    /// The topic's partitions; nil when it is not there.
    ///
    /// Asking for all topics never makes one; asking for one can, where brokers make topics.
    private func partitionCount(listsAll: Bool) throws -> Int? {
        let topic = listsAll ? nil : rd_kafka_topic_new(handle.pointer, settings.topic, nil)
        defer { if let topic { rd_kafka_topic_destroy(topic) } }
        var found: UnsafePointer<rd_kafka_metadata>?
        let result = rd_kafka_metadata(
            handle.pointer,
            listsAll ? 1 : 0,
            topic,
            &found,
            timeout.milliseconds
        )
        guard result == RD_KAFKA_RESP_ERR_NO_ERROR, let found else {
            // Hands over what the connections complained of.
            rd_kafka_poll(handle.pointer, 0)
            throw KafkaError.error(
                result,
                "cannot reach kafka at \(settings.brokers)",
                events: handle.events
            )
        }
        defer { rd_kafka_metadata_destroy(found) }
        let topics = UnsafeBufferPointer(
            start: found.pointee.topics,
            count: Int(found.pointee.topic_cnt)
        )
        for topic in topics {
            guard let name = topic.topic, String(cString: name) == settings.topic else { continue }
            switch topic.err {
            case RD_KAFKA_RESP_ERR_NO_ERROR:
                return topic.partition_cnt > 0 ? Int(topic.partition_cnt) : nil
            case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
                return nil
            default:
                throw KafkaError.error(
                    topic.err,
                    "cannot use the kafka topic \"\(settings.topic)\""
                )
            }
        }
        return nil
    }

    private func create() throws {
        var text = [CChar](repeating: 0, count: 512)
        let count = settings.partitionCount ?? KafkaSettings.newPartitionCount
        guard
            let topic = rd_kafka_NewTopic_new(
                settings.topic,
                Int32(clamping: count),
                Int32(clamping: settings.replication ?? -1),
                &text,
                text.count
            )
        else {
            throw FleetError(
                .invalidArgument,
                "the kafka topic \"\(settings.topic)\" cannot be made: \(String(cText: text))"
            )
        }
        defer { rd_kafka_NewTopic_destroy(topic) }
        guard let queue = rd_kafka_queue_new(handle.pointer) else { return }
        defer { rd_kafka_queue_destroy(queue) }
        var topics: [OpaquePointer?] = [topic]
        rd_kafka_CreateTopics(handle.pointer, &topics, 1, nil, queue)
        let event = rd_kafka_queue_poll(queue, timeout.milliseconds)
        defer { if let event { rd_kafka_event_destroy(event) } }
        guard let event, rd_kafka_event_type(event) == RD_KAFKA_EVENT_CREATETOPICS_RESULT else {
            throw FleetError(
                .unavailable,
                "making the kafka topic \"\(settings.topic)\" took longer than \(timeout)"
            )
        }
        var failure = rd_kafka_event_error(event)
        var resultCount = 0
        let result = rd_kafka_event_CreateTopics_result(event)
        if let results = rd_kafka_CreateTopics_result_topics(result, &resultCount), resultCount > 0
        {
            failure = rd_kafka_topic_result_error(results[0])
        }
        switch failure {
        case RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS:
            return
        case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
            // Then the broker makes topics that are asked for, or the next look says that it is
            // missing.
            return
        default:
            throw KafkaError.error(
                failure,
                "cannot make the kafka topic \"\(settings.topic)\" of \(count) partitions",
                events: handle.events
            )
        }
    }

    /// The first retained offset and the end of every partition; nil when brokers do not answer.
    func watermarks(partitionCount: Int) -> (starts: [Int64], ends: [Int64])? {
        guard let starts = offsets(at: Int64(RD_KAFKA_OFFSET_BEGINNING), partitionCount),
            let ends = offsets(at: Int64(RD_KAFKA_OFFSET_END), partitionCount)
        else { return nil }
        return (starts, ends)
    }

    /// Offsets of all partitions at a time, with one request a broker.
    private func offsets(at time: Int64, _ partitionCount: Int) -> [Int64]? {
        guard let list = rd_kafka_topic_partition_list_new(Int32(clamping: partitionCount)) else {
            return nil
        }
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for partition in 0..<partitionCount {
            let item = rd_kafka_topic_partition_list_add(
                list,
                settings.topic,
                Int32(clamping: partition)
            )
            item?.pointee.offset = time
        }
        let result = rd_kafka_offsets_for_times(handle.pointer, list, timeout.milliseconds)
        guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        var offsets = [Int64](repeating: -1, count: partitionCount)
        for item in UnsafeBufferPointer(start: list.pointee.elems, count: Int(list.pointee.cnt)) {
            guard item.err == RD_KAFKA_RESP_ERR_NO_ERROR, item.offset >= 0,
                offsets.indices.contains(Int(item.partition))
            else { return nil }
            offsets[Int(item.partition)] = item.offset
        }
        return offsets.contains(-1) ? nil : offsets
    }
}
