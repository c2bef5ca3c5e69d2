import Core

/// Everything a ``SegmentLog`` shares between its callers and its threads.
struct LogState {
    /// A record that waits to be written, with its caller.
    struct Pending {
        let record: EncodedRecord
        let eventCount: Int
        let continuation: CheckedContinuation<AppendReceipt, any Error>
    }

    typealias Waiting = CheckedContinuation<AppendReceipt, any Error>

    var queue: [Pending] = []
    var pendingEventCount = 0
    var commitIsScheduled = false
    var isClosed = false
    var keys: KeyMemory
    /// Appends that wait for the first append of the same key.
    var pendingKeys: [IdempotencyKey: [Waiting]] = [:]
    /// Oldest first; the last one is active.
    var segments: [SegmentIndex]
    var cache: TailCache
    /// What consumers no longer need.
    var released: [Int64]
    var capturedThrough: Int64
    var hint: (offsets: [Int64], place: LogPlace)?
    var writeFailure: FleetError?
    var retentionFailure: FleetError?

    static let closed = FleetError(.unavailable, "the event log is closed")

    var endOffsets: [Int64] { segments[segments.count - 1].endOffsets }
    var startOffsets: [Int64] { segments[0].startOffsets }

    /// The answer to an append whose key is known; waits in the queue of a pending key.
    ///
    /// - Returns: nil when nothing is known or the caller was put in a queue.
    mutating func answer(
        _ key: IdempotencyKey,
        _ continuation: Waiting
    ) -> (receipt: AppendReceipt?, isQueued: Bool) {
        if let count = keys[key] {
            return (AppendReceipt(accepted: count, isDuplicate: true), false)
        }
        guard pendingKeys[key] != nil else { return (nil, false) }
        pendingKeys[key, default: []].append(continuation)
        return (nil, true)
    }

    /// Takes the records for one sync; empty says that the writer can rest.
    mutating func takeGroup(byteCountMax: Int) -> [Pending] {
        var byteCount = 0
        var count = 0
        while count < queue.count {
            byteCount += queue[count].record.byteCount
            if count > 0, byteCount > byteCountMax { break }
            count += 1
        }
        if count == 0 { commitIsScheduled = false }
        let group = Array(queue.prefix(count))
        queue.removeFirst(count)
        return group
    }

    /// Makes written records visible; returns the appends that waited for the same keys.
    mutating func publish(
        _ group: [Pending],
        _ written: SegmentWriter.Written
    ) -> [(Waiting, AppendReceipt)] {
        var answered: [(Waiting, AppendReceipt)] = []
        let last = segments.count - 1
        for (pending, byteCount) in zip(group, written.byteCounts) {
            let record = pending.record
            segments[last].note(
                byteCount: byteCount,
                appendedAt: written.appendedAt,
                parts: record.frames.lazy.map { ($0.partition, $0.count) },
                key: record.key,
                acceptedCount: record.acceptedCount
            )
            pendingEventCount -= pending.eventCount
            guard let key = record.key else { continue }
            keys.remember(key, record.acceptedCount)
            let receipt = AppendReceipt(accepted: record.acceptedCount, isDuplicate: true)
            for waiting in pendingKeys.removeValue(forKey: key) ?? [] {
                answered.append((waiting, receipt))
            }
        }
        cache.add(
            TailCache.Group(
                segment: written.segment,
                position: written.position,
                bytes: written.bytes
            )
        )
        return answered
    }

    /// Forgets records that could not be written; returns everyone who must be told.
    mutating func abandon(_ group: [Pending]) -> [Waiting] {
        var waiting: [Waiting] = []
        for pending in group {
            pendingEventCount -= pending.eventCount
            waiting.append(pending.continuation)
            if let key = pending.record.key {
                waiting += pendingKeys.removeValue(forKey: key) ?? []
            }
        }
        return waiting
    }

    /// The oldest segment when retention may and should delete it.
    func expired(_ configuration: LogConfiguration, now: Timestamp) -> SegmentIndex? {
        guard segments.count >= 2, let oldest = segments.first else { return nil }
        guard zip(oldest.endOffsets, released).allSatisfy({ $0 <= $1 }) else { return nil }
        if configuration.keepsUntilCaptured, oldest.sequence > capturedThrough { return nil }
        let isOld = now - (oldest.lastAppendedAt ?? now) > configuration.retention
        return isOld || byteCount > configuration.retentionByteCount ? oldest : nil
    }

    var byteCount: Int { segments.reduce(0) { $0 + $1.byteCount } }
}
