import CRdKafka
import Core
import EventLog
import Logging

/// What reading the topic needs to know of others.
struct FetchContext: Sendable {
    let board: KafkaBoard
    let logger: Logger
    let wallClock: any WallClock
    let decodeForeign: ForeignDecoder?
    let reject: @Sendable ([KafkaReject]) -> Void
}

/// Reads partitions, each from the offset it is asked for.
///
/// The library fetches ahead into a bounded queue per partition and stops when it is full; nothing
/// is fetched of partitions that nobody reads.
///
/// - Concurrency: one thread calls everything; no call waits for brokers longer than two seconds.
// SAFETY: all state is touched on the log's reading thread only.
final class KafkaFetcher: @unchecked Sendable {
    /// How far a partition is read.
    struct Cursor {
        /// Messages come from its queue, which this is; nil when it is stopped.
        var queue: OpaquePointer?
        /// The next offset that can come out of the queue.
        var position: Int64 = 0
        /// Messages before it are only looked at for the batches they are of.
        var wanted: Int64 = 0
        /// Taken out of the queue but too much for its read.
        var stash: UnsafeMutablePointer<rd_kafka_message_t>?
        var repeats: RepeatWindow
        /// What held up reading last, so that it is said once.
        var problem: rd_kafka_resp_err_t?
        /// The end was reached once since the start, so that nothing old is on its way.
        var hasReachedEnd = false

        /// Where a read must go on so that nothing is fetched again.
        var resume: Int64 { max(position, wanted) }
    }

    /// What a read gave.
    struct Result: Sendable {
        var frames: [LogFrame] = []
        /// More is known to be there and on its way.
        var isBehind = false
    }

    let topicView: KafkaTopic
    let settings: KafkaSettings
    let context: FetchContext
    let topic: OpaquePointer
    var cursors: [Cursor]
    var decoder: MessageDecoder
    private var rotation = 0
    var rejects: [KafkaReject] = []
    /// Brokers were asked for the limits in this read, which is enough when they do not answer.
    private var hasRefreshed = false
    private var isClosed = false
    /// Partitions whose wanted offset lies beyond the end, so that it is said once.
    private var beyondEnd: Set<Int> = []
    /// One a partition; the library holds pointers to them until it is gone.
    private let wakes: [PartitionWake]

    private var handle: KafkaHandle { topicView.handle }

    init(_ view: KafkaTopic, partitionCount: Int, context: FetchContext) throws {
        guard let topic = rd_kafka_topic_new(view.handle.pointer, view.settings.topic, nil) else {
            throw KafkaError.error(
                rd_kafka_last_error(),
                "cannot read the kafka topic \"\(view.settings.topic)\""
            )
        }
        topicView = view
        settings = view.settings
        self.context = context
        self.topic = topic
        wakes = (0..<partitionCount).map { PartitionWake(context.board, $0) }
        let repeats = RepeatWindow(offsetCount: view.settings.dedupeOffsetCount)
        cursors = [Cursor](repeating: Cursor(repeats: repeats), count: partitionCount)
        decoder = MessageDecoder(
            partitionCount: partitionCount,
            checksPartition: view.settings.partitioning == .hash
        )
    }

    /// Asks brokers where all partitions begin and end; false when they do not answer.
    @discardableResult
    func refresh() -> Bool {
        guard !isClosed else { return false }
        hasRefreshed = true
        // The library's complaints are handed over here.
        rd_kafka_poll(handle.pointer, 0)
        guard let marks = topicView.watermarks(partitionCount: cursors.count) else { return false }
        context.board.update(starts: marks.starts, ends: marks.ends)
        return true
    }

    /// Frames from these offsets on; `Int64.max` wants nothing.
    ///
    /// - Throws: `.dataLoss` when an offset is no longer retained.
    func read(from offsets: [Int64], eventCountMax: Int) throws -> Result {
        var result = Result()
        var wanted: [Int] = []
        for partition in cursors.indices {
            if offsets[partition] != .max, context.board.owns(partition) {
                wanted.append(partition)
            } else if cursors[partition].queue != nil, !context.board.owns(partition) {
                stop(partition)
            }
        }
        guard !isClosed else { throw KafkaLog.closed }
        rd_kafka_poll(handle.pointer, 0)
        hasRefreshed = false
        rotation &+= 1
        if !wanted.isEmpty {
            let middle = rotation % wanted.count
            wanted = Array(wanted[middle...] + wanted[..<middle])
        }
        defer { report() }
        var left = max(1, eventCountMax)
        for (index, partition) in wanted.enumerated() {
            guard try place(partition, at: offsets[partition], &result) else { continue }
            let share = max(1, left / (wanted.count - index))
            let frames = try take(partition, eventCountMax: share, isFirst: result.frames.isEmpty)
            left -= frames.eventCount
            result.frames += frames.frames
            let cursor = cursors[partition]
            if cursor.stash != nil || !cursor.hasReachedEnd
                || cursor.resume < context.board.ends[partition]
            {
                result.isBehind = true
            }
            if left <= 0 { break }
        }
        return result
    }

    deinit { close() }

    /// Stops everything and lets go of the client; the second time it does nothing.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        for partition in cursors.indices { stop(partition) }
        rd_kafka_topic_destroy(topic)
        handle.destroy()
    }

    // MARK: Placing

    /// Makes a partition's queue continue at an offset; false when it cannot now.
    private func place(_ partition: Int, at offset: Int64, _ result: inout Result) throws -> Bool {
        let start = context.board.starts[partition]
        guard offset >= 0, offset >= start else { throw Self.lost(partition, offset, start) }
        let cursor = cursors[partition]
        if cursor.queue != nil {
            if cursor.resume == offset { return true }
            // A little further on, reading over it is quicker than fetching anew.
            if cursor.resume < offset, offset - cursor.resume <= 1000 {
                cursors[partition].wanted = offset
                return true
            }
            stop(partition)
        }
        let isUnknown = offset > context.board.ends[partition] || !context.board.hasLimits
        if isUnknown, !hasRefreshed { refresh() }
        guard context.board.hasLimits else {
            result.isBehind = true
            return false
        }
        let limits = (context.board.starts[partition], context.board.ends[partition])
        guard offset >= limits.0 else { throw Self.lost(partition, offset, limits.0) }
        guard offset <= limits.1 else {
            warnBeyondEnd(partition, offset, limits.1)
            return false
        }
        beyondEnd.remove(partition)
        return begin(partition, at: offset, start: limits.0)
    }

    private func begin(_ partition: Int, at offset: Int64, start: Int64) -> Bool {
        let first = max(start, offset - Int64(settings.dedupeOffsetCount))
        let id = Int32(clamping: partition)
        guard rd_kafka_consume_start(topic, id, first) == 0,
            let queue = rd_kafka_queue_get_partition(handle.pointer, settings.topic, id)
        else {
            context.logger.warning(
                "a partition cannot be read",
                metadata: [
                    "kafka.partition": "\(partition)",
                    "error": "\(KafkaError.text(rd_kafka_last_error()))",
                ]
            )
            return false
        }
        let wake = Unmanaged.passUnretained(wakes[partition])
        rd_kafka_queue_cb_event_enable(queue, kafkaHasMessages, wake.toOpaque())
        cursors[partition].queue = queue
        cursors[partition].position = first
        cursors[partition].wanted = offset
        cursors[partition].hasReachedEnd = false
        cursors[partition].repeats = RepeatWindow(offsetCount: settings.dedupeOffsetCount)
        return true
    }

    func stop(_ partition: Int) {
        if let stash = cursors[partition].stash { rd_kafka_message_destroy(stash) }
        cursors[partition].stash = nil
        guard let queue = cursors[partition].queue else { return }
        rd_kafka_queue_cb_event_enable(queue, nil, nil)
        rd_kafka_queue_destroy(queue)
        rd_kafka_consume_stop(topic, Int32(clamping: partition))
        cursors[partition].queue = nil
        context.board.setHasMessages(false, partition)
    }

    private func warnBeyondEnd(_ partition: Int, _ offset: Int64, _ end: Int64) {
        guard offset - end > 0, beyondEnd.insert(partition).inserted else { return }
        context.logger.warning(
            "reading should go on beyond the end of a partition; was the topic made again?",
            metadata: [
                "kafka.topic": "\(settings.topic)", "kafka.partition": "\(partition)",
                "kafka.offset": "\(offset)", "kafka.end": "\(end)",
            ]
        )
    }

    static func lost(_ partition: Int, _ offset: Int64, _ start: Int64) -> FleetError {
        FleetError(
            .dataLoss,
            "offset \(offset) of partition \(partition) is no longer retained; the oldest is "
                + "\(start)",
            hint: "raise the retention of the kafka topic, or rebuild from captured data"
        )
    }
}
