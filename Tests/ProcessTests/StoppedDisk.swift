#if canImport(Glibc)
import FoundationEssentials
import Glibc

/// A file system in a file, which can be stopped: whoever writes to it waits until it goes on.
///
/// A process that waits so cannot even be killed before it goes on.
final class StoppedDisk: Sendable {
    let path: String
    private let folder: TemporaryFolder

    /// Whether this user may make, mount and stop one.
    static func isThere() async -> Bool {
        do {
            let folder = try TemporaryFolder()
            let disk = try await StoppedDisk(byteCount: 16 << 20, in: folder)
            try await disk.stopped {}
            return true
        } catch {
            return false
        }
    }

    init(byteCount: Int, in folder: TemporaryFolder) async throws {
        self.folder = folder
        path = folder.at("disk")
        let image = folder.at("disk.image")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (program, arguments) in [
            ("truncate", ["--size", "\(byteCount)", image]),
            ("mkfs.ext4", ["-q", "-m", "0", image]),
            ("mount", ["-o", "loop", image, path]),
        ] { try await Self.run(program, arguments, in: folder) }
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    /// FITHAW of linux/fs.h: what `fsfreeze --unfreeze` does.
    private static let thaw: UInt = 0xC004_5878

    /// Has everybody wait who writes, until something is done.
    func stopped(_ body: () async throws -> Void) async throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY)
        guard descriptor >= 0 else { throw ProcessProblem("cannot open \(path): \(errno)") }
        defer { close(descriptor) }
        try await Self.run("fsfreeze", ["--freeze", path], in: folder)
        // Also when the test is cancelled, which no child process would survive.
        defer { _ = ioctl(descriptor, Self.thaw, 0) }
        try await body()
    }

    /// Runs a program that is where only its administrator looks for it.
    private static func run(
        _ program: String,
        _ arguments: [String],
        in folder: TemporaryFolder
    ) async throws {
        _ = try await Binary.output(
            of: "env",
            ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", program] + arguments,
            in: folder
        )
    }
}
#endif
