import CRdKafka
import Core
import KafkaLog

/// Another program that writes to the topic in formats of its own.
// SAFETY: used by one test at a time.
final class ForeignProducer: @unchecked Sendable {
    private let handle: OpaquePointer
    private let topic: OpaquePointer

    init(_ address: String, _ name: String) throws {
        let configuration = rd_kafka_conf_new()
        rd_kafka_conf_set(configuration, "bootstrap.servers", address, nil, 0)
        guard let handle = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, nil, 0),
            let topic = rd_kafka_topic_new(handle, name, nil)
        else { throw BrokerProblem(description: "no producer") }
        self.handle = handle
        self.topic = topic
    }

    deinit {
        rd_kafka_topic_destroy(topic)
        rd_kafka_destroy(handle)
    }

    /// Writes messages to a partition and waits until they are there.
    func send(
        _ messages: [String],
        partition: Int,
        headers: [(String, String)] = [],
        time: Timestamp = Timestamp(seconds: 1)
    ) throws {
        for message in messages {
            let list = rd_kafka_headers_new(headers.count)
            for (name, value) in headers { rd_kafka_header_add(list, name, -1, value, -1) }
            let result = Array(message.utf8).withUnsafeBytes {
                fleetscore_kafka_produce(
                    handle,
                    topic,
                    Int32(partition),
                    $0.baseAddress,
                    $0.count,
                    time.microseconds / 1000,
                    list,
                    nil
                )
            }
            guard result == RD_KAFKA_RESP_ERR_NO_ERROR else {
                throw BrokerProblem(description: "produce: \(result.rawValue)")
            }
        }
        guard rd_kafka_flush(handle, 10_000) == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw BrokerProblem(description: "the messages were not taken")
        }
    }
}
