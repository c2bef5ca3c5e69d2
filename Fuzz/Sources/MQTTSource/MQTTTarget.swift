import Core
import Sources

/// Feeds a session what a broker may send, in one piece and cut everywhere.
///
/// It lies in a module with links to the session's files, whose types are of that module alone.
package enum MQTTTarget {
    /// All that came of some bytes.
    private struct Outcome: Equatable {
        var messages: [[UInt8]] = []
        var sent: [UInt8] = []
        var failure: String?
        var received: Int64 = 0
        var acknowledged: Int64 = 0
    }

    /// The first byte chooses version, whether the subscription is made already, and how bytes are
    /// cut; says what is wrong, if anything is.
    package static func run(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard let choice = bytes.first else { return nil }
        let body = Array(bytes.dropFirst())
        let whole = outcome(body, choice, pieceByteCount: max(1, body.count))
        let cut = outcome(body, choice, pieceByteCount: 1 + Int(choice >> 2) % 7)
        guard whole == cut else { return "how bytes are cut matters: \(whole) and \(cut)" }
        guard whole.messages.allSatisfy({ $0.count <= 2 * messageByteCountMax }) else {
            return "a message is longer than the limit"
        }
        guard whole.acknowledged <= whole.received else {
            return "\(whole.acknowledged) of \(whole.received) messages were acknowledged"
        }
        return nil
    }

    private static let messageByteCountMax = 1024

    private static func outcome(
        _ bytes: [UInt8],
        _ choice: UInt8,
        pieceByteCount: Int
    ) -> Outcome {
        var settings = MQTTSettings(
            url: "mqtt://broker",
            clientID: "me",
            topics: ["plant/{device}/{sensor}", "bulk/{device}"]
        )
        settings.protocolChoice = choice & 1 == 0 ? .v5 : .v311
        settings.messageByteCountMax = messageByteCountMax
        guard var session = try? MQTTSession(settings: settings) else {
            return Outcome(failure: "ordinary settings are refused")
        }
        var outcome = Outcome()
        take(session.open(password: nil), &outcome)
        if choice & 2 == 0 {
            let properties: [UInt8] = session.version == .v5 ? [0] : []
            feed(PacketWriter.packet(.connack, flags: 0, [0, 0] + properties), &session, &outcome)
            let granted = PacketWriter.packet(.suback, flags: 0, [0, 1] + properties + [1, 1])
            feed(granted, &session, &outcome)
        }
        var start = 0
        while start < bytes.count {
            let end = min(start + pieceByteCount, bytes.count)
            feed(Array(bytes[start..<end]), &session, &outcome)
            start = end
        }
        drain(&session, &outcome)
        outcome.received = Int64(session.status.receivedCount)
        outcome.acknowledged = Int64(session.status.acknowledgedCount)
        return outcome
    }

    private static func feed(_ bytes: [UInt8], _ session: inout MQTTSession, _ outcome: inout Outcome) {
        let actions = bytes.withUnsafeBytes { session.receive($0, at: Timestamp(seconds: 5)) }
        take(actions, &outcome)
        if outcome.failure != nil { _ = session.goodbye() }
    }

    private static func take(_ actions: [MQTTSession.Action], _ outcome: inout Outcome) {
        for action in actions {
            switch action {
            case .send(let bytes): outcome.sent += bytes
            case .close(let failure): outcome.failure = outcome.failure ?? "\(failure)"
            case .ready, .messages, .warn: break
            }
        }
    }

    /// Takes all messages as a sink does, and acknowledges them.
    private static func drain(_ session: inout MQTTSession, _ outcome: inout Outcome) {
        while let batch = session.take() {
            for index in 0..<batch.count {
                let message = batch.message(at: index)
                outcome.messages.append(Array(message.address.utf8) + [0] + message.payload)
            }
            outcome.sent += session.complete()
        }
    }
}
