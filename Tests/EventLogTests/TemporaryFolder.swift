import Disk

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A new folder below the system's temporary one, removed at the end.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = "/tmp/fleetscore-log-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try PosixDisk(root: "/").createFolder(path)
    }

    deinit { remove(path) }

    private func remove(_ folder: String) {
        let disk = PosixDisk(root: "/")
        do {
            for name in try disk.list(folder) { remove(folder + "/" + name) }
        } catch {
            // Not a folder: it is removed as a file below.
        }
        if rmdir(folder) != 0 { unlink(folder) }
    }
}
