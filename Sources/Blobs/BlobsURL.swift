internal import Core

/// Opens blob storage by its URL, the form that workers are given.
package enum BlobsURL {
    /// The storage a URL names: `file:///absolute/path`, with `%` escapes.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` for anything else, or what opening threw.
    package static func open(_ url: String) throws -> any Blobs {
        try LocalBlobs(root: path(of: url))
    }

    /// The folder that a `file:` URL names.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument`.
    package static func path(of url: String) throws -> String {
        let scheme = "file://"
        guard url.hasPrefix(scheme + "/"),
            let path = unescaped(Array(url.utf8.dropFirst(scheme.utf8.count))), !path.contains("\0")
        else {
            throw FleetError(
                .invalidArgument,
                "cannot open blob storage \"\(url)\": give it as file:///absolute/path"
            )
        }
        return path
    }

    /// The `file:` URL of an absolute path.
    package static func file(_ path: String) -> String {
        var url = "file://"
        for byte in path.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isPlain =
                scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "/-._~".unicodeScalars.contains(scalar))
            if isPlain {
                url.unicodeScalars.append(scalar)
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                url += hex.utf8.count == 1 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return url
    }

    private static func unescaped(_ bytes: [UInt8]) -> String? {
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "%") else {
                result.append(bytes[index])
                index += 1
                continue
            }
            guard index + 2 < bytes.count else { return nil }
            let digits = bytes[(index + 1)...(index + 2)].compactMap {
                Character(Unicode.Scalar($0)).hexDigitValue
            }
            guard digits.count == 2 else { return nil }
            result.append(UInt8(digits[0] * 16 + digits[1]))
            index += 3
        }
        return String(validating: result, as: UTF8.self)
    }
}
