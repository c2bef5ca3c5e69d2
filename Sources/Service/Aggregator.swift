package import Core
package import EventLog
package import Logging
import Metrics
import ServiceLifecycle
package import Store
import Windowing

/// Reads the log, keeps the windows of every partition, and commits what closes.
///
/// Exactly once: closed windows, late events, counters and the offset of a partition commit in one
/// transaction. After a restart the state of the last snapshot is replayed; output up to the
/// committed offset is dropped, because it is stored already.
/// Graceful shutdown: saves the open windows and returns.
package actor Aggregator: Service {
    private let log: any EventLog
    private let store: any WindowStore
    private let settings: ServiceSettings
    private let clock: any WallClock
    private let timer: any Clock<Duration>
    private let logger: Logger
    private var partitions: [PartitionAggregator] = []
    private var lastSnapshot: Timestamp
    private let progressBoard: ProgressBoard

    package init(
        log: any EventLog,
        store: any WindowStore,
        settings: ServiceSettings,
        progress: ProgressBoard,
        clock: any WallClock,
        timer: any Clock<Duration>,
        logger: Logger
    ) {
        self.log = log
        self.store = store
        self.settings = settings
        self.progressBoard = progress
        self.clock = clock
        self.timer = timer
        self.logger = logger
        lastSnapshot = clock.now
    }

    package func run() async throws {
        try await recover()
        // A step is never cancelled half way: its commit would be in doubt.
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            if try await step() { continue }
            await log.waitForAppend(beyond: nextOffsets(), timeout: .milliseconds(200))
        }
        if !Task.isCancelled { try await commit(withSnapshots: true) }
    }

    /// Loads checkpoints; reading goes on from each snapshot's offset.
    package func recover() async throws {
        let checkpoints = try await store.checkpoints()
        let now = clock.now
        partitions = try (0..<log.partitionCount).map { partition in
            try PartitionAggregator(
                partition: partition,
                settings: settings,
                checkpoint: checkpoints.first { $0.partition == partition },
                now: now
            )
        }
        var changes: [DefinitionChange] = []
        for change in partitions.flatMap(\.definitionChanges) where !changes.contains(change) {
            changes.append(change)
        }
        if !changes.isEmpty {
            logger.info(
                "window definitions have changed since the last start",
                metadata: ["changes": "\(changes)"]
            )
        }
    }

    /// Applies and commits what the log holds; false when there was nothing to do.
    @discardableResult
    package func step() async throws -> Bool {
        let frames = try await log.read(from: nextOffsets(), eventCountMax: 200_000)
        for frame in frames where partitions.indices.contains(frame.partition) {
            try partitions[frame.partition].apply(frame)
        }
        let isSnapshotDue = clock.now - lastSnapshot >= settings.snapshotEvery
        if !frames.isEmpty || isSnapshotDue {
            try await commit(withSnapshots: isSnapshotDue)
        }
        if frames.isEmpty { try await closeIdle() }
        await report()
        return !frames.isEmpty
    }

    private func nextOffsets() -> [Int64] { partitions.map(\.nextOffset) }

    private func commit(withSnapshots: Bool) async throws {
        for index in partitions.indices {
            guard let commit = partitions[index].pendingCommit(withSnapshot: withSnapshots) else {
                continue
            }
            try await commitUntilItFits(commit)
            partitions[index].didCommit(commit)
            let closed = commit.closed.reduce(0) { $0 + $1.windows.count }
            Counter(label: "fleetscore_windowing_windows_total").increment(by: closed)
            Counter(label: "fleetscore_windowing_late_events_total")
                .increment(by: commit.late.count)
        }
        if withSnapshots {
            lastSnapshot = clock.now
            await log.release(before: partitions.map(\.replayFrom))
        }
    }

    /// Commits, waiting while the store says that trying again can help (a full disk, a lock).
    private func commitUntilItFits(_ commit: WindowCommit) async throws {
        var delay = Duration.milliseconds(100)
        while true {
            do {
                try await store.commit(commit, at: clock.now)
                return
            } catch let error as FleetError where error.isRetriable {
                logger.warning("windows wait for the store", metadata: ["error": "\(error)"])
                await progressBoard.setProblem("windows cannot be stored: \(error)")
                try await timer.sleep(for: delay)
                delay = min(delay * 2, .seconds(5))
            }
        }
    }

    /// Writes the idle record of partitions that are quiet and hold elapsed windows.
    private func closeIdle() async throws {
        let now = clock.now
        for index in partitions.indices {
            guard let until = partitions[index].idleClose(now: now) else { continue }
            try await log.append(control: .idle(until: until), partition: index)
        }
    }

    private func report() async {
        let ends = await log.endOffsets()
        await progressBoard.update(
            partitions.map { $0.progress(logEnd: ends[$0.partition], now: clock.now) },
            definitions: settings.windows
        )
    }
}

extension Clock where Duration == Swift.Duration {
    /// Sleeps for a duration of this clock, existential or not.
    package func sleep(for duration: Duration) async throws {
        try await sleep(until: now.advanced(by: duration), tolerance: nil)
    }
}
