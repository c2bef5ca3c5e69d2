internal import CZlib

/// How the bytes of a model file are wrapped, told from their first bytes as joblib does.
enum FileEncoding {
    case plain
    /// zlib or gzip.
    case deflated

    /// Tells the encoding, and refuses what is known not to be readable here.
    static func detect(_ bytes: UnsafeRawBufferPointer) throws(SklearnError) -> FileEncoding {
        guard let first = bytes.first else { throw .truncated("the file is empty") }
        if starts(bytes, [0x1F, 0x8B]) { return .deflated }
        if first == 0x78 { return .deflated }
        for (magic, compression) in foreign where starts(bytes, magic) {
            throw .unsupported(
                "the file is compressed with \(compression); load it and save it again with "
                    + "joblib.dump(model, path, compress=3) or without compression"
            )
        }
        if starts(bytes, [0x5A, 0x46]) {
            throw .unsupported(
                "the file has the compression of joblib before 0.10; load it and save it again "
                    + "with a newer joblib"
            )
        }
        if starts(bytes, [0x50, 0x4B, 0x03, 0x04]) {
            throw .unsupported("the file is a zip archive, not a pickle or joblib file")
        }
        // PROTO, or what protocols 0 and 1 can start with; other opcodes are other files' magic.
        guard first == 0x80 || "(c]}".utf8.contains(first) else {
            throw .malformed(
                "it does not start like a pickle or joblib file (first byte 0x"
                    + String(first, radix: 16) + ")"
            )
        }
        return .plain
    }

    private static let foreign: [([UInt8], String)] = [
        ([0x04, 0x22, 0x4D, 0x18], "lz4"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz"),
        ([0x42, 0x5A, 0x68], "bz2"), ([0x5D, 0x00, 0x00], "lzma"),
        ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
    ]

    private static func starts(_ bytes: UnsafeRawBufferPointer, _ magic: [UInt8]) -> Bool {
        bytes.count >= magic.count && bytes.prefix(magic.count).elementsEqual(magic)
    }
}

/// Inflates a zlib or gzip file, at most to `limit` bytes.
///
/// - Throws: ``SklearnError`` `.truncated`, `.malformed` or `.limit`.
func inflate(_ bytes: UnsafeRawBufferPointer, limit: Int) throws(SklearnError) -> [UInt8] {
    var stream = z_stream()
    // 15 + 32: the largest window, and zlib or gzip as the header says.
    let ready = inflateInit2_(&stream, 47, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard ready == Z_OK else { throw .limit("zlib could not start (code \(ready))") }
    defer { inflateEnd(&stream) }
    guard let base = bytes.bindMemory(to: UInt8.self).baseAddress,
        let inputCount = UInt32(exactly: bytes.count)
    else { throw .limit("the compressed file has \(bytes.count) bytes") }
    stream.next_in = UnsafeMutablePointer(mutating: base)
    stream.avail_in = inputCount
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let status = chunk.withUnsafeMutableBufferPointer { buffer in
            stream.next_out = buffer.baseAddress
            stream.avail_out = UInt32(truncatingIfNeeded: buffer.count)
            return inflate(&stream, Z_NO_FLUSH)
        }
        let produced = chunk.count - Int(stream.avail_out)
        guard output.count + produced <= limit else {
            throw .limit("the file inflates to more than the \(limit) bytes allowed")
        }
        output.append(contentsOf: chunk.prefix(produced))
        switch status {
        case Z_STREAM_END: return output
        case Z_OK: continue
        case Z_BUF_ERROR: throw .truncated("the compressed file ends too early")
        default: throw .malformed("the compressed file is damaged (zlib code \(status))")
        }
    }
}
