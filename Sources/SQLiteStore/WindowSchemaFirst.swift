/// The first schema of windows.db, as it was released; it never changes.
enum WindowSchemaFirst {
    static let tables = windowTables + eventTables + predictionTables
    static let views = windowViews + eventViews + predictionViews

    // Windows are keyed by end first, so that a commit appends to one place. `windows_by_series`
    // serves reads of one series and reads of a whole interval in key order. `ends_data` says per
    // window end how many windows there are and which commit was the last to add one.
    private static let windowTables = """
        CREATE TABLE definitions (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
        CREATE TABLE series_data (
          id INTEGER PRIMARY KEY, device TEXT NOT NULL, sensor TEXT NOT NULL,
          first_seen_at INTEGER NOT NULL, UNIQUE (device, sensor)
        );
        CREATE TABLE windows_data (
          definition INTEGER NOT NULL, end_us INTEGER NOT NULL, series INTEGER NOT NULL,
          start_us INTEGER NOT NULL, sequence INTEGER NOT NULL, count INTEGER NOT NULL,
          sum REAL, mean REAL, min REAL, max REAL, stddev REAL, first REAL, last REAL,
          PRIMARY KEY (definition, end_us, series)
        ) WITHOUT ROWID;
        CREATE INDEX windows_by_series ON windows_data (series, definition, end_us);
        CREATE TABLE ends_data (
          definition INTEGER NOT NULL, end_us INTEGER NOT NULL, windows INTEGER NOT NULL,
          last_sequence INTEGER NOT NULL, PRIMARY KEY (definition, end_us)
        ) WITHOUT ROWID;
        CREATE TABLE counters_data (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE checkpoints_data (
          partition INTEGER PRIMARY KEY, applied_through INTEGER NOT NULL,
          replay_from INTEGER NOT NULL, max_event_time INTEGER, counters TEXT NOT NULL,
          snapshot BLOB, committed_at INTEGER NOT NULL
        );

        """

    private static let eventTables = """
        CREATE TABLE late_data (
          number INTEGER PRIMARY KEY, definition TEXT NOT NULL, device TEXT NOT NULL,
          sensor TEXT NOT NULL, time_us INTEGER NOT NULL, value REAL,
          partition INTEGER NOT NULL, log_offset INTEGER NOT NULL,
          UNIQUE (partition, log_offset, definition)
        );
        CREATE TABLE rejected_data (
          number INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, source TEXT NOT NULL,
          reason TEXT NOT NULL, sample TEXT NOT NULL
        );

        """

    // An attempt is a run's rows; `published_data` holds the visible attempt of an interval.
    private static let predictionTables = """
        CREATE TABLE attempts_data (
          id INTEGER PRIMARY KEY, run TEXT NOT NULL, attempt INTEGER NOT NULL, pipeline TEXT,
          feature_names TEXT, first_end INTEGER, last_end INTEGER, interval_start INTEGER,
          interval_end INTEGER, UNIQUE (run, attempt)
        );
        CREATE TABLE published_data (
          pipeline TEXT NOT NULL, interval_end INTEGER NOT NULL, interval_start INTEGER NOT NULL,
          attempt_id INTEGER NOT NULL, attempt INTEGER NOT NULL, published_at INTEGER NOT NULL,
          PRIMARY KEY (pipeline, interval_end, interval_start)
        ) WITHOUT ROWID;
        CREATE INDEX published_by_attempt ON published_data (attempt_id);
        CREATE TABLE predictions_data (
          attempt_id INTEGER NOT NULL, device TEXT NOT NULL, sensor TEXT NOT NULL,
          end_us INTEGER NOT NULL, start_us INTEGER NOT NULL, status TEXT NOT NULL, score REAL,
          is_anomaly INTEGER, threshold REAL, model_digest BLOB, coverage REAL,
          features TEXT NOT NULL, PRIMARY KEY (attempt_id, device, sensor, end_us)
        ) WITHOUT ROWID;
        CREATE TABLE items_data (
          attempt_id INTEGER NOT NULL, device TEXT NOT NULL, sensor TEXT NOT NULL,
          status TEXT NOT NULL, row_count INTEGER NOT NULL, anomaly_count INTEGER NOT NULL,
          reason TEXT, PRIMARY KEY (attempt_id, device, sensor)
        ) WITHOUT ROWID;

        """

    /// SQL for the end of the newest window of the series `s`, in microseconds: a look-up per
    /// definition.
    private static let lastWindowEnd = """
        (SELECT max((SELECT w.end_us FROM windows_data w
           WHERE w.series = s.id AND w.definition = d.id ORDER BY w.end_us DESC LIMIT 1))
         FROM definitions d)
        """

    private static let windowViews = """
        CREATE VIEW series AS SELECT id, device, sensor,
          \(timeText("first_seen_at")) AS first_seen_at,
          \(timeText("last_end")) AS last_window_end
        FROM (SELECT s.*, \(lastWindowEnd) AS last_end FROM series_data s);
        CREATE VIEW devices AS SELECT device, sensors,
          \(timeText("seen")) AS first_seen_at, \(timeText("last_end")) AS last_window_end
        FROM (SELECT s.device, count(*) AS sensors, min(s.first_seen_at) AS seen,
            max(\(lastWindowEnd)) AS last_end
          FROM series_data s GROUP BY s.device);
        CREATE VIEW windows AS SELECT d.name AS definition, s.device, s.sensor,
          \(timeText("w.start_us")) AS window_start, \(timeText("w.end_us")) AS window_end,
          w.count, w.sum, w.mean, w.min, w.max, w.stddev, w.first, w.last
        FROM windows_data w JOIN series_data s ON s.id = w.series
        JOIN definitions d ON d.id = w.definition;
        CREATE VIEW checkpoints AS SELECT partition, applied_through, replay_from,
          \(timeText("max_event_time")) AS max_event_time,
          json_extract(counters, '$.accepted') AS accepted,
          json_extract(counters, '$.duplicates') AS duplicates, counters,
          length(snapshot) AS snapshot_bytes, \(timeText("committed_at")) AS committed_at
        FROM checkpoints_data;

        """

    private static let eventViews = """
        CREATE VIEW late_events AS SELECT definition, device, sensor,
          \(timeText("time_us")) AS time, value, partition, log_offset
        FROM late_data;
        CREATE VIEW rejected_events AS SELECT \(timeText("received_at")) AS received_at, source,
          reason, sample
        FROM rejected_data;

        """

    // CROSS JOIN keeps the order: from the few published attempts to rows by key, so that a query
    // by run or by device never reads the rows of other attempts or devices.
    private static let predictionViews = """
        CREATE VIEW published_runs AS SELECT p.pipeline,
          \(timeText("p.interval_start")) AS interval_start,
          \(timeText("p.interval_end")) AS interval_end, a.run AS run_id, p.attempt,
          \(timeText("p.published_at")) AS published_at
        FROM published_data p JOIN attempts_data a ON a.id = p.attempt_id;
        CREATE VIEW predictions AS SELECT a.run AS run_id, a.attempt, p.pipeline, r.device,
          nullif(r.sensor, '') AS sensor, \(timeText("r.start_us")) AS window_start,
          \(timeText("r.end_us")) AS window_end, r.status, r.score, r.is_anomaly, r.threshold,
          CASE typeof(r.model_digest) WHEN 'blob' THEN lower(hex(r.model_digest))
            ELSE r.model_digest END AS model_digest, r.coverage,
          (SELECT json_group_object(n.value, f.value) FROM json_each(a.feature_names) n
            JOIN json_each(r.features) f ON f.key = n.key) AS features
        FROM published_data p CROSS JOIN attempts_data a ON a.id = p.attempt_id
        CROSS JOIN predictions_data r ON r.attempt_id = a.id;
        CREATE VIEW items AS SELECT a.run AS run_id, a.attempt, p.pipeline, i.device,
          nullif(i.sensor, '') AS sensor, i.status, i.row_count, i.anomaly_count, i.reason
        FROM published_data p CROSS JOIN attempts_data a ON a.id = p.attempt_id
        CROSS JOIN items_data i ON i.attempt_id = a.id;

        """
}
