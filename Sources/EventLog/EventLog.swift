package import Core

/// What a frame of the log carries.
package enum LogRecord: Sendable {
    /// Events of one partition; the offset of event i is `baseOffset + i`.
    case events(EventBatch)
    /// The partition was idle: every window that ends at or before the time closes.
    case idle(until: Timestamp)
    /// The sender has sent all of a historic data set: every open window closes.
    case complete
}

/// One entry of a partition, in log order; a control record takes one offset.
package struct LogFrame: Sendable {
    package let partition: Int
    package let baseOffset: Int64
    /// When the log took it, by the server's clock.
    package let appendedAt: Timestamp
    package let record: LogRecord

    package init(
        partition: Int,
        baseOffset: Int64,
        appendedAt: Timestamp,
        record: LogRecord
    ) {
        self.partition = partition
        self.baseOffset = baseOffset
        self.appendedAt = appendedAt
        self.record = record
    }

    /// The offset after this frame.
    package var endOffset: Int64 {
        switch record {
        case .events(let batch): baseOffset + Int64(batch.count)
        case .idle, .complete: baseOffset + 1
        }
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
/// at 0 and have no gaps. Delivery: what `append` acknowledged survives a power loss; what it did
/// not acknowledge may or may not be there. An idempotency key is remembered for the log's
/// retention, across restarts: appending it again appends nothing and answers the first count.
package protocol EventLog: Sendable {
    /// Fixed for the life of the log.
    var partitionCount: Int { get }

    /// Appends events and returns after they are durable.
    ///
    /// - Throws: `.resourceExhausted` when too much is pending or the disk is full; `.unavailable`
    ///   after close or after an earlier write error left the log read-only.
    func append(_ events: EventBatch, idempotencyKey: String?) async throws -> AppendReceipt

    /// Appends a control record (`idle` or `complete`) to a partition, durably.
    func append(control: LogRecord, partition: Int) async throws

    /// Reads durable frames in log order, each partition from its own offset.
    ///
    /// A frame that holds a requested offset is returned whole when it begins at it, else cut so
    /// that it begins there. Returns at once; empty when nothing more is durable.
    ///
    /// `offsets` holds the next offset wanted of each partition; the count is `partitionCount`.
    ///
    /// - Throws: `.dataLoss` when an offset is older than what is retained.
    func read(from offsets: [Int64], eventCountMax: Int) async throws -> [LogFrame]

    /// Returns when something beyond these offsets is durable, or after the timeout.
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
