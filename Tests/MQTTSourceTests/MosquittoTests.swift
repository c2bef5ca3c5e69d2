import Core
import Foundation
import Logging
import Sources
import TestKit
import Testing

@testable import MQTTSource

@Suite(
    "Subscriptions at mosquitto",
    .enabled(if: Broker.isThere, Broker.notice),
    .timeLimit(.minutes(2))
)
struct MosquittoTests {
    private static func rig(
        _ broker: Broker,
        _ change: (inout MQTTSettings) -> Void = { _ in }
    ) -> BrokerRig {
        var settings = MQTTSettings(
            url: broker.url,
            clientID: "me",
            topics: ["plant/{device}/{sensor}"]
        )
        settings.reconnect = Backoff(first: .milliseconds(20), longest: .milliseconds(200))
        settings.refusedDelay = .milliseconds(100)
        change(&settings)
        return BrokerRig(port: broker.port, settings: settings)
    }

    private static func numbers(_ range: Range<Int>) -> Set<String> {
        Set(range.map(String.init))
    }

    @Test("Nothing is lost when the broker restarts while messages are under way")
    func brokerRestarts() async throws {
        let broker = try await Broker()
        let rig = Self.rig(broker) { $0.receiveMaximum = 50 }
        let sink = RecordingSink(delay: .milliseconds(5))
        let source = try rig.source(sink)
        try await SourceContract.running(source) {
            try await rig.publish(0..<2000)
            try await SourceContract.until("some arrived") { sink.messageCount > 100 }
            try await broker.stop()
            try await SourceContract.until("it is noticed") { !source.status.isConnected }
            #expect(source.status.lastError != nil)
            try await broker.start()
            try await rig.publish(2000..<2500)
            try await SourceContract.until("all arrived") {
                Set(sink.payloads).count >= 2500
            }
            try await SourceContract.until("all are acknowledged") {
                source.status.pendingCount == 0
            }
        }
        #expect(Set(sink.payloads) == Self.numbers(0..<2500))
        #expect(source.status.connectionCount == 2)
        // All that is left to come again is what was acknowledged while the connection broke.
        let rest = RecordingSink()
        try await SourceContract.running(try rig.source(rest)) {
            try await rig.publish(2500..<2501)
            try await SourceContract.until("the last arrives") { rest.payloads.contains("2500") }
        }
        #expect(rest.payloads == ["2500"])
    }

    @Test("Messages that come again after a broken connection reach the sink once")
    func onceAcrossConnections() async throws {
        let broker = try await Broker()
        let rig = Self.rig(broker)
        let sink = RecordingSink(isOpen: false)
        let source = try rig.source(sink)
        try await SourceContract.running(source) {
            try await rig.publish(0..<300)
            try await SourceContract.until("all are here") { source.status.pendingCount == 300 }
            try await broker.stop()
            try await SourceContract.until("it is noticed") { !source.status.isConnected }
            try await broker.start()
            try await SourceContract.until("all came again") {
                source.status.repeatedCount == 300
            }
            sink.open()
            try await SourceContract.until("all are acknowledged") {
                source.status.acknowledgedCount == 300
            }
        }
        #expect(sink.payloads == (0..<300).map(String.init), "each once, in order")
    }

    @Test("A broker that is not there yet is waited for")
    func lateBroker() async throws {
        let broker = try await Broker()
        try await broker.stop()
        let rig = Self.rig(broker)
        let sink = RecordingSink()
        let source = try rig.source(sink)
        let run = Task { try await source.run() }
        try await SourceContract.until("it waits") { source.status.phase == .waiting }
        #expect(source.status.lastError?.contains("cannot talk to the broker") == true)
        try await broker.start()
        try await SourceContract.until("connected") { source.status.isConnected }
        try await rig.publish(0..<5)
        try await SourceContract.until("all arrived") { sink.messageCount == 5 }
        source.finish()
        try await run.value
    }

    @Test("Two clients of a group share the messages, each message once")
    func shared() async throws {
        let broker = try await Broker()
        let sinks = [RecordingSink(), RecordingSink()]
        let sources = try sinks.enumerated().map { index, sink in
            try Self.rig(broker) {
                $0.clientID = "client-\(index)"
                $0.shareGroup = "group"
            }.source(sink)
        }
        try await SourceContract.running(sources[0]) {
            try await SourceContract.running(sources[1]) {
                try await Self.rig(broker).publish(0..<1000)
                try await SourceContract.until("all arrived") {
                    sinks[0].messageCount + sinks[1].messageCount >= 1000
                }
            }
        }
        #expect(Set(sinks[0].payloads + sinks[1].payloads) == Self.numbers(0..<1000))
        #expect(sinks[0].messageCount + sinks[1].messageCount == 1000)
        #expect(sinks.allSatisfy { $0.messageCount > 100 })
    }

    @Test("TLS with an authority of one's own", arguments: ["localhost", "127.0.0.1"])
    func tls(host: String) async throws {
        let broker = try await Broker(Broker.Options(usesTLS: true))
        let rig = Self.rig(broker) {
            $0.url = "mqtts://\(host):\(broker.tlsPort)"
            $0.caFile = broker.folder.appendingPathComponent("ca.pem").path
        }
        let sink = RecordingSink()
        try await SourceContract.running(try rig.source(sink)) {
            try await rig.publish(0..<3000)
            try await SourceContract.until("all arrived") { sink.messageCount >= 3000 }
        }
        #expect(sink.payloads == (0..<3000).map(String.init))
    }

    @Test("A broker of another authority is not talked to, and the status says why")
    func wrongAuthority() async throws {
        let broker = try await Broker(Broker.Options(usesTLS: true))
        let sink = RecordingSink()
        let source = try Self.rig(broker) {
            $0.url = "mqtts://localhost:\(broker.tlsPort)"
            $0.caFile = broker.folder.appendingPathComponent("other.pem").path
        }.source(sink)
        let run = Task { try await source.run() }
        try await SourceContract.until("it is refused") {
            source.status.lastError?.contains("certificate is not trusted") == true
        }
        #expect(source.status.connectionCount == 0)
        run.cancel()
        await #expect(throws: CancellationError.self) { try await run.value }
    }

    @Test("A certificate file that is missing is named")
    func missingFile() async throws {
        let broker = try await Broker()
        let source = try Self.rig(broker) {
            $0.url = "mqtts://localhost:\(broker.port)"
            $0.caFile = "missing.pem"
        }.source(RecordingSink())
        let run = Task { try await source.run() }
        try await SourceContract.until("it is named") {
            source.status.lastError?.contains("missing.pem") == true
        }
        run.cancel()
        _ = await run.result
    }

    @Test(
        "A wrong password is told, and the right one is used as soon as it is there",
        arguments: MQTTSettings.ProtocolChoice.allCases
    )
    func password(protocolChoice: MQTTSettings.ProtocolChoice) async throws {
        let broker = try await Broker(
            Broker.Options(anonymous: false, users: [("ann", "right")])
        )
        let file = broker.folder.appendingPathComponent("secret").path
        try "wrong\n".write(toFile: file, atomically: true, encoding: .utf8)
        let sink = RecordingSink()
        let source = try Self.rig(broker) {
            $0.username = "ann"
            $0.passwordFile = file
            $0.protocolChoice = protocolChoice
        }.source(sink)
        let run = Task { try await source.run() }
        try await SourceContract.until("it is refused") {
            source.status.phase == .waiting && source.status.lastError != nil
        }
        let reason = source.status.lastError ?? ""
        #expect(reason.contains("not authorized") || reason.contains("bad user name or password"))
        #expect(reason.contains("password_file"))
        #expect(!reason.contains("wrong"), "the password is not told")
        try "right\n".write(toFile: file, atomically: true, encoding: .utf8)
        try await SourceContract.until("connected") { source.status.isConnected }
        try await TestPublisher.publish(
            [TestPublisher.Message(topic: "plant/m/t", payload: [0x31])],
            port: broker.port,
            user: ("ann", "right")
        )
        try await SourceContract.until("it arrived") { sink.messageCount == 1 }
        source.finish()
        try await run.value
    }

    @Test("A slow sink slows the broker: what waits is bounded, and all of it arrives")
    func backPressure() async throws {
        let broker = try await Broker()
        let limit = 64 << 10
        let rig = Self.rig(broker) {
            $0.receiveMaximum = 65_535
            $0.pendingByteCountMax = limit
        }
        let sink = RecordingSink(isOpen: false)
        let source = try rig.source(sink)
        let payload = [UInt8](repeating: 0x31, count: 2000)
        try await SourceContract.running(source) {
            try await TestPublisher.publish(
                (0..<5000).map {
                    TestPublisher.Message(
                        topic: "plant/m/t",
                        payload: Array("\($0) ".utf8) + payload
                    )
                },
                port: broker.port
            )
            try await SourceContract.until("it is full") { source.status.pendingCount > 50 }
            sink.open()
            // One batch in hand and one that waits, each with one read of the socket on top.
            var largest = 0
            try await SourceContract.until("all arrived") {
                largest = max(largest, source.status.pendingCount)
                return sink.messageCount >= 5000
            }
            #expect(largest * 2000 < 2 * (limit + (1 << 20)), "\(largest) messages waited")
        }
        #expect(sink.largestByteCount < limit + (1 << 20))
        #expect(
            sink.messages.map { $0.payload.prefix { $0 != 0x20 } }
                .map { String(decoding: $0, as: UTF8.self) } == (0..<5000).map(String.init)
        )
    }

    @Test("A client that is put out by another of its name says what may be wrong")
    func takenOver() async throws {
        let broker = try await Broker()
        let first = try Self.rig(broker) {
            $0.reconnect = Backoff(first: .seconds(60), longest: .seconds(60))
        }
        .source(RecordingSink())
        let run = Task { try await first.run() }
        try await SourceContract.until("connected") { first.status.isConnected }
        try await SourceContract.running(try Self.rig(broker).source(RecordingSink())) {
            try await SourceContract.until("the first is put out") {
                first.status.lastError != nil
            }
        }
        #expect(first.status.lastError?.contains("same client_id") == true, "\(first.status)")
        run.cancel()
        _ = await run.result
    }

    @Test("A sink that is stuck does not hold up the end beyond the deadline")
    func deadline() async throws {
        let broker = try await Broker()
        let rig = Self.rig(broker) { $0.shutdownTimeout = .milliseconds(50) }
        let sink = RecordingSink(isOpen: false)
        let source = try rig.source(sink)
        try await SourceContract.running(source) {
            try await rig.publish(0..<10)
            try await SourceContract.until("offered") { sink.offeredCount > 0 }
        }
        #expect(source.status.phase == .stopped)
        #expect(source.status.acknowledgedCount == 0)
        let next = RecordingSink()
        try await SourceContract.running(try rig.source(next)) {
            try await SourceContract.until("all came again") { next.messageCount >= 10 }
        }
        #expect(next.payloads == (0..<10).map(String.init))
    }

    @Test("Finish while there is no broker ends at once")
    func finishUnconnected() async throws {
        let broker = try await Broker()
        try await broker.stop()
        let source = try Self.rig(broker) {
            $0.reconnect = Backoff(first: .seconds(60), longest: .seconds(60))
        }.source(RecordingSink())
        let run = Task { try await source.run() }
        try await SourceContract.until("it waits") { source.status.phase == .waiting }
        source.finish()
        try await run.value
        #expect(source.status.phase == .stopped)
    }

    @Test("QoS 0 needs no acknowledgement, and a retained message comes to a new subscription")
    func qualityOfServiceZero() async throws {
        let broker = try await Broker()
        try await TestPublisher.publish(
            [TestPublisher.Message(topic: "plant/m/t", payload: [0x37], isRetained: true)],
            port: broker.port
        )
        let rig = Self.rig(broker) {
            $0.qualityOfService = 0
            $0.sessionExpiry = .zero
        }
        let sink = RecordingSink()
        let source = try rig.source(sink)
        try await SourceContract.running(source) {
            try await SourceContract.until("the retained one is here") { sink.messageCount == 1 }
            try await TestPublisher.publish(
                (0..<200).map {
                    TestPublisher.Message(topic: "plant/m/t", payload: Array("\($0)".utf8))
                },
                port: broker.port,
                qualityOfService: 0
            )
            try await SourceContract.until("all arrived") { sink.messageCount == 201 }
        }
        #expect(source.status.acknowledgedCount == 0)
        #expect(sink.payloads.first == "7")
    }

    @Test("A message that is too large is given on cut short, and the rest of the day goes on")
    func oversize() async throws {
        let broker = try await Broker()
        let rig = Self.rig(broker) { $0.messageByteCountMax = 10_000 }
        let sink = RecordingSink()
        try await SourceContract.running(try rig.source(sink)) {
            try await TestPublisher.publish(
                [
                    TestPublisher.Message(
                        topic: "plant/m/t",
                        payload: [UInt8](repeating: 0x31, count: 3_000_000)
                    ),
                    TestPublisher.Message(topic: "plant/m/t", payload: [0x32]),
                ],
                port: broker.port
            )
            try await SourceContract.until("both arrived") { sink.messageCount == 2 }
        }
        #expect(sink.messages.map(\.marks) == [.isTruncated, []])
    }
}
