import CRdKafka

/// How far a group says it is, as any tool would ask.
enum CommittedOffsets {
    /// One offset a partition; nil where the group committed none.
    static func read(
        _ address: String,
        _ topic: String,
        group: String,
        partitionCount: Int
    ) throws -> [Int64?] {
        let configuration = rd_kafka_conf_new()
        rd_kafka_conf_set(configuration, "bootstrap.servers", address, nil, 0)
        rd_kafka_conf_set(configuration, "group.id", group, nil, 0)
        guard let handle = rd_kafka_new(RD_KAFKA_CONSUMER, configuration, nil, 0),
            let list = rd_kafka_topic_partition_list_new(Int32(partitionCount))
        else { throw BrokerProblem(description: "no consumer") }
        defer {
            rd_kafka_topic_partition_list_destroy(list)
            rd_kafka_destroy(handle)
        }
        for partition in 0..<partitionCount {
            rd_kafka_topic_partition_list_add(list, topic, Int32(partition))
        }
        let result = rd_kafka_committed(handle, list, 10_000)
        guard result == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw BrokerProblem(description: "committed: \(result.rawValue)")
        }
        return UnsafeBufferPointer(start: list.pointee.elems, count: partitionCount).map {
            $0.offset < 0 ? nil : $0.offset
        }
    }
}
