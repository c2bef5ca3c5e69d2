import CRdKafka
import Core
import Testing

@testable import KafkaLog

@Suite("Members of a consumer group", .timeLimit(.minutes(3)))
struct KafkaMemberTests {
    @Test("Libraries whose cooperative members can abort share partitions by range")
    func assignor() throws {
        #expect(KafkaConfiguration.assignor(version: 0x0200_02ff) == "range")
        #expect(KafkaConfiguration.assignor(version: 0x0202_00ff) == "range")
        #expect(KafkaConfiguration.assignor(version: 0x0203_00ff) == "cooperative-sticky")
        let settings = KafkaSettings(brokers: "a:1", topic: "t")
        let strategy = KafkaConfiguration.member(settings).properties.first {
            $0.name == "partition.assignment.strategy"
        }
        #expect(strategy?.value == KafkaConfiguration.assignor(version: rd_kafka_version()))
    }

    @Test("What an eager group gives is all a member has")
    func eager() {
        let board = KafkaBoard(partitionCount: 4, hasGroup: true)
        board.rebalance(.all([0, 1, 9]))
        #expect(board.assignment().owned == [0, 1])
        board.rebalance(.all([]))
        #expect(board.assignment().owned == [])
        board.rebalance(.all([2]))
        #expect(board.assignment().owned == [2])
        #expect(board.assignment().generation == 3)
    }

    @Test("What a cooperative group gives and takes is beside what stays")
    func cooperative() {
        let board = KafkaBoard(partitionCount: 4, hasGroup: true)
        board.rebalance(.given([0, 1]))
        board.rebalance(.taken([0]))
        board.rebalance(.given([3, 9]))
        #expect(board.assignment().owned == [1, 3])
    }

    @Test("A log without a group reads all partitions, whatever is said")
    func withoutGroup() {
        let board = KafkaBoard(partitionCount: 2, hasGroup: false)
        board.rebalance(.all([]))
        #expect(board.owns(0) && board.owns(1))
        #expect(board.assignment().owned == nil)
    }

    @Test("Members that leave before their first assignment end in order")
    func leaveAtOnce() async throws {
        let broker = try MockBroker.shared.get()
        let topic = try broker.topic()
        // In a process of its own: the fault was an abort. Several come and go at a time, so that
        // some leave while the group is sharing.
        await #expect(processExitsWith: .success) {
            [address = broker.address as String, topic = topic as String] in
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for lane in 0..<6 {
                    tasks.addTask {
                        for round in 0..<6 {
                            let log = try await openLog(address, topic, group: "at-once-\(topic)")
                            let delay = Duration.milliseconds((lane * 331 + round * 173) % 3300)
                            try await ContinuousClock().sleep(for: delay)
                            await log.close()
                        }
                    }
                }
                try await tasks.waitForAll()
            }
        }
    }
}
