import Core

/// Where a broker listens: `mqtt://host:1883` or, with TLS, `mqtts://host:8883`.
package struct MQTTAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an IP address, the latter without brackets.
    package let host: String
    package let port: Int
    package let usesTLS: Bool

    package init(host: String, port: Int, usesTLS: Bool) {
        self.host = host
        self.port = port
        self.usesTLS = usesTLS
    }

    /// - Throws: ``FleetError`` `.invalidArgument` naming the text and what is wrong with it.
    package init(parsing text: String) throws {
        let schemes = [("mqtt://", false, 1883), ("mqtts://", true, 8883)]
        guard let (scheme, usesTLS, defaultPort) = schemes.first(where: { text.hasPrefix($0.0) })
        else { throw Self.problem(text, "is not a broker's") }
        var rest = text.dropFirst(scheme.count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.contains("@") else {
            throw FleetError(
                .invalidArgument,
                "the url of a broker holds no user",
                hint: "set username and password_file"
            )
        }
        let host: Substring
        var port: Substring?
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { throw Self.problem(text, "has no ]") }
            host = rest[rest.index(after: rest.startIndex)..<end]
            let after = rest[rest.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else {
                throw Self.problem(text, "goes on after ]")
            }
            port = after.isEmpty ? nil : after.dropFirst()
        } else {
            let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2 else { throw Self.problem(text, "has too many colons") }
            host = parts.first ?? ""
            port = parts.count == 2 ? parts[1] : nil
        }
        let isPlain = host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/?#[]".utf8.contains($0) }
        guard !host.isEmpty, isPlain else { throw Self.problem(text, "names no host") }
        let number = port.map { UInt16($0) ?? 0 } ?? UInt16(defaultPort)
        guard number > 0 else { throw Self.problem(text, "has no port from 1 to 65535") }
        self.init(host: String(host), port: Int(number), usesTLS: usesTLS)
    }

    package var description: String {
        let shown = host.contains(":") ? "[\(host)]" : host
        return "\(usesTLS ? "mqtts" : "mqtt")://\(shown):\(port)"
    }

    private static func problem(_ text: String, _ what: String) -> FleetError {
        FleetError(
            .invalidArgument,
            "the url \"\(text.prefix(200))\" \(what)",
            hint: "write mqtt://host:1883, or mqtts://host:8883 for TLS"
        )
    }
}
