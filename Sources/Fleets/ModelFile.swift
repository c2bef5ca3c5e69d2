/// A file that may hold a model: its path inside the folder or archive, and its bytes.
package struct ModelFile: Sendable {
    package let path: String
    package let bytes: [UInt8]

    package init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }

    /// The last path component.
    package var fileName: String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// The file name without a model suffix (`.pkl`, `.pickle`, `.joblib`), which patterns match.
    package var stem: String {
        let name = fileName
        for suffix in Self.suffixes where name.lowercased().hasSuffix(suffix) {
            return String(name.dropLast(suffix.count))
        }
        return name
    }

    package static let suffixes = [".pkl", ".pickle", ".joblib"]

    /// Whether the name says that this is something else: notes, data, code, archives.
    package var isSurelyNoModel: Bool {
        let name = fileName.lowercased()
        return name.hasPrefix(".") || Self.foreignSuffixes.contains { name.hasSuffix($0) }
    }

    private static let foreignSuffixes = [
        ".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".yaml", ".yml", ".toml", ".ini", ".cfg",
        ".xml", ".html", ".py", ".ipynb", ".sh", ".log", ".png", ".jpg", ".svg", ".pdf", ".npy",
        ".npz", ".parquet", ".zip", ".tar", ".tgz", ".gz.part", ".bak", ".tmp", ".swp", ".sha256",
    ]
}
