import Core
import Testing

@testable import MQTTSource

@Suite("Packets are read and written as the protocol has them")
struct PacketTests {
    struct Header: Sendable {
        let bytes: [UInt8]
        let body: Int
        let header: Int
    }

    @Test(
        "The length of a packet takes one to four bytes",
        arguments: [
            Header(bytes: [0x30, 0], body: 0, header: 2),
            Header(bytes: [0x30, 127], body: 127, header: 2),
            Header(bytes: [0x30, 0x80, 1], body: 128, header: 3),
            Header(bytes: [0x30, 0xFF, 0x7F], body: 16_383, header: 3),
            Header(bytes: [0x30, 0x80, 0x80, 1], body: 16_384, header: 4),
            Header(bytes: [0x30, 0xFF, 0xFF, 0xFF, 0x7F], body: 268_435_455, header: 5),
        ]
    )
    func lengths(_ header: Header) throws {
        let frame = try #require(try header.bytes.withUnsafeBytes { try PacketFrame($0) })
        #expect(frame.bodyByteCount == header.body)
        #expect(frame.headerByteCount == header.header)
        for count in 0..<header.bytes.count {
            let part = try header.bytes.prefix(count).withUnsafeBytes { try PacketFrame($0) }
            #expect(part == nil, "\(count) bytes do not tell")
        }
    }

    @Test("A length of five bytes and an unknown kind are errors")
    func badHeaders() {
        #expect(throws: MQTTProtocolError.malformedLength) {
            try [UInt8]([0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1]).withUnsafeBytes { try PacketFrame($0) }
        }
        #expect(throws: MQTTProtocolError.unknownPacket(0x05)) {
            try [UInt8]([0x05, 0]).withUnsafeBytes { try PacketFrame($0) }
        }
    }

    @Test("CONNECT of version 5 has the bytes of the specification")
    func connect5() {
        let bytes = PacketWriter.connect(
            PacketWriter.Connect(
                version: .v5,
                clientID: "c",
                username: "u",
                password: Array("p".utf8),
                sessionExpirySeconds: 0x01020304,
                keepAliveSeconds: 30,
                receiveMaximum: 500
            )
        )
        let expected: [UInt8] =
            [0x10, 28, 0, 4] + Array("MQTT".utf8) + [5, 0xC0, 0, 30]
            + [8, 0x11, 1, 2, 3, 4, 0x21, 0x01, 0xF4]
            + [0, 1, 0x63, 0, 1, 0x75, 0, 1, 0x70]
        #expect(bytes == expected)
    }

    @Test("CONNECT of version 3.1.1 begins a clean session only when nothing is to be kept")
    func connect311() {
        func connect(_ expiry: UInt32) -> [UInt8] {
            PacketWriter.connect(
                PacketWriter.Connect(
                    version: .v311,
                    clientID: "c",
                    username: nil,
                    password: nil,
                    sessionExpirySeconds: expiry,
                    keepAliveSeconds: 30,
                    receiveMaximum: 500
                )
            )
        }
        let start: [UInt8] = [0x10, 13, 0, 4] + Array("MQTT".utf8)
        #expect(connect(60) == start + [4, 0x00, 0, 30, 0, 1, 0x63])
        #expect(connect(0) == start + [4, 0x02, 0, 30, 0, 1, 0x63])
    }

    @Test("SUBSCRIBE, PUBACK, PINGREQ and DISCONNECT have the bytes of the specification")
    func others() {
        let subscribe = PacketWriter.subscribe(
            ["a/+", "b"],
            qualityOfService: 1,
            packetID: 258,
            version: .v5
        )
        #expect(
            subscribe == [0x82, 13, 1, 2, 0, 0, 3, 0x61, 0x2F, 0x2B, 0x11, 0, 1, 0x62, 0x11]
        )
        let old = PacketWriter.subscribe(
            ["b"],
            qualityOfService: 0,
            packetID: 1,
            version: .v311
        )
        #expect(old == [0x82, 6, 0, 1, 0, 1, 0x62, 0])
        #expect(ServerSide.puback([258]) == [0x40, 2, 1, 2])
        #expect(PacketWriter.ping == [0xC0, 0])
        #expect(PacketWriter.disconnect(.success, version: .v5) == [0xE0, 0])
        #expect(PacketWriter.disconnect(.protocolError, version: .v5) == [0xE0, 1, 0x82])
        #expect(PacketWriter.disconnect(.protocolError, version: .v311) == [0xE0, 0])
    }

    @Test("A long packet gets a length of several bytes, and a text over the limit is cut")
    func longPackets() throws {
        let packet = PacketWriter.packet(.publish, flags: 0, [UInt8](repeating: 1, count: 300))
        let frame = try #require(try packet.withUnsafeBytes { try PacketFrame($0) })
        #expect(frame.byteCount == packet.count)
        var bytes: [UInt8] = []
        PacketWriter.append([UInt8](repeating: 1, count: 70_000), to: &bytes)
        #expect(bytes.count == 65_537)
    }

    /// A run of every property that a broker may send.
    static let properties: [UInt8] = [
        0x01, 1, 0x02, 0, 0, 0, 9, 0x03, 0, 1, 0x61, 0x08, 0, 0, 0x09, 0, 2, 1, 2,
        0x0B, 0x80, 1, 0x11, 0, 0, 1, 0, 0x12, 0, 1, 0x78, 0x13, 0, 20,
        0x15, 0, 1, 0x61, 0x16, 0, 0, 0x17, 1, 0x18, 0, 0, 0, 1, 0x19, 0, 0x1A, 0, 0,
        0x1C, 0, 1, 0x79, 0x1F, 0, 2, 0x6E, 0x6F, 0x21, 0, 9, 0x22, 0, 9, 0x24, 1, 0x25, 1,
        0x26, 0, 1, 0x61, 0, 1, 0x62, 0x27, 0, 1, 0, 0, 0x28, 0, 0x29, 1, 0x2A, 0,
    ]

    @Test("Every property is read, or passed over by its own length")
    func allProperties() throws {
        let answer = try Self.connectAnswer(Self.properties)
        let properties = answer.properties
        #expect(properties.sessionExpirySeconds == 256)
        #expect(properties.serverKeepAliveSeconds == 20)
        #expect(properties.assignedClientID == "x")
        #expect(properties.serverReference == "y")
        #expect(properties.reasonText == "no")
        #expect(!properties.allowsWildcards)
        #expect(!properties.allowsSharing)
        #expect(!properties.hasTopicAlias)
    }

    private static func connectAnswer(
        _ properties: [UInt8],
        cutTo count: Int? = nil
    ) throws -> ConnectAnswer {
        let body = [1, 0, UInt8(properties.count)] + properties
        return try body.prefix(count ?? body.count).withUnsafeBytes {
            try ConnectAnswer(UnsafeRawBufferPointer($0), version: .v5)
        }
    }

    @Test("A CONNACK that is cut anywhere is an error, never a trap")
    func cutConnectAnswer() throws {
        for count in 0..<(3 + Self.properties.count) {
            // Two bytes are the answer of a broker that does not know version 5.
            if count == 2 {
                #expect(try Self.connectAnswer(Self.properties, cutTo: 2).reason == .success)
                continue
            }
            #expect(throws: MQTTProtocolError.self) {
                try Self.connectAnswer(Self.properties, cutTo: count)
            }
        }
    }

    @Test("Properties that reach beyond their length, or are unknown, are errors")
    func badProperties() {
        for bytes: [UInt8] in [
            [0x11, 0, 0], [0x7F, 0], [0x1F, 0, 9, 1], [0x0B, 0xFF, 0xFF, 0xFF],
        ] {
            #expect(throws: MQTTProtocolError.self) { try Self.connectAnswer(bytes) }
        }
        #expect(throws: MQTTProtocolError.malformedLength) {
            try Self.connectAnswer([0x0B, 0xFF, 0xFF, 0xFF, 0xFF, 1])
        }
    }

    @Test("The return codes of version 3.1.1 are known as reasons")
    func returnCodes() throws {
        let reasons = try (UInt8(0)...6).map { code in
            try [UInt8]([0, code]).withUnsafeBytes { try ConnectAnswer($0, version: .v311) }.reason
        }
        #expect(
            reasons == [
                .success, .unsupportedVersion, ReasonCode(0x85), .serverUnavailable,
                .badUserNameOrPassword, .notAuthorized, .unspecified,
            ]
        )
        for reason in reasons { #expect(!reason.text.isEmpty) }
    }

    @Test("A message is read with and without an identifier, properties and payload")
    func publish() throws {
        let properties: [UInt8] = [0x01, 1, 0x26, 0, 1, 0x61, 0, 1, 0x62]
        for (packetID, version) in [(UInt16?.none, MQTTVersion.v5), (7, .v5), (7, .v311)] {
            let bytes = ServerSide.publish(
                "a/b",
                "21.5",
                packetID: packetID,
                version: version,
                isRepeated: true,
                properties: version == .v5 ? properties : []
            )
            try bytes.withUnsafeBytes { buffer in
                let body = UnsafeRawBufferPointer(rebasing: buffer[2...])
                let message = try PublishView(body, flags: bytes[0] & 15, version: version)
                #expect(String(decoding: message.topic, as: UTF8.self) == "a/b")
                #expect(String(decoding: message.payload, as: UTF8.self) == "21.5")
                #expect(message.packetID == packetID ?? 0)
                #expect(message.isRepeated)
            }
        }
    }

    struct BadMessage: Sendable {
        let flags: UInt8
        let body: [UInt8]
        let error: MQTTProtocolError
    }

    @Test(
        "Messages that may not be are typed errors",
        arguments: [
            BadMessage(flags: 4, body: [0, 1, 0x61, 0, 1, 0], error: .qualityOfService(2)),
            BadMessage(flags: 6, body: [0, 1, 0x61, 0, 1, 0], error: .qualityOfService(3)),
            BadMessage(flags: 2, body: [0, 1, 0x61, 0, 0, 0], error: .zeroPacketID),
            BadMessage(flags: 0, body: [0, 0, 0], error: .emptyTopic),
            BadMessage(flags: 0, body: [0, 0, 3, 0x23, 0, 1], error: .topicAlias),
            BadMessage(flags: 0, body: [0, 9, 0x61], error: .truncated(.publish)),
            BadMessage(flags: 0, body: [0], error: .truncated(.publish)),
            BadMessage(flags: 0, body: [0, 1, 0x61], error: .truncated(.publish)),
            BadMessage(flags: 0, body: [0, 1, 0x61, 5, 1], error: .truncated(.publish)),
        ]
    )
    func badMessages(_ sample: BadMessage) {
        #expect(throws: sample.error) {
            _ = try sample.body.withUnsafeBytes {
                try PublishView($0, flags: sample.flags, version: .v5)
            }
        }
        #expect(!sample.error.description.isEmpty)
        #expect(sample.error.reason.rawValue >= 0x80)
    }

    @Test("Every error says what the broker sent, and has a reason")
    func errorTexts() {
        let errors: [MQTTProtocolError] = [
            .malformedLength, .truncated(.suback), .excess(.pingresp), .unknownPacket(0x0F),
            .unexpected(.connect), .badFlags(.suback), .tooLarge(.publish, byteCount: 9),
            .zeroPacketID, .qualityOfService(2), .topicAlias, .emptyTopic, .unknownProperty(0x70),
            .wrongGrantCount(got: 1, wanted: 2),
        ]
        for error in errors {
            let failure = MQTTFailure(error)
            #expect(failure.description.hasPrefix("the broker sent "))
            #expect(error.reason.rawValue >= 0x80)
        }
        #expect(MQTTFailure(.qualityOfService(2)).description.contains("client_id"))
        #expect(!MQTTFailure(.qualityOfService(2)).isTransient)
    }
}
