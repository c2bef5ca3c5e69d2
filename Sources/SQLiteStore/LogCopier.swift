import GRDB
import GRDBSQLite
import Synchronization

/// Copies the write-ahead log into the database file beside the writer.
///
/// SQLite's own way is that the commit that finds the log long copies and syncs it, which makes that
/// commit wait for the disk. Here a connection of its own does it; the writer only finishes the
/// rest, before the log can start again, when the log has got very long.
///
/// - Concurrency: ``watch(_:)`` on the writer's queue, the copying on one of its own.
final class LogCopier: @unchecked Sendable {
    // SAFETY: everything that changes is in the mutex; the queue is safe to use from anywhere.

    private struct State {
        var isCopying = false
        /// Log frames at which the next copying starts.
        var next = LogCopier.frameCount
    }

    /// So many frames of the log are copied at a time: 32 MiB in pages of 16 KiB.
    private static let frameCount = 2048
    /// At so many frames the writer copies the rest itself: 512 MiB in pages of 16 KiB.
    private static let frameCountMax = 32_768

    private let queue: DatabaseQueue
    private let state = Mutex(State())

    init(path: String) throws {
        var configuration = Configuration()
        configuration.label = "log copier"
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = NORMAL")
            try db.execute(sql: "PRAGMA cache_size = -1024")
        }
        queue = try DatabaseQueue(path: path, configuration: configuration)
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
        if frames >= Self.frameCountMax {
            // What is copied already is left out, so that this is what came during the last copying.
            sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
            return
        }
        let starts = state.withLock { state in
            // A log that began again is short.
            if frames < Self.frameCount { state.next = Self.frameCount }
            guard frames >= state.next, !state.isCopying else { return false }
            state.isCopying = true
            state.next = frames + Self.frameCount
            return true
        }
        guard starts else { return }
        queue.asyncWriteWithoutTransaction { db in
            // An error (a full disk, a reader in the way) leaves the log as it is: the next
            // copying, or the writer, tries again.
            if let connection = db.sqliteConnection {
                sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
            }
            self.state.withLock { $0.isCopying = false }
        }
    }

    /// Ends the copying; a copying that runs is waited for.
    func close() async {
        do {
            // The queue runs one block at a time: when this one runs, the copying has ended.
            try await queue.writeWithoutTransaction { _ in }
            try queue.close()
        } catch {
            // Closed already.
        }
    }
}
