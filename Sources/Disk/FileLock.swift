import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// An exclusive lock on a data folder, held until released or the process ends.
package final class FileLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock and writes the process id into the lock file.
    ///
    /// - Parameters:
    ///   - path: the lock file's absolute path; its folder exists.
    ///   - dataFolder: what the error names.
    /// - Throws: ``FleetError`` `.conflict` naming the holder when another server has the lock.
    package init(path: String, dataFolder: String) throws {
        let descriptor = openDescriptor(path, O_RDWR | O_CREAT)
        guard descriptor >= 0 else { throw FleetError.posix(errno, "open", path) }
        do {
            try Self.take(descriptor, path, dataFolder)
            try Self.writeProcessID(descriptor, path)
        } catch {
            closeDescriptor(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    /// Closing the file releases the lock; the file itself stays.
    deinit { closeDescriptor(descriptor) }

    private static func take(
        _ descriptor: Int32,
        _ path: String,
        _ dataFolder: String
    ) throws {
        if retryingInterrupts({ flock(descriptor, LOCK_EX | LOCK_NB) }) == 0 { return }
        guard errno == EWOULDBLOCK else { throw FleetError.posix(errno, "lock", path) }
        throw FleetError(
            .conflict,
            "data folder \(dataFolder) is already in use by another fleetscore server "
                + "(process \(holder(descriptor)))",
            hint: "stop it or choose another --data-dir"
        )
    }

    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(0, count)).prefix { $0 >= 0x30 && $0 <= 0x39 }
        return digits.isEmpty ? "unknown" : String(decoding: digits, as: UTF8.self)
    }

    private static func writeProcessID(_ descriptor: Int32, _ path: String) throws {
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0,
            pwrite(descriptor, text, text.count, 0) == text.count
        else { throw FleetError.posix(errno, "write", path) }
    }
}
