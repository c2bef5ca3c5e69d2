/// Refuses a text that would keep the YAML parser busy for very long.
///
/// The parser hashes every mapping key with all that is in it. Keys made of nested aliases take
/// exponential time, long nested keys quadratic time; neither has a use in our documents. The
/// scan may take plain text for a reference or a key mark, never the reverse.
struct YAMLScan {
    private var line = 1
    private var inComment = false
    /// The two bytes before the current one.
    private var (older, previous): (UInt8, UInt8) = (0x0A, 0x0A)
    /// The last byte before the previous one that is not a space.
    private var solid: UInt8 = 0x0A
    private var hasAnchor = false
    private var aliasLine: Int?

    /// Looks at a whole text.
    ///
    /// - Throws: ``YAMLProblem`` for an explicit key (`? key`), or an alias beside an anchor.
    static func check(_ yaml: String) throws(YAMLProblem) {
        var scan = YAMLScan()
        for byte in yaml.utf8 { try scan.take(byte) }
        try scan.take(0x0A)
        if scan.hasAnchor, let line = scan.aliasLine {
            throw YAMLProblem(line: line, message: YAMLProblem.references)
        }
    }

    private mutating func take(_ byte: UInt8) throws(YAMLProblem) {
        if !inComment { try lookBack(from: byte) }
        if previous != 0x20, previous != 0x09 { solid = previous }
        (older, previous) = (previous, byte)
        switch byte {
        case 0x0A, 0x0D:
            if byte == 0x0A { line += 1 }
            inComment = false
        case 0x23 where Self.isBreak(solid):
            inComment = true
        case 0x80...:
            // YAML has line breaks beyond ASCII: end the comment rather than miss one.
            inComment = false
        default: break
        }
    }

    /// Decides about a mark when the byte after it is known.
    private mutating func lookBack(from byte: UInt8) throws(YAMLProblem) {
        switch previous {
        case 0x26, 0x2A:
            // A mark inside a word (`R&D`, `2*x`) begins no reference.
            guard Self.isWord(byte) || byte == 0x2D, !Self.isWord(older) else { return }
            if previous == 0x26 { hasAnchor = true } else { aliasLine = aliasLine ?? line }
        case 0x3F:
            // `?` alone, where a key can begin: on a new line or after an indicator.
            guard byte <= 0x20 || byte >= 0x80, Self.canPrecedeKey(solid) else { return }
            throw YAMLProblem(line: line, message: YAMLProblem.keys)
        default: break
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
        default: false
        }
    }

    private static func isBreak(_ byte: UInt8) -> Bool {
        byte == 0x0A || byte == 0x0D || byte >= 0x80
    }

    private static func canPrecedeKey(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2C, 0x2D, 0x3A, 0x3F, 0x5B, 0x7B: true
        default: isBreak(byte)
        }
    }
}
