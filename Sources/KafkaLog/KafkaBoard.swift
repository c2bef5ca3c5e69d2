import Core
import Synchronization

/// How a group changes the partitions of a member.
enum PartitionChange: Sendable, Equatable {
    /// These beside the ones it has.
    case given([Int])
    /// These of the ones it has.
    case taken([Int])
    /// It has these and no others.
    case all([Int])
}

/// What the log's threads tell each other: how far the topic goes, and what is ready to be read.
///
/// - Concurrency: any task or thread.
final class KafkaBoard: Sendable {
    private struct State {
        var starts: [Int64]
        var ends: [Int64]
        /// Messages wait in the queue of the partition.
        var hasMessages: [Bool]
        /// nil reads every partition.
        var owned: Set<Int>?
        var generation = 0
        var seenGeneration = 0
        var refreshedAt = Timestamp.distantPast
        /// Brokers have said where the partitions begin and end.
        var hasLimits = false
        var isClosed = false
    }

    let signal = WakeSignal()
    private let state: Mutex<State>

    init(partitionCount: Int, hasGroup: Bool) {
        let zeros = [Int64](repeating: 0, count: partitionCount)
        state = Mutex(
            State(
                starts: zeros,
                ends: zeros,
                hasMessages: [Bool](repeating: false, count: partitionCount),
                owned: hasGroup ? [] : nil
            )
        )
    }

    var starts: [Int64] { state.withLock { $0.starts } }
    var ends: [Int64] { state.withLock { $0.ends } }
    var hasLimits: Bool { state.withLock { $0.hasLimits } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Whether a partition is read by this process.
    func owns(_ partition: Int) -> Bool { state.withLock { $0.owned?.contains(partition) ?? true } }

    /// The generation and the owned partitions, nil for all; the generation counts as seen.
    func assignment() -> (generation: Int, owned: [Int]?) {
        state.withLock { state in
            state.seenGeneration = state.generation
            return (state.generation, state.owned?.sorted())
        }
    }

    /// Takes note that the group gave or took partitions.
    func rebalance(_ change: PartitionChange) {
        state.withLock { state in
            let known = Set(state.ends.indices)
            switch change {
            case .given(let partitions): state.owned?.formUnion(known.intersection(partitions))
            case .taken(let partitions): state.owned?.subtract(partitions)
            case .all(let partitions):
                if state.owned != nil { state.owned = known.intersection(partitions) }
            }
            state.generation += 1
        }
        signal.notify()
    }

    /// Takes note that a partition goes at least so far.
    func extend(_ partition: Int, to end: Int64) {
        let isNews = state.withLock { state in
            guard state.ends.indices.contains(partition), state.ends[partition] < end else {
                return false
            }
            state.ends[partition] = end
            return true
        }
        if isNews { signal.notify() }
    }

    /// Takes what brokers say of all partitions.
    func update(starts: [Int64], ends: [Int64]) {
        state.withLock { state in
            state.starts = starts
            state.hasLimits = true
            // An acknowledgement can be newer than the answer.
            for partition in ends.indices {
                state.ends[partition] = max(state.ends[partition], ends[partition])
            }
        }
        signal.notify()
    }

    /// Says whether a partition's queue has messages.
    func setHasMessages(_ has: Bool, _ partition: Int) {
        state.withLock { $0.hasMessages[partition] = has }
        if has { signal.notify() }
    }

    /// Whether the offsets should be asked for again; then whoever asks does it.
    func isRefreshDue(now: Timestamp, every interval: Duration) -> Bool {
        state.withLock { state in
            guard now - state.refreshedAt >= interval || now < state.refreshedAt else {
                return false
            }
            state.refreshedAt = now
            return !state.isClosed
        }
    }

    /// Whether there may be something beyond the offsets, or another assignment.
    func isReady(beyond offsets: [Int64]) -> Bool {
        state.withLock { state in
            if state.isClosed || state.generation != state.seenGeneration { return true }
            for (partition, offset) in offsets.enumerated() where offset != .max {
                guard partition < state.ends.count, state.owned?.contains(partition) ?? true
                else { continue }
                if state.ends[partition] > offset || state.hasMessages[partition] { return true }
            }
            return false
        }
    }

    /// Marks the log as closed; false when it was before.
    func close() -> Bool {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        signal.notify()
        return isFirst
    }
}
