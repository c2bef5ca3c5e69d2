/// A file of the repository with its text and, for Swift, its code without comments and strings.
struct SourceFile: Sendable {
    /// Relative to the repository's root.
    let path: String
    let text: [UInt8]
    /// The text with comments and string contents blanked; the text itself when it is not Swift.
    let code: [UInt8]
    private let lineStarts: [Int]

    init(path: String, text: String) {
        self.init(path: path, bytes: Array(text.utf8))
    }

    init(path: String, bytes: [UInt8]) {
        self.path = path
        text = bytes
        code = path.hasSuffix(".swift") ? SourceMask.code(of: bytes) : bytes
        var starts = [0]
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
            starts.append(index + 1)
        }
        lineStarts = starts
    }

    var isSwift: Bool { path.hasSuffix(".swift") }
    var isGenerated: Bool { path.hasSuffix(".pb.swift") }

    /// The last component of the path.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    func isIn(_ folder: String) -> Bool { path.hasPrefix(folder + "/") }

    /// Lines of text, without a last empty one.
    var lineCount: Int { text.last == UInt8(ascii: "\n") ? lineStarts.count - 1 : lineStarts.count }

    /// The number of the line with an offset, from 1.
    func line(at offset: Int) -> Int {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low + 1
    }

    /// The text of a line, counted from 1; empty beyond the file.
    func text(ofLine line: Int) -> String {
        guard line >= 1, line <= lineStarts.count else { return "" }
        let start = lineStarts[line - 1]
        let end = line < lineStarts.count ? lineStarts[line] - 1 : text.count
        return String(decoding: text[start..<end], as: UTF8.self)
    }

    /// The offsets at which `needle` stands in `bytes`.
    static func offsets(of needle: String, in bytes: [UInt8]) -> [Int] {
        let pattern = Array(needle.utf8)
        guard let first = pattern.first, bytes.count >= pattern.count else { return [] }
        var found: [Int] = []
        bytes.withUnsafeBufferPointer { bytes in
            var index = 0
            while index <= bytes.count - pattern.count {
                if bytes[index] == first,
                    pattern.indices.allSatisfy({ bytes[index + $0] == pattern[$0] })
                {
                    found.append(index)
                }
                index += 1
            }
        }
        return found
    }

    /// The offsets at which a word stands whole in `bytes`: no name goes on at either end.
    static func words(_ word: String, in bytes: [UInt8]) -> [Int] {
        let count = word.utf8.count
        let startsName = word.utf8.first.map(isName) ?? false
        let endsName = word.utf8.last.map(isName) ?? false
        return offsets(of: word, in: bytes).filter { offset in
            let isOpen = !startsName || offset == 0 || !isName(bytes[offset - 1])
            let end = offset + count
            return isOpen && (!endsName || end == bytes.count || !isName(bytes[end]))
        }
    }

    /// Whether a byte can be part of a name.
    static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}
