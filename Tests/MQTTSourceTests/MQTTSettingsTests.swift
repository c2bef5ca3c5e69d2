import Core
import Sources
import Testing

@testable import MQTTSource

@Suite("Settings of an MQTT source")
struct MQTTSettingsTests {
    private static let good = MQTTSettings(
        url: "mqtts://broker.example",
        clientID: "plant-7",
        topics: ["plant/{device}/{sensor}"]
    )

    struct Address: Sendable {
        let text: String
        let host: String
        let port: Int
        let usesTLS: Bool
    }

    @Test(
        "A url names scheme, host and port",
        arguments: [
            Address(text: "mqtt://a.example", host: "a.example", port: 1883, usesTLS: false),
            Address(text: "mqtts://a.example/", host: "a.example", port: 8883, usesTLS: true),
            Address(text: "mqtt://10.0.0.1:1", host: "10.0.0.1", port: 1, usesTLS: false),
            Address(text: "mqtt://[::1]:65535", host: "::1", port: 65_535, usesTLS: false),
            Address(text: "mqtts://[fe80::1]", host: "fe80::1", port: 8883, usesTLS: true),
        ]
    )
    func urls(_ sample: Address) throws {
        let address = try MQTTAddress(parsing: sample.text)
        #expect(address.host == sample.host)
        #expect(address.port == sample.port)
        #expect(address.usesTLS == sample.usesTLS)
        #expect(try MQTTAddress(parsing: address.description) == address)
    }

    @Test(
        "What is no url of a broker is refused",
        arguments: [
            "", "host", "http://host", "mqtt://", "mqtt://:1883", "mqtt://h:0", "mqtt://h:65536",
            "mqtt://h:x", "mqtt://h:", "mqtt://h:1:2", "mqtt://u:p@h", "mqtt://h/path",
            "mqtt://[::1", "mqtt://[::1]x", "mqtt://a b", "mqtt://[]:1", "mqtt://h:-1",
        ]
    )
    func badURLs(_ text: String) {
        let error = #expect(throws: FleetError.self) { try MQTTAddress(parsing: text) }
        #expect(error?.code == .invalidArgument)
    }

    @Test("A url with a user is refused without showing the password")
    func secret() {
        let error = #expect(throws: FleetError.self) {
            try MQTTAddress(parsing: "mqtt://user:hunter2@host")
        }
        #expect(error?.description.contains("hunter2") == false)
    }

    struct Change: Sendable {
        let field: String
        let change: @Sendable (inout MQTTSettings) -> Void
    }

    @Test(
        "Each setting has its limits, and the problem names it",
        arguments: [
            Change(field: "url") { $0.url = "ftp://x" },
            Change(field: "client_id") { $0.clientID = "" },
            Change(field: "client_id") { $0.clientID = "a\nb" },
            Change(field: "topics") { $0.topics = [] },
            Change(field: "topics") { $0.topics = Array(repeating: "a", count: 65) },
            Change(field: "topics[1]") { $0.topics.append("a/{devcie}") },
            Change(field: "username") { $0.username = "" },
            Change(field: "password_file") { $0.passwordFile = "secret" },
            Change(field: "cert_file") { $0.keyFile = "key.pem" },
            Change(field: "key_file") { $0.certificateFile = "cert.pem" },
            Change(field: "qos") { $0.qualityOfService = 2 },
            Change(field: "share_group") { $0.shareGroup = "a/b" },
            Change(field: "share_group") { $0.shareGroup = "" },
            Change(field: "session_expiry") { $0.sessionExpiry = .seconds(-1) },
            Change(field: "session_expiry") { $0.sessionExpiry = .seconds(0x1_0000_0000) },
            Change(field: "keep_alive") { $0.keepAlive = .seconds(1) },
            Change(field: "keep_alive") { $0.keepAlive = .seconds(65_536) },
            Change(field: "receive_maximum") { $0.receiveMaximum = 0 },
            Change(field: "receive_maximum") { $0.receiveMaximum = 65_536 },
            Change(field: "message_bytes_max") { $0.messageByteCountMax = 10 },
            Change(field: "pending_messages_max") { $0.pendingMessageCountMax = 0 },
            Change(field: "pending_bytes_max") { $0.pendingByteCountMax = 0 },
        ]
    )
    func limits(_ sample: Change) {
        var settings = Self.good
        sample.change(&settings)
        #expect(settings.problems().map(\.field) == [sample.field])
        #expect(throws: FleetError.self) { try settings.validate() }
    }

    @Test("Files of TLS need a url with TLS")
    func filesOfTLS() {
        var settings = Self.good
        settings.url = "mqtt://broker.example"
        settings.caFile = "ca.pem"
        #expect(settings.problems().map(\.field) == ["ca_file"])
        settings.caFile = nil
        settings.certificateFile = "cert.pem"
        settings.keyFile = "key.pem"
        #expect(settings.problems().map(\.field) == ["cert_file"])
    }

    @Test("The defaults lose nothing: QoS 1 and a session that is kept")
    func defaults() throws {
        try Self.good.validate()
        #expect(Self.good.qualityOfService == 1)
        #expect(Self.good.sessionExpiry > .zero)
    }
}
