import Core
import Sources
import Testing

@testable import MQTTSource

@Suite("A session turns bytes into messages and acknowledges what is durable")
struct MQTTSessionTests {
    @Test("A connection greets, subscribes and is ready")
    func handshake() throws {
        let harness = try SessionHarness()
        harness.perform(harness.session.open(password: Array("p".utf8)))
        #expect(harness.sent.first?.first == 0x10)
        harness.receive(ServerSide.connack())
        #expect(harness.session.phase == .subscribing)
        #expect(
            harness.sent.last
                == PacketWriter.subscribe(
                    ["plant/+/+"],
                    qualityOfService: 1,
                    packetID: 1,
                    version: .v5
                )
        )
        harness.receive(ServerSide.suback([1]))
        #expect(harness.session.phase == .ready)
        #expect(harness.readyCount == 1)
        #expect(harness.failures.isEmpty)
        #expect(harness.warnings.isEmpty)
    }

    @Test("Nothing is acknowledged before the batch is complete, and then all at once")
    func acknowledgement() throws {
        let harness = try SessionHarness.ready()
        harness.receive(
            ServerSide.publish("plant/m/t", "1", packetID: 5)
                + ServerSide.publish("plant/m/t", "2", packetID: 6)
                + ServerSide.publish("plant/m/t", "3", packetID: nil)
        )
        #expect(harness.sent.isEmpty)
        #expect(harness.wakeCount == 1)
        let batch = try harness.take()
        #expect(SessionHarness.payloads(batch) == ["1", "2", "3"])
        #expect(batch.message(at: 0).device == "m")
        #expect(batch.message(at: 0).sensor == "t")
        #expect(batch.message(at: 0).receivedAt == Timestamp(seconds: 7))
        harness.receive(ServerSide.publish("plant/m/t", "4", packetID: 7))
        #expect(throws: FleetError.self, "one batch at a time") { try harness.take() }
        #expect(harness.session.undeliveredCount == 4)
        #expect(harness.complete() == ServerSide.puback([5, 6]))
        let next = harness.deliver()
        #expect(next.payloads == ["4"])
        #expect(next.sent == ServerSide.puback([7]))
        #expect(harness.session.isDrained)
        #expect(harness.session.status.acknowledgedCount == 3)
        #expect(harness.session.status.receivedCount == 4)
    }

    @Test("A stream may be cut at any byte")
    func cuts() throws {
        let stream =
            ServerSide.connack() + ServerSide.suback([1])
            + ServerSide.publish("plant/m/t", "first", packetID: 1)
            + ServerSide.pingresp
            + ServerSide.publish("plant/m/t", String(repeating: "x", count: 200), packetID: 2)
            + ServerSide.publish("plant/m/t", "last", packetID: nil)
        let expected = ["first", String(repeating: "x", count: 200), "last"]
        for cut in 0...stream.count {
            for step in [1, 7, stream.count] {
                let harness = try SessionHarness()
                harness.perform(harness.session.open(password: nil))
                harness.receive(Array(stream[..<cut]))
                var index = cut
                while index < stream.count {
                    let end = min(index + step, stream.count)
                    harness.receive(Array(stream[index..<end]))
                    index = end
                }
                #expect(harness.failures.isEmpty)
                let delivered = harness.deliver()
                #expect(delivered.payloads == expected, "cut at \(cut), steps of \(step)")
                #expect(delivered.sent == ServerSide.puback([1, 2]))
            }
        }
    }

    @Test("Random bytes end in a typed error or wait for more, and never trap")
    func randomBytes() throws {
        var random = SystemRandomNumberGenerator()
        let valid =
            ServerSide.publish("plant/m/t", "21.5", packetID: 9) + ServerSide.pingresp
            + ServerSide.disconnect(0x8B, "bye")
        for round in 0..<4000 {
            let harness = try SessionHarness.ready { $0.messageByteCountMax = 1024 }
            var bytes = valid
            if round % 2 == 0 {
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] =
                        UInt8.random(in: 0...255, using: &random)
                }
            } else {
                let count = Int.random(in: 0...64, using: &random)
                bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
            harness.receive(bytes)
            harness.receive(bytes)
            for failure in harness.failures { #expect(!failure.description.isEmpty) }
            _ = harness.deliver()
        }
    }

    @Test("A message that is too large is kept cut short, and what follows is read")
    func oversize() throws {
        for step in [1, 100, 5000, 1_000_000] {
            let harness = try SessionHarness.ready { $0.messageByteCountMax = 8192 }
            let large = String(repeating: "y", count: 100_000)
            let stream =
                ServerSide.publish("plant/m/t", large, packetID: 1)
                + ServerSide.publish("plant/m/t", "next", packetID: 2)
            var index = 0
            while index < stream.count {
                let end = min(index + step, stream.count)
                harness.receive(Array(stream[index..<end]))
                index = end
            }
            #expect(harness.failures.isEmpty)
            let batch = try harness.take()
            #expect(batch.count == 2)
            #expect(batch.message(at: 0).marks == .isTruncated)
            #expect(batch.message(at: 0).payload.count == MQTTSession.truncatedByteCount)
            #expect(batch.message(at: 0).device == "m")
            #expect(batch.message(at: 1).payload == Array("next".utf8))
            #expect(harness.complete() == ServerSide.puback([1, 2]))
            #expect(harness.session.status.truncatedCount == 1)
        }
    }

    @Test("A packet that is too large and no message ends the connection")
    func oversizeAnswer() throws {
        let harness = try SessionHarness { $0.messageByteCountMax = 1024 }
        harness.perform(harness.session.open(password: nil))
        harness.receive([0x20, 0xFF, 0xFF, 0x7F])
        #expect(harness.failures.count == 1)
        #expect(harness.failures.first?.description.contains("CONNACK") == true)
    }

    @Test("A topic that no template names is given on as such")
    func unmatched() throws {
        let harness = try SessionHarness.ready()
        harness.receive(ServerSide.publish("office/x", "1", packetID: 1))
        let batch = try harness.take()
        #expect(batch.message(at: 0).marks == .isUnmatched)
        #expect(batch.message(at: 0).device == nil)
        #expect(harness.complete() == ServerSide.puback([1]))
        #expect(harness.session.status.unmatchedCount == 1)
    }

    // Reconnecting.

    @Test("What was received before a connection broke is given on, and once only")
    func reconnect() throws {
        let harness = try SessionHarness.ready()
        harness.receive(ServerSide.publish("plant/m/t", "durable", packetID: 1))
        #expect(SessionHarness.payloads(try harness.take()) == ["durable"])
        harness.receive(ServerSide.publish("plant/m/t", "pending", packetID: 2))
        harness.session.disconnected()
        #expect(harness.complete().isEmpty, "nobody to acknowledge to")
        harness.connect(isSessionPresent: true)
        #expect(harness.session.phase == .ready, "no second subscription")
        harness.receive(
            ServerSide.publish("plant/m/t", "durable", packetID: 1, isRepeated: true)
                + ServerSide.publish("plant/m/t", "pending", packetID: 2, isRepeated: true)
                + ServerSide.publish("plant/m/t", "missed", packetID: 3, isRepeated: true)
        )
        #expect(harness.sent == [ServerSide.puback([1])])
        let rest = harness.deliver()
        #expect(rest.payloads == ["pending", "missed"])
        #expect(rest.sent == ServerSide.puback([2, 3]))
        #expect(harness.session.status.repeatedCount == 2)
        #expect(harness.session.status.acknowledgedCount == 3)
    }

    @Test("A broker that has lost the session is subscribed at again, and nothing is lost")
    func newSession() throws {
        let harness = try SessionHarness.ready()
        harness.receive(ServerSide.publish("plant/m/t", "1", packetID: 1))
        harness.session.disconnected()
        harness.perform(harness.session.open(password: nil))
        harness.receive(ServerSide.connack(isSessionPresent: false))
        #expect(harness.session.phase == .subscribing)
        harness.receive(
            ServerSide.publish("plant/m/t", "2", packetID: 1)
                + ServerSide.suback([1], packetID: 2)
        )
        let delivered = harness.deliver()
        #expect(delivered.payloads == ["1", "2"])
        #expect(delivered.sent == ServerSide.puback([1]), "once, for the message of this session")
    }

    @Test("A packet that was cut by the end of a connection does not reach into the next")
    func cutByEnd() throws {
        let harness = try SessionHarness.ready()
        harness.receive(Array(ServerSide.publish("plant/m/t", "1234567", packetID: 1).dropLast(3)))
        harness.session.disconnected()
        harness.connect(isSessionPresent: true)
        harness.receive(ServerSide.publish("plant/m/t", "whole", packetID: 1, isRepeated: true))
        #expect(harness.deliver().payloads == ["whole"])
    }

    // Limits.

    @Test("Reading pauses at the limit of messages and goes on when they are taken")
    func messageLimit() throws {
        let harness = try SessionHarness.ready { $0.pendingMessageCountMax = 3 }
        for packetID: UInt16 in 1...3 {
            #expect(harness.mayRead())
            harness.receive(ServerSide.publish("plant/m/t", "1", packetID: packetID))
        }
        #expect(!harness.mayRead())
        #expect(harness.session.isPaused)
        #expect(harness.deliver().payloads.count == 3)
        #expect(harness.mayRead())
    }

    @Test("Reading pauses at the limit of bytes")
    func byteLimit() throws {
        let harness = try SessionHarness.ready { $0.pendingByteCountMax = 1024 }
        harness.receive(
            ServerSide.publish("plant/m/t", String(repeating: "x", count: 1100), packetID: 1)
        )
        #expect(!harness.mayRead())
    }

    @Test("A connection is greeted although messages of the last one still wait")
    func fullAndReconnecting() throws {
        let harness = try SessionHarness.ready { $0.pendingMessageCountMax = 1 }
        harness.receive(ServerSide.publish("plant/m/t", "1", packetID: 1))
        #expect(!harness.mayRead())
        harness.session.disconnected()
        harness.perform(harness.session.open(password: nil))
        #expect(harness.mayRead())
        harness.receive(ServerSide.connack(isSessionPresent: true))
        #expect(harness.session.phase == .ready)
        #expect(!harness.mayRead())
    }

    // Signs of life.

    @Test("A silent broker is asked, and given up when it does not answer")
    func keepAlive() throws {
        let harness = try SessionHarness.ready()
        #expect(harness.session.tickInterval == .seconds(15))
        harness.perform(harness.session.tick())
        #expect(harness.sent == [PacketWriter.ping])
        harness.receive(ServerSide.pingresp)
        harness.perform(harness.session.tick())
        #expect(harness.failures.isEmpty)
        harness.perform(harness.session.tick())
        #expect(harness.failures.first?.error.code == .timeout)
    }

    @Test("A broker that is not read because the sink is busy is not given up")
    func pausedKeepAlive() throws {
        let harness = try SessionHarness.ready { $0.pendingMessageCountMax = 1 }
        harness.receive(ServerSide.publish("plant/m/t", "1", packetID: 1))
        #expect(!harness.mayRead())
        for _ in 0..<5 { harness.perform(harness.session.tick()) }
        #expect(harness.failures.isEmpty)
        #expect(harness.sent.count == 5, "the broker hears of us all the time")
        _ = harness.deliver()
        #expect(harness.mayRead())
        harness.perform(harness.session.tick())
        #expect(harness.failures.isEmpty, "it was paused since the last look")
        harness.perform(harness.session.tick())
        #expect(harness.failures.count == 1)
    }

    @Test("A broker that does not answer at all is given up")
    func noAnswer() throws {
        let harness = try SessionHarness()
        harness.perform(harness.session.open(password: nil))
        #expect(harness.session.tickInterval == harness.session.settings.connectTimeout)
        harness.perform(harness.session.tick())
        #expect(harness.failures.first?.error.code == .timeout)
    }

    @Test("The broker's own keep alive counts when it is shorter")
    func serverKeepAlive() throws {
        let harness = try SessionHarness()
        harness.perform(harness.session.open(password: nil))
        harness.receive(ServerSide.connack(properties: [0x13, 0, 10]))
        harness.receive(ServerSide.suback([1]))
        #expect(harness.session.tickInterval == .seconds(5))
    }

    // The end.

    @Test("After finish nothing more is taken, and the goodbye comes after the acknowledgement")
    func finish() throws {
        let harness = try SessionHarness.ready()
        harness.receive(ServerSide.publish("plant/m/t", "1", packetID: 1))
        harness.session.finish()
        harness.receive(ServerSide.publish("plant/m/t", "2", packetID: 2))
        #expect(!harness.mayRead())
        #expect(!harness.session.isDrained)
        let delivered = harness.deliver()
        #expect(delivered.payloads == ["1"])
        #expect(delivered.sent == ServerSide.puback([1]))
        #expect(harness.session.isDrained)
        #expect(harness.goodbye() == PacketWriter.disconnect(.success, version: .v5))
        #expect(harness.goodbye().isEmpty)
        #expect(harness.mayRead(), "what still comes is thrown away")
    }
}
