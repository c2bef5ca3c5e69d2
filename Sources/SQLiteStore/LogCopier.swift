import Disk
import GRDB
import GRDBSQLite
import Synchronization

/// Copies the write-ahead log into the database file beside the writer.
///
/// SQLite's own way is that the commit that finds the log long copies and syncs it, and waits for
/// the disk. Here a connection of its own does it; the writer only finishes the
/// rest, before the log can start again, when the log has got very long.
///
/// - Concurrency: ``watch(_:)`` on the writer's queue, the copying on threads of its own.
final class LogCopier: Sendable {
    private struct State {
        var isCopying = false
        /// Log frames at which the next copying starts.
        var next: Int
    }

    /// So many frames of the log are copied at a time.
    private let frameCount: Int
    /// At so many frames the writer copies the rest itself.
    private let frameCountMax: Int
    private let queue: DatabaseQueue
    private let threads: PacedThreads
    private let state: Mutex<State>

    /// Opens a connection; the numbers stand for 4 MiB and 512 MiB in pages of 16 KiB.
    ///
    /// Little at a time: whoever syncs another file meanwhile, as the log does, waits for the whole
    /// of it.
    init(path: String, frameCount: Int = 256, frameCountMax: Int = 32_768) throws {
        self.frameCount = frameCount
        self.frameCountMax = frameCountMax
        state = Mutex(State(next: frameCount))
        var configuration = Configuration()
        configuration.label = "log copier"
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = NORMAL")
            try db.execute(sql: "PRAGMA cache_size = -1024")
        }
        queue = try DatabaseQueue(path: path, configuration: configuration)
        threads = try PacedThreads(name: "log copier")
    }

    /// Starts the copying when this connection's commits have made the log long enough.
    func watch(_ db: Database) {
        sqlite3_wal_hook(
            db.sqliteConnection,
            { copier, connection, _, frames in
                guard let copier, let connection else { return SQLITE_OK }
                Unmanaged<LogCopier>.fromOpaque(copier).takeUnretainedValue()
                    .logHas(Int(frames), connection)
                return SQLITE_OK
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
    }

    private func logHas(_ frames: Int, _ connection: OpaquePointer) {
        if frames >= frameCountMax {
            // The disk is slower than the commits: they wait for the copying, else the log
            // would grow without end. Then only what came in the meantime is left to copy.
            waitForCopying()
            sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
            return
        }
        let starts = state.withLock { state in
            // A log that began again is short.
            if frames < frameCount { state.next = frameCount }
            guard frames >= state.next, !state.isCopying else { return false }
            state.isCopying = true
            state.next = frames + frameCount
            return true
        }
        guard starts else { return }
        threads.enqueue(isBehind: frames >= patientFrameCount) { [self] in
            queue.writeWithoutTransaction { db in
                // An error (a full disk, a reader in the way) leaves the log as it is: the next
                // copying, or the writer, tries again.
                guard let connection = db.sqliteConnection else { return }
                sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
            }
            state.withLock { $0.isCopying = false }
        }
    }

    /// In a log that is longer than a large commit the copying is behind.
    private var patientFrameCount: Int { frameCount * 16 }

    private func waitForCopying() {
        // The queue runs one block at a time: when this one runs, a copying that began has ended.
        queue.writeWithoutTransaction { _ in }
    }

    /// Ends the copying; a copying that runs is waited for.
    func close() async {
        do {
            try await queue.writeWithoutTransaction { _ in }
            try queue.close()
        } catch {
            // Closed already.
        }
    }
}
