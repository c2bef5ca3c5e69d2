internal import Core

/// Bytes of a name under way; what does not fit is cut, one byte beyond what names may have.
final class ByteRoom {
    /// What a text is encoded for.
    enum Place {
        case device, base, tag
    }

    private(set) var count = 0
    private var bytes: UnsafeMutablePointer<UInt8>
    private var capacity: Int

    private static let padding = 16

    init() {
        capacity = SeriesKey.partByteCountMax + 1
        bytes = Self.allocate(capacity)
    }

    deinit { bytes.deallocate() }

    /// The bytes, behind which 16 more can be read.
    var name: NameBytes { NameBytes(start: bytes, count: count) }

    /// Forgets the bytes and makes room for at least so many.
    func removeAll(capacity: Int = 0) {
        count = 0
        guard capacity > self.capacity else { return }
        bytes.deallocate()
        self.capacity = capacity
        bytes = Self.allocate(capacity)
    }

    /// Appends a byte; false when there is no room.
    @discardableResult
    func append(_ byte: UInt8) -> Bool {
        guard count < capacity else { return false }
        bytes[count] = byte
        count &+= 1
        return true
    }

    /// Appends a text as it is; false when there is no room.
    func append(_ text: NameBytes) -> Bool {
        guard text.count <= capacity &- count else { return false }
        (bytes + count).update(from: text.start, count: text.count)
        count &+= text.count
        return true
    }

    /// Appends a text with what its place does not allow percent-encoded.
    func encode(_ text: NameBytes, _ place: Place) {
        for index in 0..<text.count {
            let byte = text.start[index]
            if mustEncode(text, index, place) {
                append(0x25)
                append(Self.hex(byte >> 4))
                append(Self.hex(byte & 15))
            } else {
                append(byte)
            }
        }
    }

    private func mustEncode(_ text: NameBytes, _ index: Int, _ place: Place) -> Bool {
        let byte = text.start[index]
        switch byte {
        case ..<0x20, 0x7F, 0x2F: return true
        case 0x2C: return place != .device
        case 0x3D: return place == .tag
        case 0x25:
            return index + 2 < text.count && Self.isHex(text.start[index + 1])
                && Self.isHex(text.start[index + 2])
        // U+0080 to U+009F are control characters in two bytes.
        case 0xC2: return index + 1 < text.count && Self.isC1(text.start[index + 1])
        case 0x80..<0xA0: return index > 0 && text.start[index - 1] == 0xC2
        default: return false
        }
    }

    private static func isC1(_ byte: UInt8) -> Bool { byte >= 0x80 && byte < 0xA0 }

    private static func isHex(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 6
    }

    private static func hex(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? 0x30 + nibble : 0x37 + nibble
    }

    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<UInt8> {
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity + padding)
        bytes.initialize(repeating: 0, count: capacity + padding)
        return bytes
    }
}
