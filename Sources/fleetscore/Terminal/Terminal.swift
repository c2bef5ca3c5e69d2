import Core
import FoundationEssentials
#if canImport(Glibc)
import Glibc
#endif

/// What the process says to the person in front of it: results on stdout, the rest on stderr.
enum Terminal {
    /// Whether standard error is a terminal, so that progress may be redrawn in place.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes a line to standard output at once.
    static func say(_ line: String = "") { write(line + "\n", to: STDOUT_FILENO) }

    /// Writes a line to standard error.
    static func complain(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    /// Writes text to standard error as it is, for progress.
    static func show(_ text: String) { write(text, to: STDERR_FILENO) }

    /// Writes a value as one line of JSON to standard output.
    static func sayJSON(_ value: some Encodable, before text: String = "") throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        say(text + String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Writes bytes to standard output.
    static func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { write($0, to: STDOUT_FILENO) }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var copy = text
        copy.withUTF8 { write(UnsafeRawBufferPointer($0), to: descriptor) }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            guard count > 0 else {
                if errno == EINTR { continue }
                return  // Nobody reads any more.
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }
}
