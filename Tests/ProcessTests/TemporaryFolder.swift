import FoundationEssentials

/// A new folder in the system's temporary one, removed when nobody holds it any more.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let base = FileManager.default.temporaryDirectory.path
        let trimmed = base.hasSuffix("/") ? String(base.dropLast()) : base
        path = "\(trimmed)/fleetscore-process-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("note: \(path) could not be removed")
        }
    }

    /// The path of something in it.
    func at(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a text file and answers its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try write(name, Array(text.utf8))
    }

    /// Writes a file and answers its path; folders in the name are made.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let url = URL(fileURLWithPath: at(name))
        try FileManager.default.createDirectory(
            atPath: url.deletingLastPathComponent().path,
            withIntermediateDirectories: true
        )
        try Data(bytes).write(to: url)
        return at(name)
    }

    func bytes(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: at(name))))
    }

    func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

    /// The names in a folder of it, sorted.
    func names(_ name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: at(name)).sorted()
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: at(name)) }
}
