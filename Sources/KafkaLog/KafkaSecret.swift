import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A password that no description, log or error shows.
package struct KafkaSecret: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    let value: String

    package init(_ value: String) {
        self.value = value
    }

    /// Reads the first line of a file.
    ///
    /// - Throws: ``FleetError`` `.notFound` when it cannot be read; `.invalidArgument` when it is
    ///   empty or above 64 KiB.
    package init(file path: String) throws {
        guard let file = fopen(path, "rb") else {
            throw FleetError(.notFound, "cannot open the kafka password file \(path)")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: (64 << 10) + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        let line = bytes[..<count].prefix { $0 != 0x0A && $0 != 0x0D && $0 != 0 }
        guard count < bytes.count, !line.isEmpty else {
            throw FleetError(
                .invalidArgument,
                "the kafka password file \(path) has no password of 1 to 65536 bytes"
            )
        }
        value = String(decoding: line, as: UTF8.self)
    }

    package var description: String { "***" }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
