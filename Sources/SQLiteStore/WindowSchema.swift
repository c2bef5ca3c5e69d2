import GRDB

/// The schema of windows.db: `…_data` tables hold microseconds, the views people read hold text.
enum WindowSchema {
    /// The migrations in order; a released one never changes.
    static func migrator() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("windows-1") { db in
            try db.execute(sql: WindowSchemaFirst.tables)
            try db.execute(sql: WindowSchemaFirst.views)
        }
        migrator.registerMigration("windows-2") { db in
            try db.execute(sql: WindowSchemaSecond.tables)
            try db.execute(sql: WindowSchemaSecond.moves)
            try db.execute(sql: WindowSchemaSecond.indexes)
            try db.execute(sql: WindowSchemaSecond.views)
        }
        migrator.registerMigration("windows-3") { db in
            try db.execute(sql: keptBatches)
        }
        return migrator
    }

    /// The names of batches whose rejected events were counted.
    private static let keptBatches = """
        CREATE TABLE kept_batches_data (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

        """

    /// The bits of a window's id that hold its series; those above hold the slot of its end.
    static let seriesBits: Int64 = 32
    static let seriesMask: Int64 = 0xFFFF_FFFF
}
