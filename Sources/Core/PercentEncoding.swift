extension String {
    /// The text with everything but unreserved characters percent-encoded (RFC 3986).
    ///
    /// A leading dot is encoded as well, so that no name is hidden or means a parent folder.
    public var percentEncodedForPath: String {
        var result = ""
        let hex = Array("0123456789ABCDEF")
        for byte in utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F, 0x7E:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case 0x2E where !result.isEmpty:
                result += "."
            default:
                result += "%" + String(hex[Int(byte >> 4)]) + String(hex[Int(byte & 15)])
            }
        }
        return result
    }
}

extension String {
    /// The text with `%XX` decoded; as it is when that gives no UTF-8.
    public var percentDecoded: String { Array(utf8)[...].percentDecoded() ?? self }
}

extension ArraySlice<UInt8> {
    /// The bytes as text with `%XX` decoded (RFC 3986); nil when they are no UTF-8.
    public func percentDecoded() -> String? {
        var bytes: [UInt8] = []
        var index = startIndex
        while index < endIndex {
            if self[index] == 0x25, index + 2 < endIndex,
                let high = Self.hexValue(self[index + 1]), let low = Self.hexValue(self[index + 2])
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(self[index])
                index += 1
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
