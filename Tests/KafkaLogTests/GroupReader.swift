import Core
import EventLog
import KafkaLog

/// The store of a test: what was read, and how far, in one step that refuses owners of before.
actor CheckpointStore {
    private(set) var offsets: [Int64]
    private(set) var stored: [[Int]]
    private(set) var refusals = 0

    init(partitionCount: Int) {
        offsets = [Int64](repeating: 0, count: partitionCount)
        stored = [[Int]](repeating: [], count: partitionCount)
    }

    var all: [Int] { stored.flatMap { $0 } }

    /// Stores values read from one offset to another; false when someone else stored since.
    func commit(_ partition: Int, from start: Int64, to end: Int64, _ values: [Int]) -> Bool {
        guard offsets[partition] == start else {
            refusals += 1
            return false
        }
        offsets[partition] = end
        stored[partition] += values
        return true
    }
}

/// An aggregator as simple as can be: it reads what the group gives it and stores it.
final class GroupReader: Sendable {
    let log: KafkaLog
    private let task: Task<Void, any Error>

    init(_ log: KafkaLog, _ store: CheckpointStore) {
        self.log = log
        task = Task { try await Self.run(log, store) }
    }

    /// Stops reading and leaves the group.
    func stop() async throws {
        task.cancel()
        _ = await task.result
        await log.close()
    }

    private static func run(_ log: KafkaLog, _ store: CheckpointStore) async throws {
        var offsets = [Int64](repeating: .max, count: log.partitionCount)
        var generation = -1
        while !Task.isCancelled {
            let assignment = await log.assignment()
            if assignment.generation != generation {
                generation = assignment.generation
                let checkpoints = await store.offsets
                for partition in offsets.indices {
                    let isOurs = assignment.partitions.contains(partition)
                    if !isOurs { offsets[partition] = .max }
                    if isOurs, offsets[partition] == .max {
                        offsets[partition] = checkpoints[partition]
                    }
                }
            }
            let frames = try await log.read(from: offsets, eventCountMax: 100)
            for frame in frames where offsets[frame.partition] != .max {
                let isStored = await store.commit(
                    frame.partition,
                    from: offsets[frame.partition],
                    to: frame.endOffset,
                    values([frame])
                )
                // Someone else owns it, or did until now: go on where the store is.
                offsets[frame.partition] =
                    isStored ? frame.endOffset : await store.offsets[frame.partition]
            }
            if frames.isEmpty {
                await log.waitForAppend(beyond: offsets, timeout: .milliseconds(100))
            }
        }
    }
}
