import Core

/// The file that holds a bearer token.
enum TokenFile {
    /// The token, without white space around it.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when no header could carry it.
    static func read(_ path: String) throws -> String {
        let token = try Files.text(path).trimmed
        guard !token.unicodeScalars.contains("\u{FEFF}") else {
            throw FleetError(
                .invalidArgument,
                "the token in \(path) has a byte order mark",
                hint: "save the file as UTF-8 without one"
            )
        }
        let isWhole = token.unicodeScalars.allSatisfy {
            !$0.properties.isWhitespace && $0.properties.generalCategory != .control
        }
        guard isWhole else {
            throw FleetError(
                .invalidArgument,
                "the token in \(path) has white space or a line break in it",
                hint: "write one token on one line, and nothing else"
            )
        }
        return token
    }
}
