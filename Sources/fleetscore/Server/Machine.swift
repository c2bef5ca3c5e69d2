import CThreads
import Core
import FoundationEssentials

#if canImport(Glibc)
import Glibc
#endif

/// Facts of the machine the process runs on.
enum Machine {
    /// Processors that this process may use.
    static var coreCount: Int { Int(cthreads_processor_count()) }

    /// The path of this very binary, to start workers with.
    static func executablePath() throws -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes {
            $0.baseAddress.map { readlink("/proc/self/exe", $0, 4096) } ?? -1
        }
        guard count > 0 else {
            throw FleetError(.internal, "the path of this program cannot be read from /proc")
        }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}

/// Small whole files, with errors that name them.
enum Files {
    /// The bytes of a file.
    static func bytes(_ path: String) throws -> [UInt8] {
        do {
            return try Array(Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw failure(path, "read")
        }
    }

    /// A path from the root on.
    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    /// Runs with a file's content; an error of it is given the file's name.
    static func naming<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as FleetError {
            let message = error.message.contains("body is empty") ? "it is empty" : error.message
            let hint = error.message.contains("body is empty") ? nil : error.hint
            throw FleetError(error.code, "cannot read \(path): \(message)", hint: hint)
        }
    }

    /// The text of a UTF-8 file.
    static func text(_ path: String) throws -> String {
        guard let text = String(validating: try bytes(path), as: UTF8.self) else {
            throw FleetError(.invalidArgument, "\(path) is not UTF-8 text")
        }
        return text
    }

    /// Writes a new file; an existing one is kept and refused.
    static func create(_ path: String, _ bytes: [UInt8]) throws {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw FleetError(
                .conflict,
                "\(path) exists already",
                hint: "remove it or pass another name"
            )
        }
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        } catch {
            throw failure(path, "write")
        }
    }

    private static func failure(_ path: String, _ verb: String) -> FleetError {
        guard FileManager.default.fileExists(atPath: path) || verb == "write" else {
            return FleetError(.notFound, "there is no file \(path)")
        }
        return FleetError(
            .unavailable,
            "cannot \(verb) \(path)",
            hint: "check its permissions and the disk",
            isRetriable: false
        )
    }
}

extension String {
    /// The text without white space at its ends.
    var trimmed: String {
        var part = self[...]
        while part.first?.isWhitespace == true { part.removeFirst() }
        while part.last?.isWhitespace == true { part.removeLast() }
        return String(part)
    }
}
