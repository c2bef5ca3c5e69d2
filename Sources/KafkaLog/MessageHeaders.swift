import CRdKafka
import Core

/// The headers of a message that the log itself uses.
struct MessageHeaders {
    /// The message is in the log's own format.
    let isOwn: Bool
    /// Which part of which batch it is; nil when the batch had no key.
    let batchPart: BatchPart?

    init(_ message: UnsafeMutablePointer<rd_kafka_message_t>) {
        var headers: OpaquePointer?
        guard rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR,
            let headers, let version = Self.value(MessageFormat.versionHeader, headers),
            version.elementsEqual(CollectionOfOne(MessageFormat.version))
        else {
            isOwn = false
            batchPart = nil
            return
        }
        isOwn = true
        guard let key = Self.value(MessageFormat.keyHeader, headers), !key.isEmpty,
            key.count <= 256, let part = Self.value(MessageFormat.partHeader, headers),
            let number = Int(String(decoding: part.prefix(20), as: UTF8.self))
        else {
            batchPart = nil
            return
        }
        batchPart = BatchPart(key: Array(key), part: number)
    }

    private static func value(
        _ name: String,
        _ headers: OpaquePointer
    ) -> UnsafeRawBufferPointer? {
        var value: UnsafeRawPointer?
        var count = 0
        guard
            rd_kafka_header_get_last(headers, name, &value, &count) == RD_KAFKA_RESP_ERR_NO_ERROR
        else { return nil }
        return UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : count)
    }
}

extension rd_kafka_message_t {
    /// The payload; valid until the message is destroyed.
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: payload, count: payload == nil ? 0 : len)
    }

    /// The key; valid until the message is destroyed.
    var keyBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: key, count: key == nil ? 0 : key_len)
    }
}

/// Which partition's queue got messages.
final class PartitionWake: Sendable {
    private let board: KafkaBoard
    private let partition: Int

    init(_ board: KafkaBoard, _ partition: Int) {
        self.board = board
        self.partition = partition
    }

    func wake() { board.setHasMessages(true, partition) }
}

/// Called by the library when a queue is no longer empty.
func kafkaHasMessages(_ handle: OpaquePointer?, _ opaque: UnsafeMutableRawPointer?) {
    guard let opaque else { return }
    Unmanaged<PartitionWake>.fromOpaque(opaque).takeUnretainedValue().wake()
}
