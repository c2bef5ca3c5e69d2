/// The properties of a packet that mean something here; all others are checked and passed over.
///
/// Source: MQTT 5.0, section 2.2.2.2.
struct PacketProperties: Sendable, Hashable {
    var sessionExpirySeconds: UInt32?
    var serverKeepAliveSeconds: UInt16?
    var assignedClientID: String?
    var serverReference: String?
    var reasonText: String?
    var hasTopicAlias = false
    var allowsWildcards = true
    var allowsSharing = true

    init() {}

    /// Reads the length of the properties and the properties.
    init(_ reader: inout PacketReader, of kind: PacketKind) throws(MQTTProtocolError) {
        let count = try reader.readVariable()
        guard count > 0 else { return }
        var inner = PacketReader(try reader.read(count), of: kind)
        while inner.remainingCount > 0 { try read(&inner) }
    }

    private mutating func read(_ reader: inout PacketReader) throws(MQTTProtocolError) {
        let id = try reader.readByte()
        switch id {
        case 0x11: sessionExpirySeconds = try reader.readUInt32()
        case 0x12: assignedClientID = try reader.readText()
        case 0x13: serverKeepAliveSeconds = try reader.readUInt16()
        case 0x1C: serverReference = try reader.readText()
        case 0x1F: reasonText = try reader.readText()
        case 0x23:
            hasTopicAlias = true
            _ = try reader.readUInt16()
        case 0x28: allowsWildcards = try reader.readByte() != 0
        case 0x2A: allowsSharing = try reader.readByte() != 0
        case 0x01, 0x17, 0x19, 0x24, 0x25, 0x29: _ = try reader.readByte()
        case 0x21, 0x22: _ = try reader.readUInt16()
        case 0x02, 0x18, 0x27: _ = try reader.readUInt32()
        case 0x03, 0x08, 0x09, 0x15, 0x16, 0x1A: _ = try reader.readData()
        case 0x0B: _ = try reader.readVariable()
        case 0x26:
            _ = try reader.readData()
            _ = try reader.readData()
        default: throw .unknownProperty(id)
        }
    }
}
