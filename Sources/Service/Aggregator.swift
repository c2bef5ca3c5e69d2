package import Core
package import Disk
package import EventLog
package import Logging
import ServiceLifecycle
package import Store
import Windowing

/// Reads the log, keeps the windows of its partitions, and commits what closes.
///
/// Exactly once: closed windows, dead letters, counters and the offsets of all partitions commit in
/// one transaction, which the store refuses when another process has committed for a partition
/// since. After a restart, or when a partition comes from another process, the state of the last
/// snapshot is replayed; output up to the committed offset is dropped: it is stored already.
/// Graceful shutdown: saves the open windows and returns.
package actor Aggregator: Service {
    let log: any EventLog
    let store: any WindowStore
    let settings: ServiceSettings
    let clock: any WallClock
    let timer: any Clock<Duration>
    let logger: Logger
    private let executor: PatientExecutor?
    /// The partitions of this process, ascending.
    var partitions: [PartitionAggregator] = []
    private var assignment = LogAssignment(generation: -1, partitions: [])
    /// By the clock's time that passes evenly.
    var lastSnapshot: Duration
    /// The partition, by its place, whose snapshot is next.
    var snapshotTurn = 0
    var lastCommit: Duration
    let progressBoard: ProgressBoard
    /// How far each partition was when all of it was committed.
    private var committed: [Int: PartitionProgress] = [:]

    /// Closed windows that are committed without waiting for more.
    private static let commitRowCount = 50_000
    private static let readEventCount = 200_000
    /// Events that may wait while others have the processor, and how long a step may take.
    private static let patientLag: Int64 = 1_000_000
    private static let patientStep = Duration.milliseconds(500)

    /// `executor` runs the service; without one it shares the threads of all tasks.
    package init(
        log: any EventLog,
        store: any WindowStore,
        settings: ServiceSettings,
        progress: ProgressBoard,
        clock: any WallClock,
        timer: any Clock<Duration>,
        logger: Logger,
        executor: PatientExecutor? = nil
    ) {
        self.log = log
        self.store = store
        self.settings = settings
        self.progressBoard = progress
        self.clock = clock
        self.timer = timer
        self.logger = logger
        self.executor = executor
        lastSnapshot = clock.uptime
        lastCommit = clock.uptime
    }

    package func run() async throws {
        try await PatientExecutor.run(on: executor) { try await serve() }
    }

    private func serve() async throws {
        // What is replayed holds up all that comes.
        executor?.setBehind(true)
        try await recover()
        // A step is never cancelled half way: its commit would be in doubt.
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            if try await step() { continue }
            let isPending = partitions.contains(where: \.hasPending)
            await log.waitForAppend(
                beyond: wantedOffsets(),
                timeout: isPending ? settings.commitEvery : .milliseconds(200)
            )
        }
        if !Task.isCancelled { try await commit(snapshotCount: partitions.count) }
    }

    /// Loads checkpoints; reading goes on from each snapshot's offset.
    package func recover() async throws {
        try await store.define(settings.windows.map(StoredDefinition.init))
        try await take(await log.assignment(), keepsCurrent: false)
    }

    /// Applies and commits what the log holds; false when there was nothing to do.
    @discardableResult
    package func step() async throws -> Bool {
        let start = clock.uptime
        let now = await log.assignment()
        if now.generation != assignment.generation { try await take(now, keepsCurrent: true) }
        let frames = try await read()
        try apply(frames)
        let snapshotCount = dueSnapshotCount()
        let isCommitDue =
            isDue(settings.commitEvery, since: lastCommit)
            || partitions.reduce(0) { $0 + $1.pendingRowCount } >= Self.commitRowCount
        if snapshotCount > 0 || (isCommitDue && partitions.contains(where: \.hasPending)) {
            try await commit(snapshotCount: snapshotCount)
        }
        if frames.isEmpty { try await closeIdle() }
        await report(stepStart: start)
        return !frames.isEmpty
    }

    /// Series whose newest event is older than a time, as far as this process reads them.
    package func silentSeries(before time: Timestamp, limit: Int) -> [SilentSeries] {
        var found: [SilentSeries] = []
        for partition in partitions where found.count < limit {
            let silent = partition.windows.silentSeries(before: time, limit: limit - found.count)
            found += silent.map { SilentSeries(key: $0.0, lastEventAt: $0.1) }
        }
        return found
    }

    private func isDue(_ duration: Duration, since last: Duration) -> Bool {
        clock.uptime - last >= duration
    }

    /// Reads on; what is not corrected is the same however events are cut into batches.
    private func read() async throws -> [LogFrame] {
        let offsets = wantedOffsets()
        return settings.windows.contains { $0.latePolicy == .correct }
            ? try await log.read(from: offsets, eventCountMax: Self.readEventCount)
            : try await log.readJoined(from: offsets, eventCountMax: Self.readEventCount)
    }

    /// Applies frames partition by partition, so that the state of one is used while it is at hand.
    private func apply(_ frames: [LogFrame]) throws {
        let uptime = clock.uptime
        for index in partitions.indices {
            let partition = partitions[index].partition
            // By place: to look at a frame's partition needs no copy of the frame.
            for place in frames.indices where frames[place].partition == partition {
                try partitions[index].apply(frames[place], uptime: uptime)
            }
        }
    }

    /// Per partition the next offset to read, and the largest number for those of others.
    private func wantedOffsets() -> [Int64] {
        var offsets = [Int64](repeating: .max, count: log.partitionCount)
        for partition in partitions { offsets[partition.partition] = partition.nextOffset }
        return offsets
    }

    /// Lets go of partitions that went to other processes and loads the checkpoints of new ones.
    func take(_ next: LogAssignment, keepsCurrent: Bool) async throws {
        var kept: [PartitionAggregator] = []
        if keepsCurrent, !partitions.isEmpty {
            // What is not committed would be computed again by the next owner.
            try await commit(snapshotCount: partitions.count)
            kept = partitions.filter { next.partitions.contains($0.partition) }
        }
        let checkpoints = try await store.checkpoints()
        var changes: [DefinitionChange] = []
        partitions = try next.partitions.sorted().map { partition in
            if let same = kept.first(where: { $0.partition == partition }) { return same }
            let loaded = try PartitionAggregator(
                partition: partition,
                settings: settings,
                checkpoint: checkpoints.first { $0.partition == partition },
                offsetsHaveGaps: log.offsetsHaveGaps,
                uptime: clock.uptime
            )
            for change in loaded.definitionChanges where !changes.contains(change) {
                changes.append(change)
            }
            return loaded
        }
        assignment = next
        committed = [:]
        if keepsCurrent {
            logger.info(
                "partitions of the event log were reassigned",
                metadata: ["partitions": "\(next.partitions)"]
            )
        }
        for change in changes { report(change) }
        // What is not replayed yet counts for senders from now on, however long the first step
        // takes.
        await report()
    }

    private func report(_ change: DefinitionChange) {
        switch change {
        case .dropped(let name):
            logger.info("window definition \"\(name)\" is gone: its open windows were dropped")
        case .started(let name), .restarted(let name):
            logger.warning(
                """
                window definition "\(name)" starts empty: windows that are open now hold only \
                what comes; `fleetscore windows rebuild --definition \(name)` computes them, and \
                older ones, from the retained events
                """
            )
        }
    }

    /// Writes the idle record of partitions that are quiet and hold elapsed windows.
    private func closeIdle() async throws {
        let (now, uptime) = (clock.now, clock.uptime)
        for partition in partitions {
            guard let until = partition.idleClose(now: now, uptime: uptime) else { continue }
            try await log.append(control: .idle(until: until), partition: partition.partition)
        }
    }

    /// Tells how far the windows are that can be read from the store.
    ///
    /// Schedules read SQL once they see a watermark, so a partition with something that is not
    /// committed stays where it was.
    private func report(stepStart: Duration? = nil) async {
        let ends = await log.endOffsets()
        let (now, uptime) = (clock.now, clock.uptime)
        if let stepStart {
            let lag = partitions.reduce(0) { $0 + ends[$1.partition] - $1.nextOffset }
            // Long before senders are refused.
            let patientLag = min(Self.patientLag, Int64(settings.limits.lagEventCountMax / 4))
            executor?.setBehind(lag > patientLag || uptime - stepStart > Self.patientStep)
        }
        for partition in partitions where !partition.hasPending {
            committed[partition.partition] = partition.progress(
                logEnd: ends[partition.partition],
                now: now,
                uptime: uptime
            )
        }
        progressBoard.update(
            partitions.compactMap { committed[$0.partition]?.with(logEnd: ends[$0.partition]) },
            assignedCount: partitions.count,
            definitions: settings.windows
        )
    }
}

extension StoredDefinition {
    init(_ definition: WindowDefinition) {
        if case .session = definition.kind {
            self.init(name: definition.name, size: nil)
        } else {
            self.init(name: definition.name, size: definition.size)
        }
    }
}

extension Clock where Duration == Swift.Duration {
    /// Sleeps for a duration of this clock, existential or not.
    package func sleep(for duration: Duration) async throws {
        try await sleep(until: now.advanced(by: duration), tolerance: nil)
    }
}
