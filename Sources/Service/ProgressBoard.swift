package import Core
package import Store
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

    /// The same progress in a log that has grown.
    func with(logEnd: Int64) -> PartitionProgress {
        var copy = self
        copy.logEnd = logEnd
        return copy
    }
}

/// Where the aggregator writes its progress and schedules and pages read it.
package actor ProgressBoard {
    package private(set) var partitions: [PartitionProgress] = []
    /// Why windows are not being stored right now; nil when all is well.
    package private(set) var problem: String?
    private var definitions: [WindowDefinition] = []
    /// How far the partitions of other processes are, by what they have committed.
    private var others: [PartitionMark] = []
    /// Whether several processes share the log, so that this one may have none of it.
    private var isShared = false
    private var assignedCount = 0

    package init() {}

    func update(
        _ partitions: [PartitionProgress],
        assignedCount: Int? = nil,
        definitions: [WindowDefinition]
    ) {
        self.partitions = partitions
        self.assignedCount = assignedCount ?? partitions.count
        self.definitions = definitions
        problem = nil
    }

    /// Takes note of what all processes have committed.
    func follow(_ marks: [PartitionMark], definitions: [WindowDefinition]) {
        others = marks
        isShared = true
        self.definitions = definitions
    }

    func setProblem(_ text: String) { problem = text }

    /// The moment through which a definition's windows are closed in every partition.
    ///
    /// Partitions that never had an event do not count; `distantFuture` when none ever had.
    /// Nil for an unknown definition or before the first report.
    package func watermark(_ definition: String) -> Timestamp? {
        guard let index = definitions.firstIndex(where: { $0.name == definition }),
            !partitions.isEmpty || !others.isEmpty
        else { return nil }
        let own = Set(partitions.map(\.partition))
        let lateness = definitions[index].allowedLateness
        let marks = others.filter { !own.contains($0.partition) }.compactMap { mark in
            mark.maxEventTime.map { Timestamp(microseconds: $0) - lateness }
        }
        return (partitions.compactMap { $0.watermarks[index] } + marks).min() ?? .distantFuture
    }

    /// Whether this process reads no partition of a log that several processes share.
    package var isUnassigned: Bool { isShared && assignedCount == 0 }

    /// Events in a log with these ends that are not applied yet, by any process; 0 before the
    /// first report.
    package func lag(logEnds: [Int64]) -> Int64 {
        partitions.reduce(lagOfOthers(logEnds: logEnds)) { sum, partition in
            sum
                + (logEnds.indices.contains(partition.partition)
                    ? logEnds[partition.partition] - partition.nextOffset : 0)
        }
    }

    /// Events of this process's partitions that are not applied yet.
    package var lag: Int64 { partitions.reduce(0) { $0 + ($1.logEnd - $1.nextOffset) } }

    /// Events of the other partitions of a shared log that no process has committed.
    package func lagOfOthers(logEnds: [Int64]) -> Int64 {
        guard isShared else { return 0 }
        let own = Set(partitions.map(\.partition))
        return logEnds.indices.reduce(0) { sum, partition in
            guard !own.contains(partition) else { return sum }
            let mark = others.first { $0.partition == partition }
            return sum + max(0, logEnds[partition] - (mark?.appliedThrough ?? 0))
        }
    }

    /// The counters of all partitions together.
    package var counters: PartitionCounters {
        partitions.reduce(into: PartitionCounters()) { $0.add($1.counters) }
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
