package import Core
import Synchronization

/// An event log in memory, for tests and for the memory-only mode; nothing survives it.
///
/// - Concurrency: any task.
package final class MemoryLog: EventLog {
    private struct State {
        var frames: [LogFrame] = []
        var startOffsets: [Int64]
        var endOffsets: [Int64]
        var released: [Int64]
        var keys: KeyMemory
        var retainedEventCount = 0
        var lastAppendedAt = Timestamp.distantPast
        var isClosed = false
    }

    package let partitionCount: Int
    private let wallClock: any WallClock
    private let clock: any Clock<Duration>
    private let limits: Limits
    private let retainedEventCountMax: Int
    private let state: Mutex<State>
    private let signal: AppendSignal

    /// An empty log.
    ///
    /// - Parameters:
    ///   - partitionCount: at least 1.
    ///   - limits: the events of one batch are bounded by `pendingEventCountMax`.
    ///   - retainedEventCountMax: released frames are dropped while there are more events.
    ///   - wallClock: stamps appends.
    ///   - clock: measures the timeout of waits.
    package init(
        partitionCount: Int = 4,
        limits: Limits = Limits(),
        retainedEventCountMax: Int = .max,
        wallClock: any WallClock,
        clock: any Clock<Duration>
    ) {
        self.partitionCount = max(1, partitionCount)
        self.wallClock = wallClock
        self.clock = clock
        self.limits = limits
        self.retainedEventCountMax = retainedEventCountMax
        let zeros = [Int64](repeating: 0, count: self.partitionCount)
        state = Mutex(
            State(
                startOffsets: zeros,
                endOffsets: zeros,
                released: zeros,
                keys: KeyMemory(countMax: 1_000_000)
            )
        )
        signal = AppendSignal(endOffsets: zeros)
    }

    package func append(
        _ events: EventBatch,
        idempotencyKey: String?
    ) async throws -> AppendReceipt {
        let key = try idempotencyKey.map { try IdempotencyKey($0) }
        guard events.count <= limits.pendingEventCountMax else {
            throw FleetError(
                .invalidArgument,
                "a batch of \(events.count) events is above the \(limits.pendingEventCountMax) "
                    + "that may be pending",
                hint: "send smaller batches"
            )
        }
        let parts = try events.split(partitionCount: partitionCount)
        let now = wallClock.now
        let (receipt, end) = try state.withLock { state in
            if state.isClosed { throw LogState.closed }
            if let key, let count = state.keys[key] {
                return (AppendReceipt(accepted: count, isDuplicate: true), state.endOffsets)
            }
            for part in parts {
                Self.add(.events(part.batch(of: events)), part.partition, now, &state)
            }
            if let key { state.keys.remember(key, events.count) }
            return (AppendReceipt(accepted: events.count, isDuplicate: false), state.endOffsets)
        }
        signal.advance(to: end)
        return receipt
    }

    package func knows(idempotencyKey: String) async throws -> Bool {
        let key = try IdempotencyKey(idempotencyKey)
        return try state.withLock { state in
            if state.isClosed { throw LogState.closed }
            return state.keys[key] != nil
        }
    }

    package func append(control: LogRecord, partition: Int) async throws {
        guard (0..<partitionCount).contains(partition) else {
            throw FleetError(
                .invalidArgument,
                "there is no partition \(partition): the event log has \(partitionCount)"
            )
        }
        if control.events != nil {
            throw FleetError(
                .invalidArgument,
                "cannot append events to partition \(partition) as a control",
                hint: "use append(_:idempotencyKey:)"
            )
        }
        let now = wallClock.now
        let end = try state.withLock { state in
            if state.isClosed { throw LogState.closed }
            Self.add(control, partition, now, &state)
            return state.endOffsets
        }
        signal.advance(to: end)
    }

    package func read(from offsets: [Int64], eventCountMax: Int) async throws -> [LogFrame] {
        try state.withLock { state in
            try Self.check(offsets, state.startOffsets)
            var wanted = offsets
            var frames: [LogFrame] = []
            var eventCount = 0
            for frame in state.frames where frame.endOffset > wanted[frame.partition] {
                let cut = frame.cut(from: wanted[frame.partition])
                let count = Int(cut.endOffset - cut.baseOffset)
                if !frames.isEmpty, count > max(1, eventCountMax) - eventCount { break }
                frames.append(cut)
                eventCount += count
                wanted[frame.partition] = frame.endOffset
            }
            return frames
        }
    }

    package func waitForAppend(beyond offsets: [Int64], timeout: Duration) async {
        await signal.wait(beyond: offsets, timeout: timeout, clock: clock)
    }

    package func endOffsets() async -> [Int64] { state.withLock { $0.endOffsets } }

    package func startOffsets() async -> [Int64] { state.withLock { $0.startOffsets } }

    package func release(before offsets: [Int64]) async {
        state.withLock { state in
            for (partition, offset) in offsets.enumerated() where partition < partitionCount {
                state.released[partition] = max(state.released[partition], offset)
            }
            var count = 0
            while state.retainedEventCount > retainedEventCountMax, count < state.frames.count {
                let frame = state.frames[count]
                guard frame.endOffset <= state.released[frame.partition] else { break }
                state.startOffsets[frame.partition] = frame.endOffset
                state.retainedEventCount -= Int(frame.endOffset - frame.baseOffset)
                count += 1
            }
            state.frames.removeFirst(count)
        }
    }

    package func close() async {
        state.withLock { $0.isClosed = true }
        signal.wakeAll()
    }

    private static func add(
        _ record: LogRecord,
        _ partition: Int,
        _ now: Timestamp,
        _ state: inout State
    ) {
        state.lastAppendedAt = max(now, state.lastAppendedAt)
        let frame = LogFrame(
            partition: partition,
            baseOffset: state.endOffsets[partition],
            appendedAt: state.lastAppendedAt,
            record: record
        )
        state.retainedEventCount += Int(frame.endOffset - frame.baseOffset)
        state.endOffsets[partition] = frame.endOffset
        state.frames.append(frame)
    }

    private static func check(_ offsets: [Int64], _ start: [Int64]) throws {
        guard offsets.count == start.count else {
            throw FleetError(
                .invalidArgument,
                "\(offsets.count) offsets were given for \(start.count) partitions"
            )
        }
        for (partition, offset) in offsets.enumerated() where offset < start[partition] {
            throw FleetError(
                .dataLoss,
                "offset \(offset) of partition \(partition) is no longer retained; the oldest is "
                    + "\(start[partition])"
            )
        }
    }
}
