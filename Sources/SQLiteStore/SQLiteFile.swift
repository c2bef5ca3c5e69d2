import Core
import Disk
import GRDB
import Store

/// One SQLite database in WAL mode: a single writer, several readers, errors in our own words.
///
/// - Concurrency: any task; GRDB runs every call on a queue of its own, never on the cooperative
///   pool, and lets readers go on beside the writer.
struct SQLiteFile: Sendable {
    /// When a commit is on the disk itself.
    enum Durability: String {
        /// A commit survives a power loss.
        case full = "FULL"
        /// A power loss may take the last commits away, whole and in order.
        case normal = "NORMAL"
    }

    private let pool: DatabasePool
    /// Moves the log into the file beside the writer; nil where the writer does it itself.
    private let logCopier: LogCopier?
    /// The file's name without its folder, as errors say it.
    let name: String

    /// Opens or creates a database and brings its schema up to date.
    ///
    /// `pageSize` is the bytes of a page, for files that this call creates. With `copiesLogAside`
    /// the log is moved into the file on a queue of its own, so that large commits do not wait for
    /// it. `prepareWriter` runs on the connection that writes, before anything else.
    ///
    /// - Throws: ``FleetError`` `.unsupported` for a file that a newer version has written, else
    ///   as every other call.
    init(
        path: String,
        durability: Durability,
        migrator: DatabaseMigrator,
        pageSize: Int = 4096,
        copiesLogAside: Bool = false,
        prepareWriter: @escaping @Sendable (Database) throws -> Void = { _ in }
    ) throws {
        name = String(path.split(separator: "/").last ?? "the database")
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.label = name
        configuration.prepareDatabase { db in
            let isReader = db.configuration.readonly
            if !isReader {
                try db.execute(sql: "PRAGMA page_size = \(pageSize)")
                // Some builds overwrite what is deleted with zeros, a cost nobody asked for.
                try db.execute(sql: "PRAGMA secure_delete = OFF")
                try prepareWriter(db)
            }
            try db.execute(sql: "PRAGMA cache_size = -\(isReader ? 16 << 10 : 64 << 10)")
            // A large commit leaves a large WAL file behind; this gives the space back.
            try db.execute(sql: "PRAGMA journal_size_limit = \(64 << 20)")
        }
        do {
            pool = try Self.open(path, configuration, migrator, name: name)
            // Set here and not above: GRDB itself sets NORMAL when it turns WAL on.
            let copier = copiesLogAside ? try LogCopier(path: path) : nil
            try pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA synchronous = \(durability.rawValue)")
                copier?.watch(db)
            }
            logCopier = copier
        } catch {
            throw storeError(error, file: name)
        }
    }

    /// Opens the file with the newest schema, also when another process does so right now.
    private static func open(
        _ path: String,
        _ configuration: Configuration,
        _ migrator: DatabaseMigrator,
        name: String
    ) throws -> DatabasePool {
        var attempt = 1
        while true {
            do {
                let pool = try DatabasePool(path: path, configuration: configuration)
                let isNewer = try pool.read { try migrator.hasBeenSuperseded($0) }
                guard !isNewer else {
                    throw FleetError(
                        .unsupported,
                        "\(name) was written by a newer version of fleetscore",
                        hint: "start that version, or restore a copy from before the upgrade"
                    )
                }
                try migrator.migrate(pool)
                return pool
            } catch let error as DatabaseError where attempt < 4 && error.canBeARace {
                // Another process made the same tables first; the next try finds them made.
                attempt += 1
            }
        }
    }

    /// Reads one consistent snapshot.
    func read<T: Sendable>(_ body: @Sendable (Database) throws -> T) async throws -> T {
        do {
            return try await pool.read(body)
        } catch {
            throw storeError(error, file: name)
        }
    }

    /// Runs one transaction; an error undoes all of it.
    func write<T: Sendable>(_ body: @Sendable (Database) throws -> T) async throws -> T {
        do {
            return try await pool.write(body)
        } catch {
            throw storeError(error, file: name)
        }
    }

    /// Runs one transaction; after an error, the commit's own included, `undo` runs before any
    /// other writer.
    func write(
        _ body: @Sendable (Database) throws -> Void,
        undo: @Sendable () -> Void
    ) async throws {
        let transaction: @Sendable (Database) throws -> Void = { db in
            do {
                // At once a writer, so that what it reads first is what it changes.
                try db.inTransaction(.immediate) {
                    try body(db)
                    return .commit
                }
            } catch {
                undo()
                throw error
            }
        }
        do {
            // A task that has threads of its own writes on them, with their share of the processor.
            if PatientExecutor.isCurrent {
                try await writeHere(transaction)
            } else {
                try await pool.writeWithoutTransaction(transaction)
            }
        } catch {
            throw storeError(error, file: name)
        }
    }

    /// Blocks a thread of the task's executor; the caller's actor is free meanwhile.
    @concurrent
    private func writeHere(
        _ transaction: @Sendable (Database) throws -> Void
    ) async throws {
        func write() throws { try pool.writeWithoutTransaction(transaction) }
        try write()
    }

    /// Runs statements outside a transaction on the writing connection.
    func execute(_ sql: String) async throws {
        do {
            try await pool.writeWithoutTransaction { try $0.execute(sql: sql) }
        } catch {
            throw storeError(error, file: name)
        }
    }

    /// Moves the WAL into the file and closes it; later calls throw `.unavailable`.
    func close() async {
        await logCopier?.close()
        do {
            try await pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            }
            try pool.close()
        } catch {
            // A reader is still busy, or it is closed already: the file is whole either way, and
            // the connections end with the process.
        }
    }
}

extension DatabaseError {
    /// Whether two processes that make one database at the same time may meet this error.
    fileprivate var canBeARace: Bool {
        [.SQLITE_ERROR, .SQLITE_CONSTRAINT, .SQLITE_BUSY, .SQLITE_SCHEMA]
            .contains(resultCode)
    }
}

/// The error of ours that a database error stands for.
func storeError(_ error: any Error, file: String) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    switch error.resultCode {
    case .SQLITE_FULL:
        return FleetError(
            .resourceExhausted,
            "the disk is full: cannot write \(file)",
            hint: "free some space; nothing of this write was kept",
            cause: error
        )
    case .SQLITE_BUSY, .SQLITE_LOCKED:
        return FleetError(
            .unavailable,
            "\(file) is busy: another process holds it",
            hint: "end the other process and try again",
            cause: error
        )
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
        return FleetError(
            .dataLoss,
            "\(file) is damaged or is not a database",
            hint: "stop the server, keep a copy of the file and restore a backup",
            cause: error
        )
    case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
        return FleetError(
            .unavailable,
            "cannot open \(file) for writing",
            hint: "check that its folder exists and belongs to the server's user",
            cause: error
        )
    case .SQLITE_IOERR:
        return FleetError(
            .unavailable,
            "cannot read or write \(file): input/output error",
            hint: "check the disk and its free space",
            cause: error
        )
    case .SQLITE_INTERRUPT, .SQLITE_ABORT:
        return CancellationError()
    case .SQLITE_MISUSE:
        return StoreErrors.closed(file)
    default:
        return FleetError(.internal, "\(file) refused a statement", cause: error)
    }
}

/// SQL for a column of microseconds as RFC 3339 text in UTC, as ``Timestamp`` prints it.
func timeText(_ column: String) -> String {
    // SQLite divides toward zero; the fraction is made positive so that it also holds before 1970.
    let fraction = "((\(column) % 1000000 + 1000000) % 1000000)"
    return """
        CASE WHEN \(column) % 1000000 = 0
          THEN strftime('%Y-%m-%dT%H:%M:%SZ', \(column) / 1000000, 'unixepoch')
          ELSE strftime('%Y-%m-%dT%H:%M:%S', (\(column) - \(fraction)) / 1000000, 'unixepoch')
            || CASE WHEN \(column) % 1000 = 0
              THEN printf('.%03dZ', \(fraction) / 1000) ELSE printf('.%06dZ', \(fraction)) END END
        """
}
