import Core
package import Sources

/// What an MQTT source is told: the broker, who it is there, and what it subscribes to.
///
/// Delivery: with QoS 1 and a session expiry, at least once, across restarts of both sides.
package struct MQTTSettings: Sendable, Hashable {
    /// Which version of the protocol to speak.
    package enum ProtocolChoice: String, Sendable, Hashable, CaseIterable {
        /// Version 5, or 3.1.1 when the broker says that it does not know version 5.
        case automatic = "auto"
        case v5 = "5"
        case v311 = "3.1.1"
    }

    /// What is wrong with one setting.
    package struct Problem: Sendable, Hashable {
        /// The setting as documents call it, such as `keep_alive` or `topics[1]`.
        package let field: String
        package let message: String
    }

    /// The broker: `mqtt://host:1883`, or `mqtts://host:8883` for TLS.
    package var url: String
    /// The name of this client; the broker keeps what it could not deliver under it.
    package var clientID: String
    /// Topic templates; the first that matches counts.
    package var topics: [String]
    package var username: String?
    /// A file with the password; read at every connection, without the line end.
    package var passwordFile: String?
    /// A PEM file of the authorities to trust instead of the system's.
    package var caFile: String?
    /// A PEM file of this client's certificate and chain.
    package var certificateFile: String?
    /// A PEM file of the certificate's private key.
    package var keyFile: String?
    /// 1 acknowledges what is durable; with 0, what is under way when something breaks is lost.
    package var qualityOfService = 1
    /// Shares the messages among all clients of this group.
    package var shareGroup: String?
    /// How long the broker keeps messages for this client while it is away; 0 keeps none.
    package var sessionExpiry = Duration.seconds(7 * 86_400)
    /// A dead connection is noticed within this time.
    package var keepAlive = Duration.seconds(30)
    /// Messages that the broker sends before it waits for acknowledgements.
    package var receiveMaximum = 4096
    package var protocolChoice = ProtocolChoice.automatic
    /// Larger messages are kept as rejected with their beginning.
    package var messageByteCountMax = MessageBatch.messageByteCountMax
    /// Messages and bytes that wait while the sink is busy; then the socket is not read.
    package var pendingMessageCountMax = 16_384
    package var pendingByteCountMax = 8 << 20
    /// How long ``EventSource/finish()`` may take.
    package var shutdownTimeout = Duration.seconds(10)
    /// How long a connection may take until the broker has answered.
    package var connectTimeout = Duration.seconds(10)
    /// Waits between attempts to connect.
    package var reconnect = Backoff(first: .milliseconds(500), longest: .seconds(60))
    /// The wait after a refusal that somebody has to do something about.
    package var refusedDelay = Duration.seconds(60)

    package init(url: String, clientID: String, topics: [String]) {
        self.url = url
        self.clientID = clientID
        self.topics = topics
    }

    static let topicCountMax = 64
    /// The largest session expiry: the protocol's "never".
    static let sessionExpirySecondsMax: Int64 = 0xFFFF_FFFF
    static let messageByteCountRange = 1024...(256 << 20)

    /// - Throws: ``FleetError`` `.invalidArgument` with the first problem.
    package func validate() throws {
        guard let problem = problems().first else { return }
        throw FleetError(.invalidArgument, "\(problem.field): \(problem.message)")
    }

    /// Everything that is wrong, in the order of the fields.
    package func problems() -> [Problem] {
        var problems: [Problem] = []
        func check(_ isGood: Bool, _ field: String, _ message: String) {
            if !isGood { problems.append(Problem(field: field, message: message)) }
        }
        func parse(_ field: String, _ body: () throws -> Void) {
            do { try body() } catch { check(false, field, "\(error)") }
        }
        parse("url") { _ = try MQTTAddress(parsing: url) }
        check(Self.isText(clientID, 1...256), "client_id", "must have 1 to 256 bytes")
        check(
            (1...Self.topicCountMax).contains(topics.count),
            "topics",
            "must be 1 to \(Self.topicCountMax) templates"
        )
        for (index, topic) in topics.enumerated() {
            parse("topics[\(index)]") { _ = try TopicTemplate(parsing: topic) }
        }
        checkIdentity(check)
        check((0...1).contains(qualityOfService), "qos", "must be 0 or 1")
        if let shareGroup {
            let isPlain = !shareGroup.contains { "/+#".contains($0) }
            check(
                Self.isText(shareGroup, 1...256) && isPlain,
                "share_group",
                "must have 1 to 256 bytes without /, + and #"
            )
        }
        checkRanges(check)
        return problems
    }

    private func checkIdentity(_ check: (Bool, String, String) -> Void) {
        if let username {
            check(Self.isText(username, 1...65_535), "username", "must have 1 to 65535 bytes")
        }
        check(
            passwordFile == nil || username != nil,
            "password_file",
            "needs a username"
        )
        check(
            (certificateFile == nil) == (keyFile == nil),
            certificateFile == nil ? "cert_file" : "key_file",
            "is missing: a certificate and its key go together"
        )
        let usesTLS = (try? MQTTAddress(parsing: url))?.usesTLS ?? true
        check(
            usesTLS || (caFile == nil && certificateFile == nil),
            caFile == nil ? "cert_file" : "ca_file",
            "needs TLS: use an mqtts:// url"
        )
    }

    private func checkRanges(_ check: (Bool, String, String) -> Void) {
        check(
            sessionExpiry >= .zero && sessionExpiry <= .seconds(Self.sessionExpirySecondsMax),
            "session_expiry",
            "must be 0 s to \(Self.sessionExpirySecondsMax) s"
        )
        check(
            keepAlive >= .seconds(2) && keepAlive <= .seconds(65_535),
            "keep_alive",
            "must be 2 s to 65535 s"
        )
        check(
            (1...65_535).contains(receiveMaximum),
            "receive_maximum",
            "must be 1 to 65535"
        )
        check(
            Self.messageByteCountRange.contains(messageByteCountMax),
            "message_bytes_max",
            "must be 1 KiB to 256 MiB"
        )
        check(
            (1...1_000_000).contains(pendingMessageCountMax),
            "pending_messages_max",
            "must be 1 to 1000000"
        )
        check(
            (1024...(1 << 30)).contains(pendingByteCountMax),
            "pending_bytes_max",
            "must be 1 KiB to 1 GiB"
        )
    }

    private static func isText(_ text: String, _ byteCounts: ClosedRange<Int>) -> Bool {
        byteCounts.contains(text.utf8.count)
            && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}
