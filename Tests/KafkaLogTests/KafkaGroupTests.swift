import Core
import EventLog
import Foundation
import KafkaLog
import TestKit
import Testing

@Suite("A consumer group", .timeLimit(.minutes(3))) struct KafkaGroupTests {
    /// A broker, or why there is none.
    struct Peer: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// How the members share the partitions; each peer shows another way.
        let strategy: String
        let open: @Sendable () throws -> (address: String, topic: String)
    }

    private static let memory = inMemory("cooperative-sticky")

    private static func inMemory(_ strategy: String) -> Peer {
        Peer(testDescription: "broker in memory, \(strategy)", strategy: strategy) {
            let broker = try MockBroker.shared.get()
            return (broker.address, try broker.topic())
        }
    }

    private static let durable = Peer(
        testDescription: "broker that stores, range",
        strategy: "range"
    ) {
        (try DurableBroker.shared.get().address, TopicNames.next())
    }

    private static let peers = [memory] + (DurableBroker.isMissing ? [] : [durable])

    /// The broker that stores never notices that a member died, so it is not asked.
    private static let dying = [memory, inMemory("range")]

    private func member(
        _ peer: Peer,
        _ address: String,
        _ topic: String
    ) async throws -> KafkaLog {
        try await openLog(
            address,
            topic,
            group: "group-\(topic)",
            change: {
                $0.partitionCount = 4
                $0.properties["partition.assignment.strategy"] = peer.strategy
            }
        )
    }

    private func append(_ log: KafkaLog, _ range: Range<Int>) async throws {
        for first in stride(from: range.lowerBound, to: range.upperBound, by: 20) {
            _ = try await log.append(
                EventLogContract.batch(20, from: first, devices: 32),
                idempotencyKey: nil
            )
        }
    }

    @Test(
        "Two members share the partitions; one goes, and nothing is lost or doubled",
        arguments: peers
    )
    func handOver(_ peer: Peer) async throws {
        let (address, topic) = try peer.open()
        let sender = try await openLog(address, topic, change: { $0.partitionCount = 4 })
        let store = CheckpointStore(partitionCount: 4)
        let first = GroupReader(try await member(peer, address, topic), store)
        try await eventually("all partitions") {
            await first.log.assignment().partitions.count == 4
        }
        try await append(sender, 0..<1000)
        let second = GroupReader(try await member(peer, address, topic), store)
        try await eventually("half of the partitions") {
            let counts = [
                await first.log.assignment().partitions.count,
                await second.log.assignment().partitions.count,
            ]
            return counts == [2, 2]
        }
        let ofFirst = await first.log.assignment().partitions
        let ofSecond = await second.log.assignment().partitions
        #expect(Set(ofFirst).isDisjoint(with: ofSecond))
        try await append(sender, 1000..<2000)
        try await eventually("the second thousand") { await store.all.count == 2000 }
        try await first.stop()
        try await append(sender, 2000..<3000)
        try await eventually("taking over") {
            await second.log.assignment().partitions.count == 4
        }
        try await eventually("the third thousand") { await store.all.count >= 3000 }
        try await second.stop()
        let stored = await store.stored
        #expect(stored.flatMap { $0 }.sorted() == Array(0..<3000))
        for partition in stored {
            // Values of one device ascend: the order of a series is kept through every change.
            for values in Dictionary(grouping: partition, by: { $0 % 32 }).values {
                #expect(values == values.sorted())
            }
        }
        await sender.close()
    }

    @Test("A change of the assignment ends a wait")
    func wakes() async throws {
        let (address, topic) = try Self.memory.open()
        let log = try await member(Self.memory, address, topic)
        var assignment = await log.assignment()
        // Nothing is read of partitions that are not ours, whatever is asked for.
        #expect(try await log.read(from: [0, 0, 0, 0], eventCountMax: 10).isEmpty)
        for _ in 0..<10 where assignment.partitions.isEmpty {
            await log.waitForAppend(
                beyond: [Int64](repeating: .max, count: 4),
                timeout: .seconds(60)
            )
            assignment = await log.assignment()
        }
        #expect(assignment.partitions == [0, 1, 2, 3])
        #expect(assignment.generation > 0)
        await log.close()
    }

    @Test("What is no longer needed is committed for tools that show how far the group is")
    func committed() async throws {
        let (address, topic) = try Self.memory.open()
        let log = try await member(Self.memory, address, topic)
        try await append(log, 0..<100)
        try await eventually("all partitions") { await log.assignment().partitions.count == 4 }
        let frames = try await EventLogContract.drain(log)
        #expect(values(frames).count == 100)
        var offsets = await log.endOffsets()
        offsets[3] = .max
        await log.release(before: offsets)
        let group = "group-\(topic)"
        let wanted: [Int64?] = offsets.map { $0 == .max ? nil : $0 }
        try await eventually("the commit") {
            try CommittedOffsets.read(address, topic, group: group, partitionCount: 4) == wanted
        }
        await log.close()
    }

    @Test("A killed process is replaced, from the offsets that it stored", arguments: dying)
    func killed(_ peer: Peer) async throws {
        let (address, topic) = try peer.open()
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("kafka-peer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let sender = try await openLog(address, topic, change: { $0.partitionCount = 4 })
        func stored() -> [Int: [(end: Int64, values: [Int])]] {
            var found: [Int: [(end: Int64, values: [Int])]] = [:]
            for partition in 0..<4 {
                let path = folder.appendingPathComponent("\(partition)").path
                let text = FileManager.default.contents(atPath: path) ?? Data()
                found[partition] = String(decoding: text, as: UTF8.self).split(separator: "\n")
                    .map { line in
                        let numbers = line.split(separator: " ").compactMap { Int64($0) }
                        return (numbers[1], numbers.dropFirst(2).map { Int($0) })
                    }
            }
            return found
        }
        let process = try SideProcess(
            PeerProgram.path,
            ["consume", address, topic, "group-\(topic)", folder.path, peer.strategy]
        )
        try await append(sender, 0..<400)
        try await eventually("the peer's first frames") { !stored().values.joined().isEmpty }
        process.kill()
        try await append(sender, 400..<600)

        let store = CheckpointStore(partitionCount: 4)
        for (partition, lines) in stored() {
            guard let end = lines.last?.end else { continue }
            let isTaken = await store.commit(
                partition,
                from: 0,
                to: end,
                lines.flatMap(\.values)
            )
            #expect(isTaken)
        }
        let reader = GroupReader(try await member(peer, address, topic), store)
        try await eventually("taking over from the dead") { await store.all.count >= 600 }
        try await reader.stop()
        #expect(await store.all.sorted() == Array(0..<600))
        await sender.close()
    }
}
