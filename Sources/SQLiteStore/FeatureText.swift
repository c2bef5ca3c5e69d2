import FoundationEssentials

/// Feature values and names as JSON arrays, which the `predictions` view pairs into an object.
enum FeatureText {
    /// Values as JSON; NaN is null, and an infinity is the out-of-range number that reads as one.
    static func encode(_ values: ArraySlice<Double>) -> String {
        var text = "["
        for value in values {
            if text.utf8.count > 1 { text += "," }
            if value.isNaN {
                text += "null"
            } else if value.isInfinite {
                text += value > 0 ? "9e999" : "-9e999"
            } else {
                text += value.description
            }
        }
        return text + "]"
    }

    /// The values of ``encode(_:)-(ArraySlice<Double>)``.
    static func values(_ text: String) -> [Double] {
        text.dropFirst().dropLast().split(separator: ",").map { Double($0) ?? .nan }
    }

    static func encode(names: [String]) -> String {
        do {
            return String(decoding: try JSONEncoder().encode(names), as: UTF8.self)
        } catch {
            return "[]"  // Not reached: an array of text always has a JSON form.
        }
    }

    /// The names of an attempt; none when it has stored no row yet.
    static func names(_ text: String?) -> [String] {
        guard let text else { return [] }
        do {
            return try JSONDecoder().decode([String].self, from: Data(text.utf8))
        } catch {
            return []  // Only a hand-edited row is not what `encode` wrote; its values still show.
        }
    }
}

/// A digest of 64 lower-case hexadecimal letters as its 32 bytes.
enum HexDigest {
    /// The bytes; nil for any other text, which is then stored as it is.
    static func bytes(of text: String) -> [UInt8]? {
        let letters = Array(text.utf8)
        guard letters.count == 64 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        for index in stride(from: 0, to: 64, by: 2) {
            guard let high = value(letters[index]), let low = value(letters[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    static func text(of bytes: [UInt8]) -> String {
        let letters = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [letters[Int($0 >> 4)], letters[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    private static func value(_ letter: UInt8) -> UInt8? {
        switch letter {
        case 0x30...0x39: letter - 0x30
        case 0x61...0x66: letter - 0x57
        default: nil
        }
    }
}
