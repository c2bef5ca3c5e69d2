import Core
import Logging
import Sources
import TestKit
import Testing

@testable import MQTTSource

@Suite("The contract of sources", .timeLimit(.minutes(2)))
struct MQTTSourceContractTests {
    @Test("The in-memory twin keeps the promises of a source", arguments: SourceContract.checks)
    func memory(check: SourceContract.Check) async throws {
        try await check.run(MemoryRig())
    }

    @Test(
        "A subscription at mosquitto keeps the promises of a source",
        .enabled(if: Broker.isThere, Broker.notice),
        arguments: SourceContract.checks,
        MQTTSettings.ProtocolChoice.allCases
    )
    func mosquitto(
        check: SourceContract.Check,
        protocolChoice: MQTTSettings.ProtocolChoice
    ) async throws {
        let broker = try await Broker()
        var settings = MQTTSettings(
            url: broker.url,
            clientID: "contract",
            topics: ["plant/{device}/{sensor}"]
        )
        settings.protocolChoice = protocolChoice
        settings.reconnect = Backoff(first: .milliseconds(20), longest: .milliseconds(200))
        let rig = BrokerRig(port: broker.port, settings: settings)
        // A session is there from the first run on.
        let first = try rig.makeSource(RecordingSink())
        try await SourceContract.running(first) {}
        try await check.run(rig)
    }
}

struct MemoryRig: SourceContract.Rig {
    private let queue = MemoryQueue()

    func publish(_ payloads: Range<Int>) async throws {
        for payload in payloads {
            queue.publish(
                SourceMessage(
                    address: "plant/d/s",
                    device: "d",
                    sensor: "s",
                    payload: Array("\(payload)".utf8),
                    receivedAt: Timestamp(seconds: 0)
                )
            )
        }
    }

    func makeSource(_ sink: any EventSink) throws -> any EventSource {
        MemorySource(
            name: "plant",
            queue: queue,
            sink: sink,
            clock: SourceContract.clock,
            wallClock: SystemWallClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }
}

struct BrokerRig: SourceContract.Rig {
    let port: Int
    let settings: MQTTSettings

    func publish(_ payloads: Range<Int>) async throws {
        try await TestPublisher.publish(
            payloads.map {
                TestPublisher.Message(topic: "plant/d\($0 % 7)/s", payload: Array("\($0)".utf8))
            },
            port: port
        )
    }

    func makeSource(_ sink: any EventSink) throws -> any EventSource {
        try source(sink)
    }

    func source(
        _ sink: any EventSink,
        _ change: (inout MQTTSettings) -> Void = { _ in }
    ) throws -> MQTTSource {
        var settings = settings
        change(&settings)
        return try MQTTSource(
            name: "plant",
            settings: settings,
            sink: sink,
            clock: SourceContract.clock,
            wallClock: SystemWallClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }
}
