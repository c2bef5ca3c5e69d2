import Core
import Sources

@testable import MQTTSource

/// Packets as a broker sends them.
enum ServerSide {
    static func connack(
        _ code: UInt8 = 0,
        isSessionPresent: Bool = false,
        properties: [UInt8]? = []
    ) -> [UInt8] {
        let tail = properties.map { [UInt8($0.count)] + $0 } ?? []
        return PacketWriter.packet(.connack, flags: 0, [isSessionPresent ? 1 : 0, code] + tail)
    }

    static func suback(
        _ codes: [UInt8],
        packetID: UInt16 = 1,
        version: MQTTVersion = .v5
    ) -> [UInt8] {
        var body: [UInt8] = []
        PacketWriter.append(packetID, to: &body)
        if version == .v5 { body.append(0) }
        return PacketWriter.packet(.suback, flags: 0, body + codes)
    }

    static func publish(
        _ topic: String,
        _ payload: String,
        packetID: UInt16?,
        version: MQTTVersion = .v5,
        isRepeated: Bool = false,
        properties: [UInt8] = []
    ) -> [UInt8] {
        TestPublisher.packet(
            TestPublisher.Message(topic: topic, payload: Array(payload.utf8)),
            packetID: packetID,
            version: version,
            isRepeated: isRepeated,
            properties: properties
        )
    }

    static func puback(_ packetIDs: [UInt16]) -> [UInt8] {
        var bytes: [UInt8] = []
        for packetID in packetIDs {
            PacketWriter.appendAcknowledgement(of: packetID, to: &bytes)
        }
        return bytes
    }

    static func disconnect(_ code: UInt8, _ reason: String = "") -> [UInt8] {
        var properties: [UInt8] = []
        if !reason.isEmpty {
            properties.append(0x1F)
            PacketWriter.append(Array(reason.utf8), to: &properties)
        }
        let body = [code, UInt8(properties.count)] + properties
        return PacketWriter.packet(.disconnect, flags: 0, body)
    }

    static let pingresp: [UInt8] = [0xD0, 0]
}

/// A session under test, with what it asked the shell to do.
final class SessionHarness {
    var session: MQTTSession
    var sent: [[UInt8]] = []
    var warnings: [String] = []
    var failures: [MQTTFailure] = []
    var readyCount = 0
    var wakeCount = 0

    init(_ change: (inout MQTTSettings) -> Void = { _ in }) throws {
        var settings = MQTTSettings(
            url: "mqtt://broker",
            clientID: "me",
            topics: ["plant/{device}/{sensor}"]
        )
        change(&settings)
        session = try MQTTSession(settings: settings)
    }

    /// A session that is connected and subscribed.
    static func ready(
        isSessionPresent: Bool = false,
        _ change: (inout MQTTSettings) -> Void = { _ in }
    ) throws -> SessionHarness {
        let harness = try SessionHarness(change)
        harness.connect(isSessionPresent: isSessionPresent)
        return harness
    }

    func connect(isSessionPresent: Bool) {
        perform(session.open(password: nil))
        receive(ServerSide.connack(isSessionPresent: isSessionPresent))
        if session.phase == .subscribing {
            let codes = [UInt8](
                repeating: UInt8(session.settings.qualityOfService),
                count: session.filters.count
            )
            receive(ServerSide.suback(codes, packetID: session.subscribePacketID))
        }
        sent = []
    }

    func receive(_ bytes: [UInt8]) {
        perform(bytes.withUnsafeBytes { session.receive($0, at: Timestamp(seconds: 7)) })
    }

    func perform(_ actions: [MQTTSession.Action]) {
        for action in actions {
            switch action {
            case .send(let bytes): sent.append(bytes)
            case .ready: readyCount += 1
            case .messages: wakeCount += 1
            case .warn(let text): warnings.append(text)
            case .close(let failure): failures.append(failure)
            }
        }
    }

    func take() throws -> MessageBatch {
        guard let batch = session.take() else {
            throw FleetError(.notFound, "no message waits")
        }
        return batch
    }

    func complete() -> [UInt8] { session.complete() }
    func mayRead() -> Bool { session.mayRead() }
    func goodbye() -> [UInt8] { session.goodbye() }

    /// Takes what waits and says that it is durable; the payloads and the bytes sent.
    func deliver() -> (payloads: [String], sent: [UInt8]) {
        guard let batch = session.take() else { return ([], []) }
        let payloads = Self.payloads(batch)
        return (payloads, session.complete())
    }

    static func payloads(_ batch: MessageBatch) -> [String] {
        (0..<batch.count).map { String(decoding: batch.message(at: $0).payload, as: UTF8.self) }
    }
}
