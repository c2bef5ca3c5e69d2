import Core
import Sources
import TestKit
import Testing

@testable import MQTTSource

@Suite("What goes over the wire, seen by a broker", .timeLimit(.minutes(1)))
struct FakeBrokerTests {
    private func source(
        _ broker: FakeBroker,
        _ sink: any EventSink,
        _ change: (inout MQTTSettings) -> Void = { _ in }
    ) throws -> MQTTSource {
        var settings = MQTTSettings(
            url: "mqtt://127.0.0.1:\(broker.port)",
            clientID: "me",
            topics: ["plant/{device}/{sensor}"]
        )
        settings.reconnect = Backoff(first: .milliseconds(5), longest: .milliseconds(20))
        return try BrokerRig(port: broker.port, settings: settings).source(sink, change)
    }

    @Test("No acknowledgement is on the wire before the sink has returned")
    func noEarlyAcknowledgement() async throws {
        let broker = try FakeBroker([
            { broker, socket in
                try FakeBroker.greet(broker, socket)
                try socket.write(
                    ServerSide.publish("plant/m/t", "1", packetID: 1)
                        + ServerSide.publish("plant/m/t", "2", packetID: 2)
                )
                // Up to the end: two acknowledgements and the goodbye.
                try broker.read(socket, packetCount: 5)
            }
        ])
        let sink = RecordingSink(isOpen: false)
        let source = try source(broker, sink)
        try await SourceContract.running(source) {
            try await SourceContract.until("offered") { sink.offeredCount > 0 }
            try await SourceContract.until("both are here") { source.status.pendingCount == 2 }
            #expect(broker.packets() == [.connect, .subscribe])
            sink.open()
            try await SourceContract.until("acknowledged") {
                broker.packets() == [.connect, .subscribe, .puback, .puback]
            }
        }
        try await SourceContract.until("goodbye") {
            broker.packets() == [.connect, .subscribe, .puback, .puback, .disconnect]
        }
    }

    @Test("A broker that does not know version 5 is talked to in 3.1.1")
    func fallback() async throws {
        let broker = try FakeBroker([
            { broker, socket in
                try broker.read(socket, packetCount: 1)
                try socket.write(ServerSide.connack(1, properties: nil))
            },
            { broker, socket in
                try FakeBroker.greet(broker, socket, version: .v311)
                try socket.write(
                    ServerSide.publish("plant/m/t", "1", packetID: 1, version: .v311)
                )
                try broker.read(socket, packetCount: 4)
            },
        ])
        let sink = RecordingSink()
        try await SourceContract.running(try source(broker, sink)) {
            try await SourceContract.until("it arrived") { sink.messageCount == 1 }
        }
        #expect(broker.received.map { $0[8] } == [5, 4])
    }

    @Test("A fixed version 5 does not fall back; the status says what to do")
    func noFallback() async throws {
        let broker = try FakeBroker([
            { broker, socket in
                try broker.read(socket, packetCount: 1)
                try socket.write(ServerSide.connack(1, properties: nil))
            }
        ])
        let source = try source(broker, RecordingSink()) { $0.protocolChoice = .v5 }
        let run = Task { try await source.run() }
        try await SourceContract.until("it is refused") { source.status.phase == .waiting }
        #expect(source.status.lastError?.contains("set protocol") == true)
        run.cancel()
        _ = await run.result
    }

    @Test("A broker that says nothing is given up and tried again")
    func silence() async throws {
        let answers = [FakeBroker.Script](
            repeating: { broker, socket in
                try FakeBroker.greet(broker, socket)
                try broker.read(socket, packetCount: 3)
            },
            count: 20
        )
        let broker = try FakeBroker(
            [{ broker, socket in try broker.read(socket, packetCount: 9) }] + answers
        )
        let source = try source(broker, RecordingSink()) {
            $0.connectTimeout = .milliseconds(300)
        }
        let run = Task { try await source.run() }
        try await SourceContract.until("connected") { source.status.isConnected }
        #expect(source.status.lastError?.contains("did not answer") == true)
        source.finish()
        try await run.value
    }

    @Test("A broker that falls silent is asked for a sign of life, and then left")
    func keepAlive() async throws {
        let broker = try FakeBroker([
            { broker, socket in
                try FakeBroker.greet(broker, socket)
                while try broker.read(socket, packetCount: broker.packets().count + 1) {}
            },
            { broker, socket in
                try FakeBroker.greet(broker, socket)
                try broker.read(socket, packetCount: 3)
            },
        ])
        let source = try source(broker, RecordingSink()) { $0.keepAlive = .seconds(2) }
        let run = Task { try await source.run() }
        try await SourceContract.until("left and returned") { source.status.connectionCount == 2 }
        #expect(broker.packets(0) == [.connect, .subscribe, .pingreq])
        #expect(source.status.lastError?.contains("fell silent") == true)
        source.finish()
        try await run.value
    }

    @Test("Bytes that are no MQTT end the connection with a reason, and the next is a new one")
    func garbage() async throws {
        let broker = try FakeBroker([
            { broker, socket in
                try FakeBroker.greet(broker, socket)
                try socket.write(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
                try broker.read(socket, packetCount: 3)
            },
            { broker, socket in
                try FakeBroker.greet(broker, socket)
                try broker.read(socket, packetCount: 3)
            },
        ])
        let source = try source(broker, RecordingSink())
        let run = Task { try await source.run() }
        try await SourceContract.until("returned") { source.status.connectionCount == 2 }
        try await SourceContract.until("the reason was sent") {
            broker.packets(0) == [.connect, .subscribe, .disconnect]
        }
        source.finish()
        try await run.value
    }

    @Test("A connection that is closed at once is tried again with growing waits")
    func closedAtOnce() async throws {
        let scripts = [FakeBroker.Script](repeating: { _, _ in }, count: 5)
        let broker = try FakeBroker(
            scripts + [
                { broker, socket in
                    try FakeBroker.greet(broker, socket)
                    try broker.read(socket, packetCount: 3)
                }
            ]
        )
        let source = try source(broker, RecordingSink())
        try await SourceContract.running(source) {
            #expect(broker.received.count == 6)
            #expect(source.status.connectionCount == 1)
        }
    }
}
