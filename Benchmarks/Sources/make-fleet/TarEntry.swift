/// The header block of a plain file in a ustar archive.
enum TarEntry {
    static let blockByteCount = 512

    /// Appends the header of a file.
    static func append(name: String, byteCount: Int, to buffer: inout [UInt8]) {
        var block = [UInt8](repeating: 0, count: blockByteCount)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
        }
        func octal(_ value: Int, digits: Int, at offset: Int) {
            let text = String(value, radix: 8)
            put(String(repeating: "0", count: digits - text.utf8.count) + text, at: offset)
        }
        put(name, at: 0)
        octal(0o644, digits: 7, at: 100)
        octal(0, digits: 7, at: 108)
        octal(0, digits: 7, at: 116)
        octal(byteCount, digits: 11, at: 124)
        octal(0, digits: 11, at: 136)
        put("        0", at: 148)
        put("ustar\u{0}00", at: 257)
        octal(block.reduce(0) { $0 + Int($1) }, digits: 6, at: 148)
        block[154] = 0
        buffer += block
    }

    /// Pads a file to whole blocks.
    static func pad(_ buffer: inout [UInt8]) {
        let rest = buffer.count % blockByteCount
        if rest > 0 { buffer += [UInt8](repeating: 0, count: blockByteCount - rest) }
    }
}
