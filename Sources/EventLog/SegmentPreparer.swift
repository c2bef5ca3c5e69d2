import Core
import Disk

/// Has the file of the next segment ready before it is needed.
///
/// The sync of an append that grows a file waits for what the file system notes about the file,
/// and with it for what others write: tens of milliseconds and more while a database is busy. Over
/// zeros that are there it waits for its own bytes.
final class SegmentPreparer: Sendable {
    private let thread: BlockingThread
    private let disk: any Disk
    private let paths: LogPaths

    /// So many segments must fit on the disk; more room than others can fill up at once.
    private static let freeSegmentCount = 16

    init(_ disk: any Disk, _ paths: LogPaths) throws {
        thread = try BlockingThread(name: "log preparer", pace: .patient)
        self.disk = disk
        self.paths = paths
    }

    /// Makes a file of so many bytes and hands it over, nil where that is not possible; removes it
    /// when it is not taken.
    func prepare(byteCount: Int, _ handOver: @escaping @Sendable ((any DiskFile)?) -> Bool) {
        thread.enqueue { [self] in
            // Without it the next segment grows as it is written; what is wrong with the disk shows
            // there, to whoever appends.
            let file = try? make(byteCount: byteCount)
            if handOver(file) { return }
            file?.close()
            try? disk.remove(paths.spare)
        }
    }

    private func make(byteCount: Int) throws -> (any DiskFile)? {
        guard try disk.freeByteCount(of: paths.folder) / Self.freeSegmentCount >= byteCount else {
            return nil
        }
        // The name may still be that of the active segment.
        try disk.syncFolder(paths.folder)
        do {
            let file = try disk.prepare(paths.spare, byteCount: byteCount)
            try disk.syncFolder(paths.folder)
            return file
        } catch {
            try disk.remove(paths.spare)
            throw error
        }
    }

    /// Returns when no file is being made any more, and none will be.
    ///
    /// Whoever opens the log next makes a file of the same name.
    func finish() async {
        await withCheckedContinuation { continuation in
            if !thread.enqueue({ continuation.resume() }) { continuation.resume() }
        }
        thread.stop()
    }
}
