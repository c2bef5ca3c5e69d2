#if canImport(Glibc)
import FoundationEssentials
import Glibc

/// A file system of its own with a given size, in memory; gone when nobody holds it any more.
final class SmallDisk: Sendable {
    let path: String

    /// Whether this user may mount one.
    static let isThere: Bool = {
        do {
            let folder = try TemporaryFolder()
            return withExtendedLifetime(try SmallDisk(folder.at("disk"), byteCount: 1 << 20)) {
                true
            }
        } catch {
            return false
        }
    }()

    init(_ path: String, byteCount: Int) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(byteCount)") == 0 else {
            throw ProcessProblem("cannot mount a disk at \(path): error \(errno)")
        }
        self.path = path
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    private var filler: String { "\(path)/filler" }

    /// Takes all space that there is.
    func fill() throws {
        let descriptor = open(filler, O_CREAT | O_WRONLY, 0o600)
        defer { close(descriptor) }
        // Large pieces first, then the rest.
        for byteCount in [1 << 20, 4096] {
            let zeros = [UInt8](repeating: 0, count: byteCount)
            while write(descriptor, zeros, zeros.count) > 0 {}
            guard errno == ENOSPC else { throw ProcessProblem("cannot fill \(path): \(errno)") }
        }
    }

    /// Gives the space back.
    func empty() throws {
        try FileManager.default.removeItem(atPath: filler)
    }
}
#endif
