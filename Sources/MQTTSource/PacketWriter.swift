/// Writes the packets that a subscriber sends.
enum PacketWriter {
    /// What CONNECT says.
    struct Connect: Sendable {
        let version: MQTTVersion
        let clientID: String
        let username: String?
        let password: [UInt8]?
        /// Seconds; 0 begins a session that ends with the connection.
        let sessionExpirySeconds: UInt32
        let keepAliveSeconds: UInt16
        let receiveMaximum: UInt16
    }

    /// CONNECT: no will; a clean start only when nothing is to be kept; no topic aliases.
    static func connect(_ connect: Connect) -> [UInt8] {
        var body: [UInt8] = [0, 4] + Array("MQTT".utf8) + [connect.version.rawValue]
        var flags: UInt8 = connect.sessionExpirySeconds == 0 ? 0x02 : 0
        if connect.username != nil { flags |= 0x80 }
        if connect.password != nil { flags |= 0x40 }
        body.append(flags)
        append(connect.keepAliveSeconds, to: &body)
        if connect.version == .v5 {
            var properties: [UInt8] = [0x11]
            append(UInt16(connect.sessionExpirySeconds >> 16), to: &properties)
            append(UInt16(connect.sessionExpirySeconds & 0xFFFF), to: &properties)
            properties.append(0x21)
            append(connect.receiveMaximum, to: &properties)
            body.append(UInt8(properties.count))
            body += properties
        }
        append(Array(connect.clientID.utf8), to: &body)
        if let username = connect.username { append(Array(username.utf8), to: &body) }
        if let password = connect.password { append(password, to: &body) }
        return packet(.connect, flags: 0, body)
    }

    /// SUBSCRIBE; retained messages come only for a subscription that is new to the broker.
    static func subscribe(
        _ filters: [String],
        qualityOfService: UInt8,
        packetID: UInt16,
        version: MQTTVersion
    ) -> [UInt8] {
        var body: [UInt8] = []
        append(packetID, to: &body)
        if version == .v5 { body.append(0) }
        for filter in filters {
            append(Array(filter.utf8), to: &body)
            let retainHandling: UInt8 = version == .v5 ? 0x10 : 0
            body.append(qualityOfService | retainHandling)
        }
        return packet(.subscribe, flags: 2, body)
    }

    /// Appends PUBACK, which is the same in both versions when all is well.
    static func appendAcknowledgement(of packetID: UInt16, to bytes: inout [UInt8]) {
        bytes.append(PacketKind.puback.rawValue << 4)
        bytes.append(2)
        append(packetID, to: &bytes)
    }

    static let ping: [UInt8] = [PacketKind.pingreq.rawValue << 4, 0]

    /// DISCONNECT; only version 5 says why.
    static func disconnect(_ reason: ReasonCode, version: MQTTVersion) -> [UInt8] {
        let saysWhy = version == .v5 && reason != .success
        return packet(.disconnect, flags: 0, saysWhy ? [reason.rawValue] : [])
    }

    /// A packet with its header.
    static func packet(_ kind: PacketKind, flags: UInt8, _ body: [UInt8]) -> [UInt8] {
        var bytes = [kind.rawValue << 4 | flags]
        var length = body.count
        repeat {
            let byte = UInt8(length & 0x7F)
            length >>= 7
            bytes.append(length > 0 ? byte | 0x80 : byte)
        } while length > 0
        return bytes + body
    }

    static func append(_ value: UInt16, to bytes: inout [UInt8]) {
        bytes.append(UInt8(value >> 8))
        bytes.append(UInt8(value & 0xFF))
    }

    /// Appends a length of two bytes and the bytes, of which the settings allow at most 65,535.
    static func append(_ data: [UInt8], to bytes: inout [UInt8]) {
        let kept = data.prefix(Int(UInt16.max))
        append(UInt16(kept.count), to: &bytes)
        bytes += kept
    }
}
