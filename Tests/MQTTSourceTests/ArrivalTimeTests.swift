import Core
import Sources
import TestKit
import Testing

@testable import MQTTSource

@Suite("Messages arrive one after another")
struct ArrivalTimeTests {
    private static func messages(_ count: Int) -> [UInt8] {
        (0..<count).flatMap { ServerSide.publish("plant/m/t", "\($0)", packetID: UInt16($0 + 1)) }
    }

    private static func times(_ batch: MessageBatch) -> [Int64] {
        (0..<batch.count).map { batch.message(at: $0).receivedAt.microseconds }
    }

    @Test("Those of one read, and of reads at one time, have times that ascend")
    func ascending() throws {
        let harness = try SessionHarness.ready()
        harness.receive(Self.messages(3))
        harness.receive(ServerSide.publish("plant/m/t", "x", packetID: 9))
        #expect(Self.times(try harness.take()) == [7_000_000, 7_000_001, 7_000_002, 7_000_003])
    }

    @Test("A clock that goes on is followed, and so is one that was put back")
    func clock() throws {
        let harness = try SessionHarness.ready()
        func receive(_ bytes: [UInt8], at time: Timestamp) {
            harness.perform(bytes.withUnsafeBytes { harness.session.receive($0, at: time) })
        }
        receive(ServerSide.publish("plant/m/t", "1", packetID: 1), at: Timestamp(seconds: 100))
        let early = Timestamp(microseconds: 99_900_000)
        receive(ServerSide.publish("plant/m/t", "2", packetID: 2), at: early)
        receive(ServerSide.publish("plant/m/t", "3", packetID: 3), at: Timestamp(seconds: 101))
        receive(ServerSide.publish("plant/m/t", "4", packetID: 4), at: Timestamp(seconds: 50))
        let expected: [Int64] = [100_000_000, 100_000_001, 101_000_000, 50_000_000]
        #expect(Self.times(try harness.take()) == expected)
    }

    @Test("The next connection goes on after the last one")
    func connections() throws {
        let harness = try SessionHarness.ready()
        harness.receive(Self.messages(2))
        _ = harness.deliver()
        harness.session.disconnected()
        harness.connect(isSessionPresent: true)
        harness.receive(Self.messages(1))
        #expect(Self.times(try harness.take()) == [7_000_002])
    }

    @Test(
        "A hundred numbers that mosquitto sends at once have a hundred times",
        .enabled(if: Broker.isThere, Broker.notice),
        .timeLimit(.minutes(1))
    )
    func mosquitto() async throws {
        let broker = try await Broker()
        let rig = BrokerRig(
            port: broker.port,
            settings: MQTTSettings(
                url: broker.url,
                clientID: "me",
                topics: ["plant/{device}/{sensor}"]
            )
        )
        let sink = RecordingSink()
        try await SourceContract.running(try rig.source(sink)) {
            try await rig.publish(0..<100)
            try await SourceContract.until("all arrived") { sink.messageCount == 100 }
        }
        let times = sink.messages.map(\.receivedAt)
        #expect(Set(times).count == 100)
        #expect(times == times.sorted())
    }
}
