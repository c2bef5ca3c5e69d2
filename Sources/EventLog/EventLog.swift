package import Core

/// What a frame of the log carries.
package enum LogRecord: Sendable {
    /// Events of one partition, in order; none when everything before the end was skipped.
    case events(EventBatch)
    /// The same, of series that the process calls by numbers.
    case numbered(NumberedEvents)
    /// The partition was idle: every window that ends at or before the time closes.
    case idle(until: Timestamp)
    /// The sender has sent all of a historic data set: every open window closes.
    case complete
}

/// One entry of a partition, in log order; a control record takes one offset.
///
/// When the frame takes as many offsets as it has events, the offset of event i is
/// `baseOffset + i`. Else it is one message of a broker: all of it has one offset and it is never
/// cut.
package struct LogFrame: Sendable {
    package let partition: Int
    package let baseOffset: Int64
    /// The offset after this frame; reading goes on there.
    package internal(set) var endOffset: Int64
    /// When the log took it, by the server's clock.
    package let appendedAt: Timestamp
    package internal(set) var record: LogRecord

    /// A frame; without an end each event, or the control record, takes one offset.
    package init(
        partition: Int,
        baseOffset: Int64,
        endOffset: Int64? = nil,
        appendedAt: Timestamp,
        record: LogRecord
    ) {
        self.partition = partition
        self.baseOffset = baseOffset
        self.endOffset = endOffset ?? baseOffset + Int64(record.offsetCount)
        self.appendedAt = appendedAt
        self.record = record
    }

    /// Whether event i has the offset `baseOffset + i`, so that the frame can be cut.
    package var hasOffsetPerEvent: Bool {
        endOffset - baseOffset == Int64(record.offsetCount)
    }
}

extension LogRecord {
    /// Its events by name; nil for a control record.
    package var events: EventBatch? {
        switch self {
        case .events(let batch): batch
        case .numbered(let batch): batch.named()
        case .idle, .complete: nil
        }
    }

    /// Offsets it takes where each event has its own.
    fileprivate var offsetCount: Int {
        switch self {
        case .events(let batch): batch.count
        case .numbered(let batch): batch.count
        case .idle, .complete: 1
        }
    }
}

/// The partitions this process reads, and a number that grows whenever they change.
package struct LogAssignment: Sendable, Equatable {
    package let generation: Int
    /// In ascending order.
    package let partitions: [Int]

    package init(generation: Int, partitions: [Int]) {
        self.generation = generation
        self.partitions = partitions
    }
}

/// What an append did.
package struct AppendReceipt: Sendable, Equatable {
    /// Events that are durable now because of this call.
    package let accepted: Int
    /// Whether the idempotency key was known, so that nothing was appended again.
    package let isDuplicate: Bool

    package init(accepted: Int, isDuplicate: Bool) {
        self.accepted = accepted
        self.isDuplicate = isDuplicate
    }
}

/// The durable, partitioned, ordered log that accepted events are appended to.
///
/// Partition of an event: `SeriesKey.partition(of: partitionCount)`. Offsets of a partition start
/// at 0 and have no gaps, unless ``EventLog/offsetsHaveGaps``. Delivery: what `append`
/// acknowledged survives a power loss; what it did not acknowledge may or may not be there. An
/// idempotency key is remembered for the log's retention, across restarts: appending it again
/// appends nothing and answers the first count. A broker's log remembers it for a number of
/// offsets instead, and readers drop what was appended again.
package protocol EventLog: Sendable {
    /// Fixed for the life of the log.
    var partitionCount: Int { get }

    /// Whether a frame may begin beyond the offset that was asked for, with nothing between.
    var offsetsHaveGaps: Bool { get }

    /// The partitions that this process reads now; a wait returns when they change.
    ///
    /// Who reads for windows drops the partitions that are gone, loads the checkpoints of new ones,
    /// and reads on. Nothing keeps an owner that was replaced from reading a little longer: the
    /// store refuses its commits.
    func assignment() async -> LogAssignment

    /// Appends events and returns after they are durable.
    ///
    /// - Throws: `.resourceExhausted` when too much is pending or the disk is full; `.unavailable`
    ///   after close or after an earlier write error left the log read-only.
    func append(_ events: EventBatch, idempotencyKey: String?) async throws -> AppendReceipt

    /// Appends events of series with numbers of this process.
    func append(_ events: NumberedEvents, idempotencyKey: String?) async throws -> AppendReceipt

    /// Whether a batch with this key was appended, as far as this process can tell.
    ///
    /// A broker's log cannot tell and answers no.
    func knows(idempotencyKey: String) async throws -> Bool

    /// Appends a control record (`idle` or `complete`) to a partition, durably.
    func append(control: LogRecord, partition: Int) async throws

    /// Reads durable frames in log order, each partition from its own offset.
    ///
    /// A frame that holds a requested offset is returned whole when it begins at it, else cut so
    /// that it begins there. Returns at once; empty when nothing more is durable.
    ///
    /// `offsets` holds the next offset wanted of each partition; the count is `partitionCount`.
    /// `Int64.max` wants nothing of a partition. Partitions that are not assigned give nothing.
    ///
    /// - Throws: `.dataLoss` when an offset is older than what is retained.
    func read(from offsets: [Int64], eventCountMax: Int) async throws -> [LogFrame]

    /// As ``read(from:eventCountMax:)``, but frames of events of a partition that follow each other
    /// may come as one, with the time of the first; the order of partitions is lost.
    ///
    /// For readers to whom it is all one how events are cut into batches.
    func readJoined(from offsets: [Int64], eventCountMax: Int) async throws -> [LogFrame]

    /// Returns when something beyond these offsets is durable, or after the timeout.
    ///
    /// Also returns when the assignment is no longer the one last asked for.
    func waitForAppend(beyond offsets: [Int64], timeout: Duration) async

    /// The offset after the last durable entry of each partition.
    func endOffsets() async -> [Int64]

    /// The oldest retained offset of each partition.
    func startOffsets() async -> [Int64]

    /// Says what consumers no longer need; retention may delete sealed segments before it.
    func release(before offsets: [Int64]) async

    /// Waits for pending appends and closes files; later appends throw `.unavailable`.
    func close() async
}

extension EventLog {
    package var offsetsHaveGaps: Bool { false }

    package func append(
        _ events: NumberedEvents,
        idempotencyKey: String?
    ) async throws -> AppendReceipt {
        try await append(events.named(), idempotencyKey: idempotencyKey)
    }

    package func knows(idempotencyKey: String) async throws -> Bool { false }

    package func readJoined(
        from offsets: [Int64],
        eventCountMax: Int
    ) async throws -> [LogFrame] {
        try await read(from: offsets, eventCountMax: eventCountMax)
    }

    package func assignment() async -> LogAssignment {
        LogAssignment(generation: 0, partitions: Array(0..<partitionCount))
    }
}
