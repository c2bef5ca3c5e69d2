/// How the bytes of a model file are wrapped, told from their first bytes as joblib does.
enum FileEncoding {
    case plain
    /// zlib or gzip.
    case deflated
    case bzip2
    /// xz, or the older lzma.
    case lzma
    case lz4

    /// Tells the encoding, and refuses what is known not to be readable here.
    static func detect(_ bytes: UnsafeRawBufferPointer) throws(SklearnError) -> FileEncoding {
        guard let first = bytes.first else { throw .truncated("the file is empty") }
        // PROTO of a pickle: nearly every file.
        if first == 0x80 { return .plain }
        for (magic, encoding) in compressed where starts(bytes, magic) { return encoding }
        if starts(bytes, [0x28, 0xB5, 0x2F, 0xFD]) {
            throw .unsupported(
                "the file is compressed with zstd; load it and save it again with "
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
        // What protocols 0 and 1 can start with; other opcodes are other files' magic.
        guard "(c]}".utf8.contains(first) else {
            throw .malformed(
                "it does not start like a pickle or joblib file (first byte 0x"
                    + String(first, radix: 16) + ")"
            )
        }
        return .plain
    }

    private static let compressed: [([UInt8], FileEncoding)] = [
        ([0x1F, 0x8B], .deflated), ([0x78], .deflated), ([0x42, 0x5A, 0x68], .bzip2),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], .lzma), ([0x5D, 0x00, 0x00], .lzma),
        ([0x04, 0x22, 0x4D, 0x18], .lz4),
    ]

    private static func starts(_ bytes: UnsafeRawBufferPointer, _ magic: [UInt8]) -> Bool {
        bytes.count >= magic.count && bytes.prefix(magic.count).elementsEqual(magic)
    }
}
