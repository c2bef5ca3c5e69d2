import CRdKafka
import Core
import EventLog
import Logging

// What comes out of the queue of a partition: the log's own messages, those of others, problems.
extension KafkaFetcher {
    func take(
        _ partition: Int,
        eventCountMax: Int,
        isFirst: Bool
    ) throws -> (frames: [LogFrame], eventCount: Int) {
        var frames = PartitionFrames(partition: partition, start: cursors[partition].resume)
        context.board.setHasMessages(false, partition)
        while frames.eventCount < eventCountMax {
            guard let message = next(partition) else { break }
            if message.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR {
                defer { rd_kafka_message_destroy(message) }
                guard try handleProblem(message.pointee, partition, &frames) else { break }
                continue
            }
            let room = eventCountMax - frames.eventCount
            let mayOverflow = isFirst && frames.isEmpty
            if !mayOverflow, Self.eventCount(message) > room {
                cursors[partition].stash = message
                break
            }
            defer { rd_kafka_message_destroy(message) }
            take(message.pointee, message, partition, &frames)
        }
        if frames.eventCount >= eventCountMax || cursors[partition].stash != nil {
            context.board.setHasMessages(true, partition)
        }
        let eventCount = frames.eventCount
        return (frames.finish(time: context.wallClock.now), eventCount)
    }

    private func next(_ partition: Int) -> UnsafeMutablePointer<rd_kafka_message_t>? {
        if let stash = cursors[partition].stash {
            cursors[partition].stash = nil
            return stash
        }
        return rd_kafka_consume(topic, Int32(clamping: partition), 0)
    }

    /// The events a message of the log says it has, 1 for any other.
    private static func eventCount(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> Int {
        guard MessageHeaders(message).isOwn else { return 1 }
        return MessageDecoder.eventCount(message.pointee.bytes) ?? 1
    }

    private func take(
        _ message: rd_kafka_message_t,
        _ pointer: UnsafeMutablePointer<rd_kafka_message_t>,
        _ partition: Int,
        _ frames: inout PartitionFrames
    ) {
        let offset = message.offset
        guard offset >= cursors[partition].position else { return }
        cursors[partition].position = offset + 1
        cursors[partition].problem = nil
        let headers = MessageHeaders(pointer)
        let isRepeat =
            headers.batchPart.map { cursors[partition].repeats.isRepeat($0, at: offset) } ?? false
        guard offset >= cursors[partition].wanted else { return }
        guard !isRepeat else { return frames.skip(through: offset) }
        frames.skip(to: offset)
        let time = time(of: pointer)
        if headers.isOwn {
            takeOwn(message, time, partition, &frames)
        } else {
            let milliseconds = rd_kafka_message_timestamp(pointer, nil)
            let said = ForeignMessage.time(milliseconds: milliseconds, offset: offset)
            takeForeign(message, time, said, partition, &frames)
        }
    }

    private func takeOwn(
        _ message: rd_kafka_message_t,
        _ time: Timestamp,
        _ partition: Int,
        _ frames: inout PartitionFrames
    ) {
        switch decoder.decode(message.bytes, partition: partition) {
        case .events(let batch, let misplaced):
            if let misplaced { note(misplaced, message, time) }
            if batch.isEmpty {
                frames.skip(through: message.offset)
            } else {
                frames.add(.events(batch), at: message.offset, time: time)
            }
        case .control(let record):
            frames.add(record, at: message.offset, time: time)
        case .damaged:
            note(ForeignReject(reason: KafkaReject.damaged, sample: ""), message, time)
            frames.skip(through: message.offset)
        }
    }

    private func takeForeign(
        _ message: rd_kafka_message_t,
        _ time: Timestamp,
        _ said: Timestamp?,
        _ partition: Int,
        _ frames: inout PartitionFrames
    ) {
        guard let decode = context.decodeForeign else {
            let sample = String(decoding: message.bytes.prefix(200), as: UTF8.self)
            note(ForeignReject(reason: KafkaReject.unknownFormat, sample: sample), message, time)
            return frames.skip(through: message.offset)
        }
        let count = cursors.count
        let belongs: ((SeriesKey) -> Bool)? =
            settings.partitioning == .hash ? { $0.partition(of: count) == partition } : nil
        let found = frames.take(at: message.offset, time: time, belongs: belongs) { events in
            decode(
                ForeignMessage(value: message.bytes, key: message.keyBytes, time: said),
                &events
            )
        }
        for reject in found { note(reject, message, time) }
    }

    /// Deals with an event of the queue that is no message; false ends this read of the partition.
    private func handleProblem(
        _ message: rd_kafka_message_t,
        _ partition: Int,
        _ frames: inout PartitionFrames
    ) throws -> Bool {
        switch message.err {
        case RD_KAFKA_RESP_ERR__PARTITION_EOF:
            cursors[partition].hasReachedEnd = true
            // Offsets up to here may hold markers of transactions, which are never delivered.
            cursors[partition].position = max(cursors[partition].position, message.offset)
            if message.offset >= cursors[partition].wanted { frames.skip(to: message.offset) }
            context.board.extend(partition, to: message.offset)
            return true
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
            let offset = cursors[partition].resume
            stop(partition)
            refresh()
            let start = context.board.starts[partition]
            if frames.isEmpty, offset < start { throw Self.lost(partition, offset, start) }
            return false
        case cursors[partition].problem:
            return true
        default:
            cursors[partition].problem = message.err
            context.logger.warning(
                "reading a partition is held up",
                metadata: [
                    "kafka.partition": "\(partition)",
                    "error": "\(KafkaError.text(message.err))",
                ]
            )
            return true
        }
    }

    /// When a message was appended; never in the future, whatever its producer says.
    private func time(of message: UnsafeMutablePointer<rd_kafka_message_t>) -> Timestamp {
        let now = context.wallClock.now
        let (time, overflow) = rd_kafka_message_timestamp(message, nil)
            .multipliedReportingOverflow(by: 1000)
        guard !overflow, time >= 0 else { return now }
        return min(now, Timestamp(microseconds: time))
    }

    private func note(_ reject: ForeignReject, _ message: rd_kafka_message_t, _ time: Timestamp) {
        // Bounded: a read of rejects alone hands them over in pieces.
        if rejects.count >= 10_000 { report() }
        rejects.append(
            KafkaReject(
                partition: Int(message.partition),
                offset: message.offset,
                time: time,
                reject: reject
            )
        )
    }

    func report() {
        guard !rejects.isEmpty else { return }
        context.reject(rejects)
        rejects = []
    }
}
