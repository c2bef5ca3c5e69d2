import Core
import Foundation

@testable import MQTTSource

/// Publishes messages to a broker and waits until it has acknowledged them all.
///
/// Sockets block here, so that it all happens on a thread of its own.
enum TestPublisher {
    struct Message: Sendable {
        var topic: String
        var payload: [UInt8]
        var isRetained = false
    }

    /// Publishes with QoS 1, all at once, and counts the acknowledgements; or with QoS 0.
    static func publish(
        _ messages: [Message],
        port: Int,
        qualityOfService: UInt8 = 1,
        user: (String, String)? = nil
    ) async throws {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        try publishBlocking(messages, port, qualityOfService, user)
                    }
                )
            }
        } as Void
    }

    private static func publishBlocking(
        _ messages: [Message],
        _ port: Int,
        _ qualityOfService: UInt8,
        _ user: (String, String)?
    ) throws {
        let socket = try Socket(port: port)
        try socket.write(
            PacketWriter.connect(
                PacketWriter.Connect(
                    version: .v311,
                    clientID: "publisher-\(UInt64.random(in: 0...UInt64.max))",
                    username: user?.0,
                    password: user.map { Array($0.1.utf8) },
                    sessionExpirySeconds: 0,
                    keepAliveSeconds: 0,
                    receiveMaximum: 65_535
                )
            )
        )
        var reader = AnswerReader(socket: socket)
        guard try reader.next() == .connack else {
            throw FleetError(.unavailable, "no CONNACK for the publisher")
        }
        var start = 0
        while start < messages.count {
            let part = messages[start..<min(start + 2000, messages.count)]
            var bytes: [UInt8] = []
            for (index, message) in part.enumerated() {
                bytes += packet(
                    message,
                    packetID: qualityOfService == 0 ? nil : UInt16(index + 1)
                )
            }
            try socket.write(bytes)
            for _ in part where qualityOfService > 0 {
                guard try reader.next() == .puback else {
                    throw FleetError(.unavailable, "no PUBACK for the publisher")
                }
            }
            start += part.count
        }
        if qualityOfService == 0 {
            // An answer to a ping shows that all before it was read.
            try socket.write(PacketWriter.ping)
            _ = try reader.next()
        }
        try socket.write(PacketWriter.disconnect(.success, version: .v311))
    }

    /// A PUBLISH as a broker or a client sends it.
    static func packet(
        _ message: Message,
        packetID: UInt16?,
        version: MQTTVersion = .v311,
        isRepeated: Bool = false,
        properties: [UInt8] = []
    ) -> [UInt8] {
        var body: [UInt8] = []
        PacketWriter.append(Array(message.topic.utf8), to: &body)
        if let packetID { PacketWriter.append(packetID, to: &body) }
        if version == .v5 { body += [UInt8(properties.count)] + properties }
        body += message.payload
        let flags: UInt8 =
            (packetID == nil ? 0 : 2) | (isRepeated ? 8 : 0) | (message.isRetained ? 1 : 0)
        return PacketWriter.packet(.publish, flags: flags, body)
    }

    /// Finds packets in what a socket receives.
    struct AnswerReader {
        let socket: Socket
        var bytes: [UInt8] = []
        var index = 0

        mutating func next() throws -> PacketKind? {
            while true {
                let frame = try bytes[index...].withUnsafeBytes { try PacketFrame($0) }
                if let frame, bytes.count - index >= frame.byteCount {
                    index += frame.byteCount
                    return frame.kind
                }
                let more = try socket.read()
                guard !more.isEmpty else { return nil }
                bytes = Array(bytes[index...]) + more
                index = 0
            }
        }
    }
}
