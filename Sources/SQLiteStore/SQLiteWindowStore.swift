package import Core
import GRDB
package import Store
import Synchronization

/// Windows, checkpoints, dead letters and predictions in one SQLite file, windows.db.
///
/// Commits are not synced one by one (`synchronous=NORMAL`). A power loss can take the last ones
/// away, but whole and in order, and a checkpoint is in the transaction of its windows: replay of
/// the log then repeats exactly what went. Predictions are derived from the published parts.
///
/// - Concurrency: any task; GRDB runs calls on queues of its own. Other processes may have the file
///   open too: writers wait for each other.
package final class SQLiteWindowStore: WindowStore {
    let file: SQLiteFile
    /// Rows on their way into the database; only the writer's queue touches them.
    let rows: WindowRows
    /// Keys on their way into the database; only the writer's queue touches them.
    let keys: KeyRows
    let letterCountMax: Int
    let letterCountOfReasonMax: Int
    /// Only the writer touches it, inside its transaction; the lock is never contended.
    private let seriesIDs = Mutex(SeriesIDs())

    /// Opens or creates the file; blocks for as long as a migration takes.
    ///
    /// - Throws: ``FleetError`` `.unsupported` for a file of a newer version, `.dataLoss` for a
    ///   damaged one, `.unavailable` when it cannot be opened.
    package convenience init(path: String) throws {
        try self.init(
            path: path,
            letterCountMax: DeadLetter.countMax,
            letterCountOfReasonMax: DeadLetter.countOfReasonMax
        )
    }

    /// As ``init(path:)`` with other numbers of dead letters that are kept.
    init(path: String, letterCountMax: Int, letterCountOfReasonMax: Int) throws {
        let rows = WindowRows()
        let keys = KeyRows()
        self.rows = rows
        self.keys = keys
        self.letterCountMax = letterCountMax
        self.letterCountOfReasonMax = letterCountOfReasonMax
        file = try SQLiteFile(
            path: path,
            durability: .normal,
            migrator: WindowSchema.migrator(),
            pageSize: 16 << 10,
            copiesLogAside: true
        ) {
            try rows.register(on: $0)
            try keys.register(on: $0)
        }
    }

    package func close() async {
        await file.close()
    }

    package func define(_ definitions: [StoredDefinition]) async throws {
        if definitions.isEmpty { return }
        try await file.write { db in
            for definition in definitions {
                // A size that windows rely on stays when a definition becomes one of sessions:
                // those then say their start, as all whose length is another one.
                try db.execute(
                    sql: """
                        INSERT INTO definitions (name, size_us) VALUES (?1, ?2)
                        ON CONFLICT (name) DO UPDATE SET size_us = excluded.size_us
                        WHERE size_us IS NULL OR NOT EXISTS
                          (SELECT 1 FROM ends_data WHERE definition = definitions.id)
                        """,
                    arguments: [definition.name, definition.size?.microseconds]
                )
            }
        }
    }

    package func commit(_ commits: [WindowCommit], at now: Timestamp) async throws {
        if commits.isEmpty { return }
        let counters = try commits.map { try CheckpointTable.encode($0.checkpoint.counters) }
        try await file.write { db in
            let checkpoints = try CheckpointTable(db)
            for (commit, counters) in zip(commits, counters) {
                try checkpoints.write(commit, counters: counters, at: now)
            }
            try self.seriesIDs.withLock { ids in
                ids.begin()
                try self.writeWindows(commits, &ids, at: now, db)
            }
            try self.write(
                commits.flatMap(\.deadLetters),
                counts: commits.flatMap(\.counts),
                db
            )
        } undo: {
            self.seriesIDs.withLock { $0.undo() }
        }
    }

    private func writeWindows(
        _ commits: [WindowCommit],
        _ ids: inout SeriesIDs,
        at now: Timestamp,
        _ db: Database
    ) throws {
        let closed = commits.flatMap { commit in
            commit.closed.lazy.filter { !$0.windows.isEmpty }.map {
                (partition: commit.checkpoint.partition, $0.definition, $0.windows)
            }
        }
        var columns = closed.map { partition, _, windows in
            SeriesColumn(
                partition: partition,
                series: windows.series,
                ids: windows.seriesIndex
            )
        }
        for commit in commits {
            guard let seen = commit.seen, !seen.isEmpty else { continue }
            columns.append(
                SeriesColumn(
                    partition: commit.checkpoint.partition,
                    series: seen.series,
                    ids: seen.ids
                )
            )
        }
        if columns.isEmpty { return }
        let series = try ids.resolve(columns, SeriesTable(db, rows: keys, now: now))
        var names: [String] = []
        for (_, name, _) in closed where !names.contains(name) { names.append(name) }
        var writer = try WindowWriter(db, rows: rows)
        for name in names {
            let places = closed.indices.filter { closed[$0].1 == name }
            let batches = places.map { closed[$0].2 }
            try writer.write(
                batches,
                series: places.map { series[$0] },
                definition: try definition(name, learnedFrom: batches, db)
            )
        }
        try writer.finish()
        let seen = commits.compactMap(\.seen).filter { !$0.isEmpty }
        try writeSeen(Array(series[closed.count...]), times: seen.map(\.times), db)
    }

    package func checkpoints() async throws -> [PartitionCheckpoint] {
        try await file.read { try CheckpointTable.read($0) }
    }

    package func marks() async throws -> [PartitionMark] {
        try await file.read { try CheckpointTable.marks($0) }
    }
}
