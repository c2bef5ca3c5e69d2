import Core
import Sources
import Testing

@testable import MQTTSource

@Suite("Refusals of a broker say why, and how soon to try again")
struct RefusalTests {
    private func greeted(
        _ bytes: [UInt8],
        _ change: (inout MQTTSettings) -> Void = { _ in }
    ) throws -> SessionHarness {
        let harness = try SessionHarness(change)
        harness.perform(harness.session.open(password: nil))
        harness.receive(bytes)
        return harness
    }

    struct Refusal: Sendable {
        let code: UInt8
        let text: String
        let isTransient: Bool
    }

    @Test(
        "A refused connection names the reason",
        arguments: [
            Refusal(code: 0x86, text: "bad user name or password", isTransient: false),
            Refusal(code: 0x87, text: "not authorized", isTransient: false),
            Refusal(code: 0x85, text: "client_id", isTransient: false),
            Refusal(code: 0x88, text: "server unavailable", isTransient: true),
            Refusal(code: 0x89, text: "server busy", isTransient: true),
            Refusal(code: 0x8C, text: "authentication", isTransient: false),
            Refusal(code: 0x9F, text: "connection rate exceeded", isTransient: true),
            Refusal(code: 0xFE, text: "reason 254", isTransient: false),
        ]
    )
    func connect(_ sample: Refusal) throws {
        let harness = try greeted(ServerSide.connack(sample.code))
        let failure = try #require(harness.failures.first)
        #expect(failure.description.contains(sample.text))
        #expect(failure.isTransient == sample.isTransient)
        #expect(!failure.isUnknownVersion)
        #expect(harness.session.phase == .offline)
    }

    @Test("The broker's own words and another server are told")
    func words() throws {
        let properties: [UInt8] =
            [0x1F, 0, 4] + Array("full".utf8) + [0x1C, 0, 5] + Array("other".utf8)
        let harness = try greeted(ServerSide.connack(0x9D, properties: properties))
        let failure = try #require(harness.failures.first)
        #expect(failure.description.contains("server moved (full)"))
        #expect(failure.description.contains("the broker names other"))
    }

    @Test("Both ways of saying that version 5 is unknown are understood")
    func unknownVersion() throws {
        for answer in [ServerSide.connack(0x84), ServerSide.connack(1, properties: nil)] {
            let harness = try greeted(answer)
            #expect(harness.failures.first?.isUnknownVersion == true)
        }
    }

    @Test("A broker without what these settings need is refused with what to change")
    func lacks() throws {
        let unshared = try greeted(ServerSide.connack(properties: [0x2A, 0])) {
            $0.shareGroup = "g"
        }
        #expect(unshared.failures.first?.description.contains("take out share") == true)
        let plain = try greeted(ServerSide.connack(properties: [0x28, 0]))
        #expect(plain.failures.first?.description.contains("plant/+/+") == true)
        let exact = try greeted(ServerSide.connack(properties: [0x28, 0])) { $0.topics = ["a"] }
        #expect(exact.failures.isEmpty)
    }

    @Test("A shorter life of the session is told")
    func expiry() throws {
        let harness = try greeted(ServerSide.connack(properties: [0x11, 0, 0, 0, 60]))
        #expect(harness.warnings.first?.contains("60 s only") == true)
        #expect(harness.failures.isEmpty)
    }

    @Test("A refused subscription is told; the others are used")
    func partialSubscription() throws {
        let harness = try greeted(ServerSide.connack()) { $0.topics = ["a", "b", "c"] }
        harness.receive(ServerSide.suback([1, 0x87, 0]))
        #expect(harness.session.phase == .ready)
        #expect(harness.warnings.count == 2)
        #expect(harness.warnings.first?.contains("\"b\": not authorized") == true)
        #expect(harness.warnings.last?.contains("\"c\" QoS 0 only") == true)
        harness.session.disconnected()
        harness.perform(harness.session.open(password: nil))
        harness.receive(ServerSide.connack(isSessionPresent: true))
        #expect(harness.session.phase == .subscribing, "it is tried again")
    }

    @Test("When every subscription is refused the connection is given up until somebody acts")
    func noSubscription() throws {
        let harness = try greeted(ServerSide.connack())
        harness.receive(ServerSide.suback([0x80]))
        #expect(harness.failures.first?.isTransient == false)
        #expect(harness.failures.first?.description.contains("plant/+/+") == true)
    }

    @Test("A broker that ends the connection says why")
    func disconnect() throws {
        let harness = try SessionHarness.ready()
        harness.receive(ServerSide.disconnect(0x8E))
        let failure = try #require(harness.failures.first)
        #expect(failure.description.contains("session taken over"))
        #expect(failure.description.contains("client_id"))
        #expect(!failure.isTransient)
        let restarting = try SessionHarness.ready()
        restarting.receive(ServerSide.disconnect(0x8B, "maintenance"))
        #expect(restarting.failures.first?.isTransient == true)
        #expect(restarting.failures.first?.description.contains("maintenance") == true)
    }

    @Test(
        "Packets out of place end the connection with a reason",
        arguments: [
            [0x10, 0], [0x40, 2, 0, 1], [0x50, 2, 0, 1], [0x62, 2, 0, 1], [0x82, 0],
            [0x90, 3, 0, 1, 0],
            [0xA2, 0], [0xB0, 0], [0xC0, 0], [0xF0, 0], [0x20, 2, 0, 0], [0x00, 0], [0xD1, 0],
            [0xD0, 1, 0], [0x34, 7, 0, 1, 0x61, 0, 1, 0, 0],
        ] as [[UInt8]]
    )
    func outOfPlace(_ bytes: [UInt8]) throws {
        let harness = try SessionHarness.ready()
        harness.receive(bytes)
        #expect(harness.failures.count == 1)
        let reason = try #require(harness.sent.last)
        #expect(reason.first == 0xE0)
        #expect(reason.last ?? 0 >= 0x80)
    }

    @Test("An answer to other subscriptions, or a message before the greeting, is an error")
    func wrongAnswers() throws {
        let harness = try greeted(ServerSide.connack())
        harness.receive(ServerSide.suback([1], packetID: 77))
        #expect(harness.failures.count == 1)
        let counted = try greeted(ServerSide.connack())
        counted.receive(ServerSide.suback([1, 1]))
        #expect(counted.failures.first?.description.contains("2 subscriptions") == true)
        let early = try greeted(ServerSide.publish("plant/m/t", "1", packetID: 1))
        #expect(early.failures.count == 1)
    }
}
