internal import Core

/// How a body is compressed.
public enum BodyEncoding: String, Sendable, Codable, CaseIterable {
    case identity, gzip, deflate, zstd

    /// The encodings of a `Content-Encoding` header, in the order in which they were applied.
    ///
    /// - Throws: ``FleetError`` `.unsupported` for one that is not known, or more than
    ///   ``countMax``.
    public static func parse(_ header: String?) throws -> [BodyEncoding] {
        guard let header else { return [] }
        let names = header.split(separator: ",").map { token in
            String(token.filter { $0 != " " && $0 != "\t" }).lowercased()
        }.filter { !$0.isEmpty }
        guard names.count <= countMax else {
            throw FleetError(
                .unsupported,
                "cannot read a body with \(names.count) encodings, one in another",
                hint: "compress it once"
            )
        }
        return try names.map { name in
            if let encoding = BodyEncoding(rawValue: name) { return encoding }
            if name == "x-gzip" { return .gzip }
            throw FleetError(
                .unsupported,
                "cannot read a body with the encoding \"\(name.prefix(40))\"",
                hint: "use gzip, deflate, zstd or none"
            )
        }.filter { $0 != .identity }
    }

    /// Encodings that a body may have, one in another.
    public static let countMax = 2
}
