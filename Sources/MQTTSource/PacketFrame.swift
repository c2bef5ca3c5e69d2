/// Where the next packet lies in a run of bytes.
struct PacketFrame: Sendable, Hashable {
    let kind: PacketKind
    /// The lower half of the first byte.
    let flags: UInt8
    /// Bytes before the body.
    let headerByteCount: Int
    let bodyByteCount: Int

    var byteCount: Int { headerByteCount + bodyByteCount }

    /// The bytes of the longest header: one for kind and flags, four for the length.
    static let headerByteCountMax = 5

    /// The frame that bytes begin with, or `nil` when more bytes are needed to tell.
    init?(_ bytes: UnsafeRawBufferPointer) throws(MQTTProtocolError) {
        guard let first = bytes.first else { return nil }
        guard let kind = PacketKind(rawValue: first >> 4) else { throw .unknownPacket(first) }
        var length = 0
        for position in 0..<4 {
            guard position + 1 < bytes.count else { return nil }
            let byte = bytes[position + 1]
            length |= Int(byte & 0x7F) << (7 * position)
            guard byte >= 0x80 else {
                self.kind = kind
                flags = first & 0x0F
                headerByteCount = position + 2
                bodyByteCount = length
                return
            }
        }
        throw .malformedLength
    }
}
