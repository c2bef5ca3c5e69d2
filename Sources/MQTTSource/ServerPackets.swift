/// A broker's answer to CONNECT.
struct ConnectAnswer: Sendable, Hashable {
    let reason: ReasonCode
    let isSessionPresent: Bool
    let properties: PacketProperties

    /// Reads a CONNACK; a broker that does not know version 5 answers in the old form.
    init(_ body: UnsafeRawBufferPointer, version: MQTTVersion) throws(MQTTProtocolError) {
        var reader = PacketReader(body, of: .connack)
        let flags = try reader.readByte()
        guard flags & 0xFE == 0 else { throw .badFlags(.connack) }
        let code = try reader.readByte()
        let isOldForm = version == .v311 || reader.remainingCount == 0
        reason = isOldForm ? .connectReturnCode(code) : ReasonCode(code)
        isSessionPresent = flags == 1
        properties = isOldForm ? PacketProperties() : try PacketProperties(&reader, of: .connack)
        try reader.checkEnd()
    }
}

/// A broker's answer to SUBSCRIBE: a granted QoS or a reason of refusal per filter.
struct SubscribeAnswer: Sendable, Hashable {
    let packetID: UInt16
    let codes: [UInt8]
    let properties: PacketProperties

    init(_ body: UnsafeRawBufferPointer, version: MQTTVersion) throws(MQTTProtocolError) {
        var reader = PacketReader(body, of: .suback)
        packetID = try reader.readUInt16()
        properties =
            version == .v5 ? try PacketProperties(&reader, of: .suback) : PacketProperties()
        codes = Array(reader.readRest())
    }
}

/// A broker's goodbye.
struct DisconnectNotice: Sendable, Hashable {
    let reason: ReasonCode
    let properties: PacketProperties

    init(_ body: UnsafeRawBufferPointer) throws(MQTTProtocolError) {
        var reader = PacketReader(body, of: .disconnect)
        reason = reader.remainingCount > 0 ? ReasonCode(try reader.readByte()) : .success
        properties =
            reader.remainingCount > 0
            ? try PacketProperties(&reader, of: .disconnect) : PacketProperties()
        try reader.checkEnd()
    }
}

/// A message, borrowed from the bytes it came in.
struct PublishView {
    let topic: UnsafeRawBufferPointer
    let payload: UnsafeRawBufferPointer
    /// 0 for a message that wants no acknowledgement.
    let packetID: UInt16
    let isRepeated: Bool

    init(
        _ body: UnsafeRawBufferPointer,
        flags: UInt8,
        version: MQTTVersion
    ) throws(MQTTProtocolError) {
        let level = Int(flags >> 1 & 3)
        guard level <= 1 else { throw .qualityOfService(level) }
        var reader = PacketReader(body, of: .publish)
        topic = try reader.readData()
        packetID = level == 0 ? 0 : try reader.readUInt16()
        if level == 1, packetID == 0 { throw .zeroPacketID }
        if version == .v5 {
            let properties = try PacketProperties(&reader, of: .publish)
            if properties.hasTopicAlias { throw .topicAlias }
        }
        guard !topic.isEmpty else { throw .emptyTopic }
        payload = reader.readRest()
        isRepeated = flags & 8 != 0
    }
}
