package import Core
package import Store
import Synchronization
import Windowing

/// How far the aggregation of a partition is.
package struct PartitionProgress: Sendable {
    package let partition: Int
    /// The next log offset to apply, and the log's end: their difference is the lag in events.
    package let nextOffset: Int64
    package private(set) var logEnd: Int64
    package let maxEventTime: Timestamp?
    /// Per definition; nil while the partition never had an event, so that it holds nobody up.
    package let watermarks: [Timestamp?]
    package let openWindows: Int
    package let seriesCount: Int
    package let counters: PartitionCounters

    /// Through when a definition's windows are closed; nil when the partition holds nobody up.
    func watermark(at definition: Int) -> Timestamp? {
        // The first events of all may lie before anything.
        watermarks[definition] ?? (nextOffset < logEnd ? .distantPast : nil)
    }

    /// The same progress in a log that has grown.
    func with(logEnd: Int64) -> PartitionProgress {
        var copy = self
        copy.logEnd = logEnd
        return copy
    }
}

/// Where the aggregator writes its progress and schedules and pages read it.
///
/// - Concurrency: any task; nobody waits for anybody but for a lock that is held for moments.
package final class ProgressBoard: Sendable {
    fileprivate struct State {
        var partitions: [PartitionProgress] = []
        var problem: String?
        var definitions: [WindowDefinition] = []
        /// How far the partitions of other processes are, by what they have committed.
        var others: [PartitionMark] = []
        /// Where the log ended when its lag was first asked for, before anybody had reported.
        var firstEnds: [Int64]?
        var isReported = false
        /// Whether several processes share the log, so that this one may have none of it.
        var isShared = false
        var assignedCount = 0
    }

    private let state = Mutex(State())

    package init() {}

    package var partitions: [PartitionProgress] { state.withLock { $0.partitions } }

    /// Why windows are not being stored right now; nil when all is well.
    package var problem: String? { state.withLock { $0.problem } }

    func update(
        _ partitions: [PartitionProgress],
        assignedCount: Int? = nil,
        definitions: [WindowDefinition]
    ) {
        state.withLock {
            $0.partitions = partitions
            $0.isReported = true
            $0.assignedCount = assignedCount ?? partitions.count
            $0.definitions = definitions
            $0.problem = nil
        }
    }

    /// Takes note of what all processes have committed.
    func follow(_ marks: [PartitionMark], definitions: [WindowDefinition]) {
        state.withLock {
            $0.others = marks
            $0.isShared = true
            $0.definitions = definitions
        }
    }

    func setProblem(_ text: String) { state.withLock { $0.problem = text } }

    /// The moment through which a definition's windows are closed in every partition.
    ///
    /// Partitions that never had an event do not count; `distantFuture` when none ever had.
    /// Nil for an unknown definition or before the first report.
    package func watermark(_ definition: String) -> Timestamp? {
        state.withLock { $0.watermark(definition) }
    }

    /// Whether this process reads no partition of a log that several processes share.
    package var isUnassigned: Bool {
        state.withLock { $0.isShared && $0.assignedCount == 0 }
    }

    /// Events in a log with these ends that are not applied yet, by any process.
    ///
    /// Before the first report those that came since it was first asked: windows may take long to
    /// be restored, and senders do not wait.
    package func lag(logEnds: [Int64]) -> Int64 { state.withLock { $0.lag(logEnds: logEnds) } }

    /// The counters of all partitions together.
    package var counters: PartitionCounters {
        partitions.reduce(into: PartitionCounters()) { $0.add($1.counters) }
    }
}

extension ProgressBoard.State {
    func watermark(_ definition: String) -> Timestamp? {
        guard let index = definitions.firstIndex(where: { $0.name == definition }),
            !partitions.isEmpty || !others.isEmpty
        else { return nil }
        let own = Set(partitions.map(\.partition))
        let lateness = definitions[index].allowedLateness
        let marks = others.filter { !own.contains($0.partition) }.compactMap { mark in
            mark.maxEventTime.map { Timestamp(microseconds: $0) - lateness }
        }
        return (partitions.compactMap { $0.watermark(at: index) } + marks).min() ?? .distantFuture
    }

    mutating func lag(logEnds: [Int64]) -> Int64 {
        guard isReported || isShared else {
            let first = firstEnds ?? logEnds
            firstEnds = first
            return zip(logEnds, first).reduce(0) { $0 + ($1.0 - $1.1) }
        }
        var lag = lagOfOthers(logEnds: logEnds)
        // Every post asks: in place, for an element copies its counters.
        for at in partitions.indices where logEnds.indices.contains(partitions[at].partition) {
            lag += max(0, logEnds[partitions[at].partition] - partitions[at].nextOffset)
        }
        return lag
    }

    func lagOfOthers(logEnds: [Int64]) -> Int64 {
        guard isShared else { return 0 }
        let own = Set(partitions.map(\.partition))
        return logEnds.indices.reduce(0) { sum, partition in
            guard !own.contains(partition) else { return sum }
            let mark = others.first { $0.partition == partition }
            return sum + max(0, logEnds[partition] - (mark?.appliedThrough ?? 0))
        }
    }
}

extension PartitionCounters {
    package mutating func add(_ other: PartitionCounters) {
        accepted += other.accepted
        duplicates += other.duplicates
        overLimit += other.overLimit
        for (name, counters) in other.definitions {
            var sum = definitions[name] ?? DefinitionCounters()
            sum.windowed += counters.windowed
            sum.filtered += counters.filtered
            sum.late += counters.late
            sum.adjusted += counters.adjusted
            sum.corrected += counters.corrected
            sum.closed += counters.closed
            definitions[name] = sum
        }
    }
}
