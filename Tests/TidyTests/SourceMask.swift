/// Blanks comments and the text of string literals, so that rules see code only.
///
/// Line ends stay where they are; what stands in an interpolation stays visible.
struct SourceMask {
    private let text: [UInt8]
    private var code: [UInt8]
    private var position = 0

    private static let quote = UInt8(ascii: "\"")
    private static let hash = UInt8(ascii: "#")
    private static let slash = UInt8(ascii: "/")
    private static let star = UInt8(ascii: "*")
    private static let backslash = UInt8(ascii: "\\")
    private static let open = UInt8(ascii: "(")
    private static let close = UInt8(ascii: ")")
    private static let newline = UInt8(ascii: "\n")

    private init(_ text: [UInt8]) {
        self.text = text
        code = text
    }

    /// The code of a Swift file, byte for byte as long as its text.
    static func code(of text: [UInt8]) -> [UInt8] {
        var mask = SourceMask(text)
        mask.skipCode(inInterpolation: false)
        return mask.code
    }

    private func byte(_ offset: Int = 0) -> UInt8 {
        let index = position + offset
        return index < text.count ? text[index] : 0
    }

    private mutating func blank(_ count: Int) {
        for _ in 0..<count where position < text.count {
            if text[position] != Self.newline { code[position] = UInt8(ascii: " ") }
            position += 1
        }
    }

    /// Goes through code to the end of the file, or to the parenthesis that ends the interpolation.
    private mutating func skipCode(inInterpolation: Bool) {
        var depth = 0
        while position < text.count {
            switch byte() {
            case Self.slash where byte(1) == Self.slash: skipLineComment()
            case Self.slash where byte(1) == Self.star: skipBlockComment()
            case Self.quote: skipString(hashCount: 0)
            case Self.hash: skipHashes()
            case Self.open:
                depth += 1
                position += 1
            case Self.close:
                position += 1
                if inInterpolation, depth == 0 { return }
                depth -= 1
            default: position += 1
            }
        }
    }

    private mutating func skipLineComment() {
        while position < text.count, byte() != Self.newline { blank(1) }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if byte() == Self.slash, byte(1) == Self.star {
                depth += 1
                blank(2)
            } else if byte() == Self.star, byte(1) == Self.slash {
                depth -= 1
                blank(2)
            } else {
                blank(1)
            }
        } while depth > 0 && position < text.count
    }

    /// A raw string, an extended regex literal, or just a hash.
    private mutating func skipHashes() {
        var count = 0
        while byte(count) == Self.hash { count += 1 }
        if byte(count) == Self.quote {
            position += count
            skipString(hashCount: count)
        } else if byte(count) == Self.slash {
            blank(count + 1)
            while position < text.count, !(byte() == Self.slash && byte(1) == Self.hash) {
                blank(1)
            }
            blank(count + 1)
        } else {
            position += count
        }
    }

    private mutating func skipString(hashCount: Int) {
        let isMultiline = byte(1) == Self.quote && byte(2) == Self.quote
        let quoteCount = isMultiline ? 3 : 1
        position += quoteCount
        while position < text.count {
            if byte() == Self.newline, !isMultiline { return }
            if isAt(Self.quote, times: quoteCount, thenHashes: hashCount) {
                position += quoteCount + hashCount
                return
            }
            guard isAt(Self.backslash, times: 1, thenHashes: hashCount) else {
                blank(1)
                continue
            }
            blank(1 + hashCount)
            if byte() == Self.open {
                position += 1
                skipCode(inInterpolation: true)
            } else {
                blank(1)
            }
        }
    }

    private func isAt(_ mark: UInt8, times: Int, thenHashes hashCount: Int) -> Bool {
        (0..<times).allSatisfy { byte($0) == mark }
            && (0..<hashCount).allSatisfy { byte(times + $0) == Self.hash }
    }
}
