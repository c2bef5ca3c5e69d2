import GRDB

/// The schema of catalog.db: `…_data` tables hold microseconds, the views people read hold text.
enum CatalogSchema {
    /// The migrations in order; a released one never changes.
    static func migrator() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("catalog-1") { db in
            try db.execute(sql: fleetTables + pipelineTables + runTables)
            try db.execute(sql: fleetViews + pipelineViews + runViews)
        }
        migrator.registerMigration("catalog-2") { db in
            try db.execute(sql: aliasChanges)
        }
        return migrator
    }

    /// Where every alias pointed before; the moves made until now are not known.
    private static let aliasChanges = """
        CREATE TABLE alias_changes_data (
          number INTEGER PRIMARY KEY AUTOINCREMENT, fleet TEXT NOT NULL, alias TEXT NOT NULL,
          version INTEGER NOT NULL, action TEXT NOT NULL, changed_at INTEGER NOT NULL, reason TEXT,
          FOREIGN KEY (fleet, version) REFERENCES fleet_versions_data
        );
        CREATE INDEX alias_changes_by_fleet ON alias_changes_data (fleet);
        INSERT INTO alias_changes_data (fleet, alias, version, action, changed_at, reason)
          SELECT fleet, alias, version, 'promote', changed_at, reason FROM aliases_data;
        CREATE VIEW alias_changes AS SELECT fleet, alias, version, action,
          \(timeText("changed_at")) AS changed_at, reason
        FROM alias_changes_data;

        """

    private static let fleetTables = """
        CREATE TABLE leases_data (
          role TEXT PRIMARY KEY, epoch INTEGER NOT NULL, holder TEXT NOT NULL,
          taken_at INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE fleet_versions_data (
          fleet TEXT NOT NULL, version INTEGER NOT NULL, created_at INTEGER NOT NULL,
          pack_key TEXT NOT NULL, pack_digest TEXT NOT NULL, key_pattern TEXT NOT NULL,
          model_count INTEGER NOT NULL, error_count INTEGER NOT NULL,
          warning_count INTEGER NOT NULL, PRIMARY KEY (fleet, version)
        ) WITHOUT ROWID;
        CREATE TABLE aliases_data (
          fleet TEXT NOT NULL, alias TEXT NOT NULL, version INTEGER NOT NULL,
          changed_at INTEGER NOT NULL, reason TEXT, PRIMARY KEY (fleet, alias),
          FOREIGN KEY (fleet, version) REFERENCES fleet_versions_data
        ) WITHOUT ROWID;

        """

    private static let pipelineTables = """
        CREATE TABLE pipelines_data (
          name TEXT PRIMARY KEY, version INTEGER NOT NULL, is_paused INTEGER NOT NULL,
          scheduled_through INTEGER
        ) WITHOUT ROWID;
        CREATE TABLE pipeline_versions_data (
          pipeline TEXT NOT NULL REFERENCES pipelines_data, version INTEGER NOT NULL,
          published_at INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (pipeline, version)
        ) WITHOUT ROWID;

        """

    private static let runTables = """
        CREATE TABLE runs_data (
          number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
          pipeline TEXT NOT NULL REFERENCES pipelines_data, pipeline_version INTEGER NOT NULL,
          interval_start INTEGER NOT NULL, interval_end INTEGER NOT NULL,
          attempt INTEGER NOT NULL, triggered_by TEXT NOT NULL, created_at INTEGER NOT NULL,
          state TEXT NOT NULL, fleet TEXT NOT NULL, fleet_version INTEGER, started_at INTEGER,
          ended_at INTEGER, window_sequence INTEGER, scored INTEGER NOT NULL,
          no_data INTEGER NOT NULL, no_model INTEGER NOT NULL, failed INTEGER NOT NULL,
          timed_out INTEGER NOT NULL, quarantined INTEGER NOT NULL, task_count INTEGER NOT NULL,
          tasks_done INTEGER NOT NULL, row_count INTEGER NOT NULL,
          anomaly_count INTEGER NOT NULL, worker_seconds REAL NOT NULL, message TEXT,
          manifest_key TEXT, UNIQUE (pipeline, interval_end, interval_start, attempt)
        );
        CREATE INDEX runs_by_state ON runs_data (state);
        CREATE TABLE skipped_triggers_data (
          number INTEGER PRIMARY KEY AUTOINCREMENT, pipeline TEXT NOT NULL,
          interval_start INTEGER NOT NULL, interval_end INTEGER NOT NULL,
          decided_at INTEGER NOT NULL, reason TEXT NOT NULL
        );
        CREATE INDEX skipped_triggers_by_pipeline ON skipped_triggers_data (pipeline);
        CREATE TABLE publications_data (
          pipeline TEXT NOT NULL, interval_end INTEGER NOT NULL,
          interval_start INTEGER NOT NULL, run TEXT NOT NULL REFERENCES runs_data (id),
          attempt INTEGER NOT NULL, manifest_key TEXT NOT NULL, published_at INTEGER NOT NULL,
          PRIMARY KEY (pipeline, interval_end, interval_start)
        ) WITHOUT ROWID;
        CREATE INDEX publications_by_end ON publications_data (interval_end);

        """

    private static let fleetViews = """
        CREATE VIEW leases AS SELECT role, epoch, holder, \(timeText("taken_at")) AS taken_at
        FROM leases_data;
        CREATE VIEW fleet_versions AS SELECT fleet, version,
          \(timeText("created_at")) AS created_at, model_count, error_count, warning_count,
          key_pattern, pack_key, pack_digest
        FROM fleet_versions_data;
        CREATE VIEW aliases AS SELECT fleet, alias, version,
          \(timeText("changed_at")) AS changed_at, reason
        FROM aliases_data;
        CREATE VIEW fleets AS SELECT v.fleet, v.version AS latest_version, v.model_count,
          \(timeText("v.created_at")) AS created_at,
          (SELECT group_concat(alias || '=' || version, ', ') FROM aliases_data a
           WHERE a.fleet = v.fleet) AS aliases
        FROM fleet_versions_data v
        WHERE v.version = (SELECT max(version) FROM fleet_versions_data o WHERE o.fleet = v.fleet);

        """

    private static let pipelineViews = """
        CREATE VIEW pipeline_versions AS SELECT pipeline, version,
          \(timeText("published_at")) AS published_at, document
        FROM pipeline_versions_data;
        CREATE VIEW pipelines AS SELECT p.name, p.version, p.is_paused,
          \(timeText("p.scheduled_through")) AS scheduled_through,
          \(timeText("v.published_at")) AS published_at, v.document
        FROM pipelines_data p
        JOIN pipeline_versions_data v ON v.pipeline = p.name AND v.version = p.version;

        """

    private static let runViews = """
        CREATE VIEW runs AS SELECT r.id AS run_id, r.pipeline, r.pipeline_version,
          \(timeText("r.interval_start")) AS interval_start,
          \(timeText("r.interval_end")) AS interval_end, r.attempt, r.triggered_by, r.state,
          r.scored, r.no_data, r.no_model, r.failed, r.timed_out, r.quarantined, r.row_count,
          r.anomaly_count, r.fleet, r.fleet_version, \(timeText("r.created_at")) AS created_at,
          \(timeText("r.started_at")) AS started_at, \(timeText("r.ended_at")) AS ended_at,
          r.task_count, r.tasks_done, r.worker_seconds, r.message, r.manifest_key,
          EXISTS (SELECT 1 FROM publications_data p WHERE p.pipeline = r.pipeline
            AND p.interval_end = r.interval_end AND p.interval_start = r.interval_start
            AND p.run = r.id) AS is_published
        FROM runs_data r;
        CREATE VIEW skipped_triggers AS SELECT pipeline,
          \(timeText("interval_start")) AS interval_start,
          \(timeText("interval_end")) AS interval_end,
          \(timeText("decided_at")) AS decided_at, reason
        FROM skipped_triggers_data;
        CREATE VIEW publications AS SELECT pipeline,
          \(timeText("interval_start")) AS interval_start,
          \(timeText("interval_end")) AS interval_end, run AS run_id, attempt, manifest_key,
          \(timeText("published_at")) AS published_at
        FROM publications_data;

        """
}
