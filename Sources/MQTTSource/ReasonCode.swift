/// Why a broker refuses or ends something.
///
/// Source: MQTT 5.0, section 2.4; the return codes of 3.1.1 are mapped to these.
struct ReasonCode: Sendable, Hashable, RawRepresentable {
    let rawValue: UInt8

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    init(_ rawValue: UInt8) {
        self.rawValue = rawValue
    }

    static let success = ReasonCode(0)
    static let unspecified = ReasonCode(0x80)
    static let malformedPacket = ReasonCode(0x81)
    static let protocolError = ReasonCode(0x82)
    static let unsupportedVersion = ReasonCode(0x84)
    static let badUserNameOrPassword = ReasonCode(0x86)
    static let notAuthorized = ReasonCode(0x87)
    static let serverUnavailable = ReasonCode(0x88)
    static let serverBusy = ReasonCode(0x89)
    static let serverShuttingDown = ReasonCode(0x8B)
    static let keepAliveTimeout = ReasonCode(0x8D)
    static let sessionTakenOver = ReasonCode(0x8E)
    static let topicAliasInvalid = ReasonCode(0x94)
    static let packetTooLarge = ReasonCode(0x95)
    static let qualityOfServiceNotSupported = ReasonCode(0x9B)
    static let useAnotherServer = ReasonCode(0x9C)
    static let serverMoved = ReasonCode(0x9D)

    /// The reason that a return code of MQTT 3.1.1's CONNACK stands for.
    static func connectReturnCode(_ code: UInt8) -> ReasonCode {
        switch code {
        case 0: .success
        case 1: .unsupportedVersion
        case 2: ReasonCode(0x85)
        case 3: .serverUnavailable
        case 4: .badUserNameOrPassword
        case 5: .notAuthorized
        default: .unspecified
        }
    }

    /// Whether trying again soon may help; otherwise somebody has to change something first.
    var isTransient: Bool {
        switch rawValue {
        case 0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x88, 0x89, 0x8B, 0x8D, 0x93, 0x96, 0x97, 0x98,
            0x9F, 0xA0:
            true
        default: false
        }
    }

    /// The reason in words, lower case.
    var text: String {
        Self.texts[rawValue] ?? "reason \(rawValue)"
    }

    /// What people can do about it.
    var hint: String? {
        switch self {
        case .badUserNameOrPassword, .notAuthorized:
            "check username and password_file, and what the broker allows this user"
        case ReasonCode(0x85): "choose another client_id"
        case .sessionTakenOver:
            "another client connected with the same client_id; give each its own"
        case .unsupportedVersion: "set protocol to the version that the broker speaks"
        case ReasonCode(0x8C): "this broker wants an authentication that is not supported"
        case ReasonCode(0x9E): "take out share, or use a broker that has shared subscriptions"
        default: nil
        }
    }

    private static let texts: [UInt8: String] = [
        0x00: "normal disconnection", 0x04: "disconnect with will",
        0x80: "unspecified error", 0x81: "malformed packet", 0x82: "protocol error",
        0x83: "implementation specific error", 0x84: "unsupported protocol version",
        0x85: "client identifier not valid", 0x86: "bad user name or password",
        0x87: "not authorized", 0x88: "server unavailable", 0x89: "server busy",
        0x8A: "banned", 0x8B: "server shutting down", 0x8C: "bad authentication method",
        0x8D: "keep alive timeout", 0x8E: "session taken over", 0x8F: "topic filter invalid",
        0x90: "topic name invalid", 0x91: "packet identifier in use",
        0x92: "packet identifier not found", 0x93: "receive maximum exceeded",
        0x94: "topic alias invalid", 0x95: "packet too large", 0x96: "message rate too high",
        0x97: "quota exceeded", 0x98: "administrative action",
        0x99: "payload format invalid", 0x9A: "retain not supported",
        0x9B: "QoS not supported", 0x9C: "use another server", 0x9D: "server moved",
        0x9E: "shared subscriptions not supported", 0x9F: "connection rate exceeded",
        0xA0: "maximum connect time", 0xA1: "subscription identifiers not supported",
        0xA2: "wildcard subscriptions not supported",
    ]
}
