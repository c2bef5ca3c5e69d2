import Core
import EventLog
import Logging
import Metrics
import Store
import Windowing

extension Aggregator {
    /// How many partitions are due for a snapshot.
    ///
    /// They take turns: those of all at once would keep the disk busy for so long that posts wait.
    func dueSnapshotCount() -> Int {
        let every = settings.snapshotEvery
        let elapsed = clock.uptime - lastSnapshot
        guard elapsed < every else { return partitions.count }
        guard !partitions.isEmpty, elapsed >= min(.seconds(1), every) else { return 0 }
        return min(partitions.count, Int(elapsed / (every / partitions.count)))
    }

    /// Commits what is pending, with the snapshots of so many partitions.
    func commit(snapshotCount: Int) async throws {
        let (now, uptime) = (clock.now, clock.uptime)
        var commits: [WindowCommit] = []
        let count = partitions.count
        for index in partitions.indices {
            // Places from the turn on, around the end.
            let isDue = (index + count - snapshotTurn % count) % count < snapshotCount
            let commit = partitions[index].pendingCommit(withSnapshot: isDue, now: now)
            if let commit { commits.append(commit) }
        }
        if !commits.isEmpty {
            guard try await commitUntilItFits(commits) else {
                // Another process owns one of the partitions: everything is loaded again.
                try await take(await log.assignment(), keepsCurrent: false)
                return
            }
            for commit in commits { didCommit(commit) }
        }
        lastCommit = uptime
        guard snapshotCount > 0 else { return }
        lastSnapshot = uptime
        snapshotTurn += snapshotCount
        var released = [Int64](repeating: 0, count: log.partitionCount)
        for partition in partitions { released[partition.partition] = partition.replayFrom }
        await log.release(before: released)
    }

    private func didCommit(_ commit: WindowCommit) {
        let place = partitions.firstIndex { $0.partition == commit.checkpoint.partition }
        if let place { partitions[place].didCommit(commit) }
        let closed = commit.closed.reduce(0) { $0 + $1.windows.count }
        Counter(label: "fleetscore_windowing_windows_total").increment(by: closed)
        for count in commit.counts {
            Counter(
                label: "fleetscore_windowing_unwindowed_events_total",
                dimensions: [("reason", count.reason.rawValue)]
            ).increment(by: Int(clamping: count.count))
        }
    }

    /// Commits, waiting while the store says that trying again can help (a full disk, a lock).
    ///
    /// - Returns: false when another process has committed for one of the partitions.
    private func commitUntilItFits(_ commits: [WindowCommit]) async throws -> Bool {
        var delay = Duration.milliseconds(100)
        while true {
            do {
                try await store.commit(commits, at: clock.now)
                return true
            } catch let error as FleetError where error.code == .conflict {
                logger.warning(
                    "windows were committed by another process; loading its state",
                    metadata: ["error": "\(error)"]
                )
                try await timer.sleep(for: delay)
                return false
            } catch let error as FleetError where error.isRetriable {
                logger.warning("windows wait for the store", metadata: ["error": "\(error)"])
                progressBoard.setProblem("windows cannot be stored: \(error)")
                try await timer.sleep(for: delay)
                delay = min(delay * 2, .seconds(5))
            }
        }
    }
}
