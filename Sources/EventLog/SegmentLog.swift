package import Core
package import Disk
import Synchronization

/// The embedded event log: one physical log of segment files for all partitions.
///
/// Callers encode their batches; one writer thread gives them their offsets, writes what has
/// gathered with one sync and wakes the callers. A batch is one record: it is there whole, for
/// all its partitions, or not at all.
///
/// - Concurrency: any task. Blocking calls run on two threads of the log's own.
package final class SegmentLog: EventLog {
    package let partitionCount: Int
    /// What opening found; the caller logs it.
    package let recovery: RecoveryReport
    let disk: any Disk
    let paths: LogPaths
    let configuration: LogConfiguration
    let wallClock: any WallClock
    let readerThread: BlockingThread
    let writerThread: BlockingThread
    let state: Mutex<LogState>
    let writer: Mutex<SegmentWriter>
    /// Segment files open for reading; used by the reader thread.
    let openFiles = Mutex<[Int64: any DiskFile]>([:])
    /// Whose numbers this process has written.
    let epochs = NumberingEpochs()
    /// What was there when the log was opened, by other processes: up to here.
    let foreignEnd: LogPlace
    /// Names of segments that other processes wrote, as far as they were read, by sequence.
    let foreignNames = Mutex<[Int64: SeriesNames]>([:])
    /// Nil where segments are not prepared.
    private let preparer: SegmentPreparer?
    private let limits: Limits
    private let clock: any Clock<Duration>
    private let signal: AppendSignal

    /// Opens a log, or makes a new one, and recovers from a crash.
    ///
    /// `limits.pendingEventCountMax` bounds what waits to be written; `wallClock` stamps appends
    /// and ages segments; `clock` measures the timeout of waits.
    ///
    /// - Throws: `.dataLoss` naming segment and position when durable bytes are damaged;
    ///   `.conflict` when the partition count differs.
    package static func open(
        disk: any Disk,
        folder: String = "log",
        configuration: LogConfiguration = LogConfiguration(),
        limits: Limits = Limits(),
        wallClock: any WallClock,
        clock: any Clock<Duration>
    ) async throws -> SegmentLog {
        let thread = try BlockingThread(name: "log writer", pace: .prompt)
        let recovery = LogRecovery(
            disk: disk,
            paths: LogPaths(folder: folder),
            configuration: configuration,
            wallClock: wallClock
        )
        let recovered = try await thread.run { try recovery.run() }
        return try SegmentLog(recovery, recovered, thread, limits, clock)
    }

    private init(
        _ recovery: LogRecovery,
        _ recovered: LogRecovery.Result,
        _ thread: BlockingThread,
        _ limits: Limits,
        _ clock: any Clock<Duration>
    ) throws {
        disk = recovery.disk
        paths = recovery.paths
        configuration = recovery.configuration
        wallClock = recovery.wallClock
        self.recovery = recovered.report
        self.limits = limits
        self.clock = clock
        writerThread = thread
        readerThread = try BlockingThread(name: "log reader")
        preparer = configuration.preparesSegments ? try SegmentPreparer(disk, paths) : nil
        partitionCount = recovered.segments[0].partitionCount
        let last = recovered.segments[recovered.segments.count - 1]
        foreignEnd = LogPlace(segment: last.sequence, position: last.byteCount)
        let start = LogState(
            keys: recovered.keys,
            segments: recovered.segments,
            cache: TailCache(byteCountMax: configuration.cacheByteCount),
            released: recovered.segments[0].startOffsets,
            capturedThrough: recovered.capturedThrough
        )
        signal = AppendSignal(endOffsets: start.endOffsets)
        state = Mutex(start)
        writer = Mutex(recovered.writer)
    }

    package func append(
        _ events: EventBatch,
        idempotencyKey: String?
    ) async throws -> AppendReceipt {
        if events.series.numbering?.partitionCount == partitionCount, let same = events.numbered() {
            return try await append(same, idempotencyKey: idempotencyKey)
        }
        let count = partitionCount
        return try await append(count: events.count, idempotencyKey) {
            try EncodedRecord(events, key: $0, partitionCount: count)
        }
    }

    package func append(
        _ events: NumberedEvents,
        idempotencyKey: String?
    ) async throws -> AppendReceipt {
        let epoch = epochs.epoch(of: events.numbering)
        let count = partitionCount
        return try await append(count: events.count, idempotencyKey) {
            try EncodedRecord(events, epoch: epoch, key: $0, partitionCount: count)
        }
    }

    private func append(
        count: Int,
        _ idempotencyKey: String?,
        _ encode: @Sendable (IdempotencyKey?) throws -> EncodedRecord
    ) async throws -> AppendReceipt {
        let key = try idempotencyKey.map { try IdempotencyKey($0) }
        guard count <= limits.pendingEventCountMax else {
            throw FleetError(
                .invalidArgument,
                "a batch of \(count) events is above the \(limits.pendingEventCountMax) that may "
                    + "be pending",
                hint: "send smaller batches"
            )
        }
        if let key, let receipt = try known(key) { return receipt }
        if key == nil, count == 0 {
            try state.withLock { if $0.isClosed { throw LogState.closed } }
            return AppendReceipt(accepted: 0, isDuplicate: false)
        }
        return try await enqueue(try await Self.run(encode, key), eventCount: count)
    }

    /// Encoding is work for the processor, so it never runs on the caller's actor.
    @concurrent
    private static func run(
        _ encode: @Sendable (IdempotencyKey?) throws -> EncodedRecord,
        _ key: IdempotencyKey?
    ) async throws -> EncodedRecord {
        try encode(key)
    }

    package func knows(idempotencyKey: String) async throws -> Bool {
        try known(IdempotencyKey(idempotencyKey)) != nil
    }

    package func append(control: LogRecord, partition: Int) async throws {
        guard (0..<partitionCount).contains(partition) else {
            throw FleetError(
                .invalidArgument,
                "there is no partition \(partition): the event log has \(partitionCount)"
            )
        }
        let record = try EncodedRecord(control: control, partition: partition)
        _ = try await enqueue(record, eventCount: 0)
    }

    package func waitForAppend(beyond offsets: [Int64], timeout: Duration) async {
        await signal.wait(beyond: offsets, timeout: timeout, clock: clock)
    }

    package func endOffsets() async -> [Int64] { state.withLock { $0.endOffsets } }

    package func startOffsets() async -> [Int64] { state.withLock { $0.startOffsets } }

    package func close() async {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        await preparer?.finish()
        await withCheckedContinuation { continuation in
            let added = writerThread.enqueue { [self] in
                commitPending()
                writer.withLock { $0.close() }
                // What was not used goes; where that fails, the next start does it.
                if preparer != nil { try? disk.remove(paths.spare) }
                continuation.resume()
            }
            if !added { continuation.resume() }
        }
        writerThread.stop()
        readerThread.stop()
        signal.wakeAll()
    }

    private func known(_ key: IdempotencyKey) throws -> AppendReceipt? {
        try state.withLock { state in
            if state.isClosed { throw LogState.closed }
            return state.keys[key].map { AppendReceipt(accepted: $0, isDuplicate: true) }
        }
    }

    private func enqueue(
        _ record: EncodedRecord,
        eventCount: Int
    ) async throws -> AppendReceipt {
        try await withCheckedThrowingContinuation { continuation in
            let immediate = state.withLock {
                admit(record, eventCount, continuation, &$0)
            }
            if let immediate { continuation.resume(with: immediate) }
        }
    }

    /// Queues a record; returns the answer when there is one at once.
    private func admit(
        _ record: EncodedRecord,
        _ eventCount: Int,
        _ continuation: LogState.Waiting,
        _ state: inout LogState
    ) -> Result<AppendReceipt, any Error>? {
        if state.isClosed { return .failure(LogState.closed) }
        if let key = record.key {
            let answer = state.answer(key, continuation)
            if answer.isQueued { return nil }
            if let receipt = answer.receipt { return .success(receipt) }
        }
        guard state.pendingEventCount + eventCount <= limits.pendingEventCountMax else {
            return .failure(
                FleetError(
                    .resourceExhausted,
                    "\(state.pendingEventCount) events are waiting to be written",
                    hint: "send again later or send less"
                )
            )
        }
        if let key = record.key { state.pendingKeys[key] = [] }
        state.pendingEventCount += eventCount
        state.queue.append(
            LogState.Pending(record: record, eventCount: eventCount, continuation: continuation)
        )
        // Under the lock, so that closing the log cannot stop the thread in between.
        if !state.commitIsScheduled {
            state.commitIsScheduled = true
            writerThread.enqueue { [self] in commitPending() }
        }
        return nil
    }

    /// Writes everything that is queued, one group a sync; runs on the writer thread.
    private func commitPending() {
        while true {
            let group = state.withLock {
                $0.takeGroup(byteCountMax: configuration.groupByteCountMax)
            }
            if group.isEmpty { return }
            do {
                let byteCount = group.reduce(0) { $0 + $1.record.byteCount }
                if writer.withLock({ $0.isRollDue(before: byteCount) }) { try rollSegment() }
                let written = try writer.withLock { try $0.commit(group.map(\.record)) }
                acknowledge(group, written)
                prepareNext()
            } catch {
                refuse(group, error)
            }
        }
    }

    /// Has a file made for the next segment when the active one fills up.
    private func prepareNext() {
        guard let preparer, let byteCount = writer.withLock({ $0.wantsSpare() }) else { return }
        preparer.prepare(byteCount: byteCount) { [self] file in
            writerThread.enqueue { [self] in writer.withLock { $0.takePrepared(file) } }
        }
    }

    private func acknowledge(_ group: [LogState.Pending], _ written: SegmentWriter.Written) {
        let (answered, end) = state.withLock { state in
            (state.publish(group, written), state.endOffsets)
        }
        for pending in group {
            let accepted = pending.record.acceptedCount
            pending.continuation.resume(
                returning: AppendReceipt(accepted: accepted, isDuplicate: false)
            )
        }
        for (waiting, receipt) in answered { waiting.resume(returning: receipt) }
        signal.advance(to: end)
    }

    private func refuse(_ group: [LogState.Pending], _ error: any Error) {
        let failure = writer.withLock { $0.failure }
        let waiting = state.withLock { state in
            state.writeFailure = failure
            return state.abandon(group)
        }
        for continuation in waiting { continuation.resume(throwing: error) }
    }
}
