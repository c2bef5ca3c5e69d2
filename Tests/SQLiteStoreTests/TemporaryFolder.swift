import FoundationEssentials
import Glibc
import Testing

/// A folder of its own for one test, deleted at the end.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array((temporaryPath() + "/fleetscore-XXXXXX").utf8CString)
        path = try #require(
            template.withUnsafeMutableBufferPointer { buffer in
                buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
            }
        )
    }

    deinit {
        // A folder left behind in the temporary one fails no test.
        try? FileManager.default.removeItem(atPath: path)
    }

    var catalog: String { path + "/catalog.db" }
    var windows: String { path + "/windows.db" }
}

private func temporaryPath() -> String {
    getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
}

/// The `sqlite3` command, as a person would use it.
enum SQLiteShell {
    static let isInstalled = system("command -v sqlite3 >/dev/null 2>&1") == 0

    /// The lines a query prints, columns separated by `|`.
    static func run(_ sql: String, on database: String) throws -> [String] {
        let script = database + ".sql"
        try Data(sql.utf8).write(to: URL(filePath: script))
        let pipe = try #require(popen("sqlite3 -batch '\(database)' < '\(script)' 2>&1", "r"))
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&buffer, 1, buffer.count, pipe)
            if count == 0 { break }
            output += buffer[..<count]
        }
        let status = pclose(pipe)
        let text = String(decoding: output, as: UTF8.self)
        #expect(status == 0, "sqlite3 said: \(text)")
        return text.split(separator: "\n").map(String.init)
    }
}

/// The documentation that the tests hold to what it says.
enum Documentation {
    /// The text of docs/sql.md.
    static func sql() throws -> String {
        var folder = URL(filePath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        let text = try Data(contentsOf: folder.appending(path: "docs/sql.md"))
        return String(decoding: text, as: UTF8.self)
    }
}
