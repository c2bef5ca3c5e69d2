/// What the name of a file says about it, read where its bytes are.
enum FileKind {
    private static func bytes(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

    static let modelSuffixes = [
        ".pkl", ".pickle", ".joblib", ".onnx", ".pkl.gz", ".pickle.gz", ".joblib.gz", ".pkl.z",
        ".joblib.z",
    ]

    private static let modelSuffixBytes = bytes(modelSuffixes)

    private static let foreignSuffixBytes = bytes([
        ".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".yaml", ".yml", ".toml", ".ini", ".cfg",
        ".xml", ".html", ".py", ".ipynb", ".sh", ".log", ".png", ".jpg", ".svg", ".pdf", ".npy",
        ".npz", ".parquet", ".zip", ".tar", ".tgz", ".tar.gz", ".gz.part", ".bak", ".tmp", ".swp",
        ".sha256",
    ])

    static let sidecarSuffix = Array(".json".utf8)

    /// The last component of a path.
    static func fileName(_ path: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard let slash = path.lastIndex(of: 0x2F) else { return path }
        return UnsafeRawBufferPointer(rebasing: path[(slash + 1)...])
    }

    /// A file name, or a whole path, without the suffix of a model file.
    static func stem(_ name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var longest = 0
        for suffix in modelSuffixBytes where hasSuffix(name, suffix) {
            longest = max(longest, suffix.count)
        }
        return UnsafeRawBufferPointer(rebasing: name[..<(name.count - longest)])
    }

    /// Whether the name says that this is something else: notes, data, code, archives.
    static func isSurelyNoModel(_ name: UnsafeRawBufferPointer) -> Bool {
        guard let first = name.first, first != 0x2E else { return true }
        // Most files of a fleet are models: one look at the end of the name tells.
        for suffix in modelSuffixBytes.prefix(4) where hasSuffix(name, suffix) { return false }
        return foreignSuffixBytes.contains { hasSuffix(name, $0) }
    }

    /// Whether a name ends with a suffix, in any case.
    static func hasSuffix(_ name: UnsafeRawBufferPointer, _ suffix: [UInt8]) -> Bool {
        guard name.count >= suffix.count else { return false }
        let start = name.count - suffix.count
        for index in suffix.indices {
            let byte = name[start + index]
            let lower = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
            guard lower == suffix[index] else { return false }
        }
        return true
    }
}
