/// The second schema of windows.db, as a change of the first.
///
/// - Windows are keyed by one number, `slot << 32 | series`: a slot is a definition's window end,
///   numbered in the order of their first window. So a commit appends to one place, a series'
///   window at an end is a look-up by number, and an end's windows are a range. A window stores its
///   start only where it is not its end minus the definition's size.
/// - Columns of `windows_data` have no declared type: converting and checking each cost a tenth of
///   the speed of commits, and the only writer binds what it means.
/// - Late and rejected events become dead letters.
enum WindowSchemaSecond {
    static let tables = """
        DROP VIEW series; DROP VIEW devices; DROP VIEW windows; DROP VIEW checkpoints;
        DROP VIEW late_events; DROP VIEW rejected_events;
        ALTER TABLE windows_data RENAME TO windows_old;
        ALTER TABLE ends_data RENAME TO ends_old;
        ALTER TABLE checkpoints_data RENAME TO checkpoints_old;
        ALTER TABLE definitions ADD COLUMN size_us INTEGER;
        CREATE TABLE windows_data (
          id INTEGER PRIMARY KEY, sequence, count, sum, mean, min, max, stddev, first, last, rate,
          revision, start_us, quantiles
        );
        CREATE TABLE ends_data (
          slot INTEGER PRIMARY KEY, definition INTEGER NOT NULL, end_us INTEGER NOT NULL,
          windows INTEGER NOT NULL, last_sequence INTEGER NOT NULL
        );
        CREATE TABLE seen_data (series INTEGER PRIMARY KEY, last_event_us INTEGER NOT NULL);
        CREATE TABLE checkpoints_data (
          partition INTEGER PRIMARY KEY, applied_through INTEGER NOT NULL,
          replay_from INTEGER NOT NULL, max_event_time INTEGER, counters TEXT NOT NULL,
          snapshot_bytes INTEGER, committed_at INTEGER NOT NULL
        );
        CREATE TABLE snapshot_chunks (
          partition INTEGER NOT NULL, number INTEGER NOT NULL, bytes BLOB NOT NULL
        );
        CREATE TABLE dead_letters_data (
          number INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, reason TEXT NOT NULL,
          source TEXT NOT NULL, definition TEXT, device TEXT, sensor TEXT, time_us INTEGER,
          value REAL, text TEXT, context TEXT, format TEXT, message TEXT, partition INTEGER,
          log_offset INTEGER, replayed_at INTEGER
        );
        CREATE TABLE kept_letters_data (reason TEXT PRIMARY KEY, count INTEGER NOT NULL)
          WITHOUT ROWID;
        CREATE TABLE event_counts_data (
          reason TEXT NOT NULL, definition TEXT NOT NULL, total INTEGER NOT NULL,
          PRIMARY KEY (reason, definition)
        ) WITHOUT ROWID;
        CREATE TABLE registry_data (
          device TEXT NOT NULL, sensor TEXT NOT NULL, site TEXT, unit TEXT,
          expected_interval_us INTEGER, min REAL, max REAL, updated_at INTEGER NOT NULL,
          PRIMARY KEY (device, sensor)
        ) WITHOUT ROWID;

        """

    // All ends of a definition had windows of one length before; sessions came later.
    static let moves = """
        UPDATE definitions SET size_us = (
          SELECT w.end_us - w.start_us FROM windows_old w WHERE w.definition = definitions.id
          LIMIT 1);
        INSERT INTO ends_data (definition, end_us, windows, last_sequence)
          SELECT definition, end_us, windows, last_sequence FROM ends_old
          ORDER BY definition, end_us;
        INSERT INTO seen_data
          SELECT series, max(end_us) FROM windows_old GROUP BY series ORDER BY series;
        INSERT INTO windows_data
          SELECT (e.slot << 32) | w.series, w.sequence, w.count, w.sum, w.mean, w.min, w.max,
            w.stddev, w.first, w.last, NULL, 0,
            nullif(w.start_us, w.end_us - d.size_us), NULL
          FROM definitions d CROSS JOIN ends_data e ON e.definition = d.id
          CROSS JOIN windows_old w ON w.definition = e.definition AND w.end_us = e.end_us
          ORDER BY e.slot, w.series;
        INSERT INTO checkpoints_data
          SELECT partition, applied_through, replay_from, max_event_time, counters,
            length(snapshot), committed_at
          FROM checkpoints_old;
        INSERT INTO snapshot_chunks
          SELECT partition, 0, snapshot FROM checkpoints_old WHERE length(snapshot) > 0;
        INSERT INTO dead_letters_data (received_at, reason, source, text)
          SELECT received_at, reason, source, sample FROM rejected_data ORDER BY number;
        INSERT INTO dead_letters_data
            (received_at, reason, source, definition, device, sensor, time_us, value, partition,
             log_offset)
          SELECT coalesce((SELECT max(committed_at) FROM checkpoints_old), 0), 'late', 'log',
            definition, device, sensor, time_us, value, partition, log_offset
          FROM late_data ORDER BY number;
        INSERT INTO kept_letters_data
          SELECT reason, count(*) FROM dead_letters_data GROUP BY reason;
        INSERT INTO event_counts_data
          SELECT reason, coalesce(definition, ''), count(*) FROM dead_letters_data GROUP BY 1, 2;
        DROP TABLE windows_old; DROP TABLE ends_old; DROP TABLE checkpoints_old;
        DROP TABLE late_data; DROP TABLE rejected_data;

        """

    // `windows_with_start` has the windows of sessions only, whose ends are too many to probe.
    static let indexes = """
        CREATE INDEX windows_with_start ON windows_data (id & 4294967295)
          WHERE start_us IS NOT NULL;
        CREATE UNIQUE INDEX ends_by_end ON ends_data (definition, end_us);
        CREATE INDEX ends_by_sequence ON ends_data (definition, last_sequence, end_us);
        CREATE UNIQUE INDEX chunks_by_number ON snapshot_chunks (partition, number);
        CREATE INDEX letters_by_reason ON dead_letters_data (reason);
        CREATE UNIQUE INDEX letters_by_offset
          ON dead_letters_data (ifnull(partition, -1), log_offset, reason, ifnull(definition, ''),
            ifnull(device, ''), ifnull(sensor, ''), ifnull(time_us, 0))
          WHERE log_offset IS NOT NULL;

        """

    static let views = windowViews + seriesViews + eventViews

    /// SQL for the expected interval of the series `s`, its sensor's over its device's.
    private static let expectedInterval = """
        coalesce((SELECT r.expected_interval_us FROM registry_data r
            WHERE r.device = s.device AND r.sensor = s.sensor),
          (SELECT r.expected_interval_us FROM registry_data r
            WHERE r.device = s.device AND r.sensor = ''))
        """

    // The bounds and the equation on w.id say the same: the planner takes the equation where it
    // knows the series, and the range where it does not.
    private static let windowViews = """
        CREATE VIEW windows AS SELECT d.name AS definition, s.device, s.sensor,
          \(timeText("coalesce(w.start_us, e.end_us - d.size_us)")) AS window_start,
          \(timeText("e.end_us")) AS window_end,
          w.count, w.sum, w.mean, w.min, w.max, w.stddev, w.first, w.last, w.rate, w.revision,
          min(1.0, w.count * 1.0 * \(expectedInterval)
            / (e.end_us - coalesce(w.start_us, e.end_us - d.size_us))) AS coverage,
          w.quantiles, coalesce(w.start_us, e.end_us - d.size_us) AS start_us, e.end_us
        FROM definitions d JOIN ends_data e ON e.definition = d.id
        JOIN series_data s JOIN windows_data w
          ON w.id >= (e.slot << 32) AND w.id < ((e.slot + 1) << 32)
          AND w.id = (e.slot << 32) + s.id AND s.id = (w.id & 4294967295);

        """

    /// How many of a definition's newest ends are searched for a series' last window.
    static let probedEnds = 16

    /// SQL for the end of the newest window of the series `s`, seen last at `n.last_event_us`.
    ///
    /// Bounded: it looks at the newest ends of each definition, then at those up to the window that
    /// holds the last event noted.
    static let lastWindowEnd = """
        (SELECT max(coalesce(
            (SELECT p.end_us FROM (SELECT e.slot, e.end_us FROM ends_data e
                WHERE e.definition = d.id ORDER BY e.end_us DESC LIMIT \(probedEnds)) p
              WHERE EXISTS (SELECT 1 FROM windows_data w WHERE w.id = (p.slot << 32) + s.id)
              ORDER BY p.end_us DESC LIMIT 1),
            (SELECT p.end_us FROM (SELECT e.slot, e.end_us FROM ends_data e
                WHERE e.definition = d.id AND e.end_us <= n.last_event_us + d.size_us
                ORDER BY e.end_us DESC LIMIT \(probedEnds)) p
              WHERE EXISTS (SELECT 1 FROM windows_data w WHERE w.id = (p.slot << 32) + s.id)
              ORDER BY p.end_us DESC LIMIT 1)))
         FROM definitions d)
        """

    private static let seriesViews = """
        CREATE VIEW series AS SELECT id, device, sensor,
          \(timeText("first_seen_at")) AS first_seen_at,
          \(timeText("last_event_us")) AS last_event_at,
          \(timeText("last_end")) AS last_window_end
        FROM (SELECT s.*, n.last_event_us, \(lastWindowEnd) AS last_end
          FROM series_data s LEFT JOIN seen_data n ON n.series = s.id);
        CREATE VIEW devices AS SELECT device, sensors,
          \(timeText("seen")) AS first_seen_at, \(timeText("last_event_us")) AS last_event_at
        FROM (SELECT s.device, count(*) AS sensors, min(s.first_seen_at) AS seen,
            max(n.last_event_us) AS last_event_us
          FROM series_data s LEFT JOIN seen_data n ON n.series = s.id GROUP BY s.device);
        CREATE VIEW silent_series AS SELECT s.device, s.sensor,
          \(timeText("n.last_event_us")) AS last_event_at,
          ((SELECT max(max_event_time) FROM checkpoints_data) - n.last_event_us) / 1000000
            AS silent_seconds, \(expectedInterval) / 1e6 AS expected_interval_seconds
        FROM series_data s JOIN seen_data n ON n.series = s.id
        WHERE n.last_event_us < (SELECT max(max_event_time) FROM checkpoints_data)
            - 3 * min(100000000, ifnull((SELECT min(expected_interval_us) FROM registry_data),
              100000000))
          AND n.last_event_us + 3 * coalesce(\(expectedInterval), 100000000)
          < (SELECT max(max_event_time) FROM checkpoints_data);
        CREATE VIEW registry AS SELECT device, nullif(sensor, '') AS sensor, site, unit,
          expected_interval_us / 1e6 AS expected_interval_seconds, min, max,
          \(timeText("updated_at")) AS updated_at
        FROM registry_data;
        CREATE VIEW checkpoints AS SELECT partition, applied_through, replay_from,
          \(timeText("max_event_time")) AS max_event_time,
          json_extract(counters, '$.accepted') AS accepted,
          json_extract(counters, '$.duplicates') AS duplicates, counters, snapshot_bytes,
          \(timeText("committed_at")) AS committed_at
        FROM checkpoints_data;

        """

    private static let eventViews = """
        CREATE VIEW dead_letters AS SELECT number, \(timeText("received_at")) AS received_at,
          reason, source, definition, device, sensor, \(timeText("time_us")) AS time, value, text,
          context, format, message, partition, log_offset,
          \(timeText("replayed_at")) AS replayed_at
        FROM dead_letters_data;
        CREATE VIEW late_events AS SELECT definition, device, sensor,
          \(timeText("time_us")) AS time, value, partition, log_offset
        FROM dead_letters_data WHERE reason = 'late';
        CREATE VIEW rejected_events AS SELECT \(timeText("received_at")) AS received_at, source,
          reason, text AS sample
        FROM dead_letters_data WHERE log_offset IS NULL;
        CREATE VIEW event_counts AS SELECT reason, nullif(definition, '') AS definition, total
        FROM event_counts_data;

        """
}
