/// What a broker sent that the protocol does not allow, or that is not taken here.
enum MQTTProtocolError: Error, Hashable, CustomStringConvertible {
    /// The packet's length takes more than four bytes.
    case malformedLength
    /// The packet ends before its fields do.
    case truncated(PacketKind)
    /// Bytes are left after the packet's last field.
    case excess(PacketKind)
    /// The first byte names no packet.
    case unknownPacket(UInt8)
    /// The packet may not come now, or not from a broker.
    case unexpected(PacketKind)
    /// The lower half of the first byte is not what the packet's kind has.
    case badFlags(PacketKind)
    case tooLarge(PacketKind, byteCount: Int)
    case zeroPacketID
    case qualityOfService(Int)
    /// A topic alias, of which none was allowed.
    case topicAlias
    case emptyTopic
    case unknownProperty(UInt8)
    case wrongGrantCount(got: Int, wanted: Int)
    /// What a port of TLS says to whoever speaks without it.
    case alertOfTLS

    var description: String {
        switch self {
        case .malformedLength: "a packet with a malformed length"
        case .truncated(let kind): "a \(kind.name) packet that ends too early"
        case .excess(let kind): "a \(kind.name) packet that is too long"
        case .unknownPacket(let byte): "a packet of the unknown kind \(byte >> 4)"
        case .unexpected(let kind): "a \(kind.name) packet out of place"
        case .badFlags(let kind): "a \(kind.name) packet with wrong flags"
        case .tooLarge(let kind, let count): "a \(kind.name) packet of \(count) bytes"
        case .zeroPacketID: "a packet with the identifier 0"
        case .qualityOfService(let level): "a message of QoS \(level)"
        case .topicAlias: "a topic alias, which was not allowed"
        case .emptyTopic: "a message without a topic"
        case .unknownProperty(let id): "the unknown property \(id)"
        case .wrongGrantCount(let got, let wanted):
            "an answer to \(got) subscriptions instead of \(wanted)"
        case .alertOfTLS: "an alert of TLS: the port is for TLS"
        }
    }

    /// What people can do, where it is not the broker alone that is at fault.
    var hint: String? {
        switch self {
        case .qualityOfService:
            "the broker keeps a session of another program under this client_id; choose another"
        case .alertOfTLS: "use mqtts:// in the url"
        default: nil
        }
    }

    /// The reason a DISCONNECT names.
    var reason: ReasonCode {
        switch self {
        case .malformedLength, .truncated, .excess, .unknownPacket, .badFlags, .unknownProperty:
            .malformedPacket
        case .tooLarge: .packetTooLarge
        case .qualityOfService: .qualityOfServiceNotSupported
        case .topicAlias: .topicAliasInvalid
        default: .protocolError
        }
    }
}
