import Core
import Store
import TestKit
import Testing

@testable import SQLiteStore

/// The queries of the documentation, run by the `sqlite3` command beside an open store.
@Suite(
    "SQL that people write",
    .enabled(if: SQLiteShell.isInstalled, "needs the sqlite3 command (apt install sqlite3)")
)
struct SQLiteShellTests {
    private typealias Samples = StoreSamples

    private let folder: TemporaryFolder
    private let catalog: SQLiteCatalog
    private let store: SQLiteWindowStore

    init() throws {
        folder = try TemporaryFolder()
        catalog = try SQLiteCatalog(path: folder.catalog)
        store = try SQLiteWindowStore(path: folder.windows)
    }

    private func addWindows() async throws {
        let keys = [("m-1", "t"), ("m-1", "v"), ("m-2", "t")].map(Samples.key)
        try await store.define([StoredDefinition(name: "1m", size: .seconds(60))])
        for end in 1...3 as ClosedRange<Int64> {
            var commit = Samples.commit(keys.map { ($0, end) }, through: end)
            commit.seen = Samples.seen(keys.dropLast(end == 1 ? 0 : 1).map { ($0, end * 20) })
            try await store.commitNext(commit, at: Samples.minute(end))
        }
        try await store.setRegistry([
            RegistryEntry(
                key: SeriesKey(uncheckedDevice: "m-1", sensor: ""),
                site: "north",
                expectedInterval: .seconds(15),
                updatedAt: Samples.minute(0)
            ),
            RegistryEntry(key: keys[0], unit: "°C", max: 90, updatedAt: Samples.minute(1)),
        ])
        var revised = WindowBatch(quantilePoints: [0.5, 0.95])
        revised.append(
            series: revised.series.insert(keys[0]),
            start: Samples.minute(3).microseconds,
            end: Samples.minute(4).microseconds,
            count: 3,
            sum: 6,
            mean: 2,
            min: 1,
            max: 3,
            stddev: 1,
            first: 1,
            last: 3,
            rate: 0.05,
            revision: 1,
            quantiles: [2, 2.9]
        )
        var commit = Samples.commit([], through: 60)
        commit.closed = [("1m", revised)]
        commit.deadLetters = [Samples.letter(.late, 9, device: "m-2", definition: "1m")]
        commit.counts = [EventCount(reason: .late, definition: "1m", count: 12)]
        try await store.commitNext(commit, at: Samples.minute(5))
        try await store.addDeadLetters([Samples.letter(.badValue, nil)], counts: nil)
    }

    /// Runs a query that `docs/sql.md` has, word for word.
    private func documented(_ sql: String, on database: String) throws -> [String] {
        #expect(try Documentation.sql().contains(sql + "\n"), "docs/sql.md lacks: \(sql)")
        return try SQLiteShell.run(sql, on: database)
    }

    @Test("Which devices are there, and how fresh are they?")
    func devices() async throws {
        try await addWindows()
        let lines = try documented(
            "SELECT device, sensors, first_seen_at, last_event_at FROM devices ORDER BY device;",
            on: folder.windows
        )
        #expect(
            lines == [
                "m-1|2|2018-08-28T00:01:00Z|2018-08-28T01:00:00Z",
                "m-2|1|2018-08-28T00:01:00Z|2018-08-28T00:20:00Z",
            ]
        )
    }

    @Test("Which series are silent?")
    func silent() async throws {
        try await addWindows()
        let lines = try documented(
            """
            SELECT device, sensor, last_event_at, silent_seconds FROM silent_series
            ORDER BY device, sensor;
            """,
            on: folder.windows
        )
        #expect(lines == ["m-2|t|2018-08-28T00:20:00Z|2400"])
        let series = try documented(
            """
            SELECT device, sensor, last_event_at, last_window_end FROM series
            WHERE device = 'm-1' ORDER BY sensor;
            """,
            on: folder.windows
        )
        #expect(
            series == [
                "m-1|t|2018-08-28T01:00:00Z|2018-08-28T00:04:00Z",
                "m-1|v|2018-08-28T01:00:00Z|2018-08-28T00:03:00Z",
            ]
        )
    }

    @Test("Which windows of an interval are incomplete, and how do they spread?")
    func interval() async throws {
        try await addWindows()
        let lines = try documented(
            """
            SELECT device, sensor, window_end, count, round(coverage, 2) AS coverage FROM windows
            WHERE definition = '1m' AND coverage < 0.9
              AND end_us > unixepoch('2018-08-28T00:00:00Z') * 1000000
              AND end_us <= unixepoch('2018-08-28T00:05:00Z') * 1000000
            ORDER BY device, sensor, end_us;
            """,
            on: folder.windows
        )
        #expect(
            lines == [
                "m-1|t|2018-08-28T00:01:00Z|2|0.5", "m-1|t|2018-08-28T00:02:00Z|3|0.75",
                "m-1|t|2018-08-28T00:04:00Z|3|0.75", "m-1|v|2018-08-28T00:01:00Z|2|0.5",
                "m-1|v|2018-08-28T00:02:00Z|3|0.75",
            ]
        )
        let quantiles = try documented(
            """
            SELECT device, sensor, window_end, revision, rate, quantiles ->> '$.p95' AS p95
            FROM windows WHERE definition = '1m' AND revision > 0;
            """,
            on: folder.windows
        )
        #expect(quantiles == ["m-1|t|2018-08-28T00:04:00Z|1|0.05|2.9"])
    }

    @Test("What was not windowed, and why?")
    func deadLetters() async throws {
        try await addWindows()
        let counts = try documented(
            "SELECT reason, definition, total FROM event_counts ORDER BY total DESC;",
            on: folder.windows
        )
        #expect(counts == ["late|1m|12", "bad_value||1"])
        let lines = try documented(
            """
            SELECT number, received_at, reason, source, device, time, value, text FROM dead_letters
            WHERE replayed_at IS NULL ORDER BY number DESC LIMIT 20;
            """,
            on: folder.windows
        )
        #expect(
            lines == [
                "2|2018-08-28T00:00:00Z|bad_value|http|a|2018-08-28T00:01:00Z|1.5|{\"é\": 1}",
                "1|2018-08-28T00:09:00Z|late|log|m-2|2018-08-28T00:01:00Z|1.5|",
            ]
        )
    }

    @Test("What does the registry say, and how far is each partition?")
    func registry() async throws {
        try await addWindows()
        let lines = try documented(
            """
            SELECT device, sensor, site, unit, expected_interval_seconds, min, max FROM registry
            ORDER BY device, sensor;
            """,
            on: folder.windows
        )
        #expect(lines == ["m-1||north||15.0||", "m-1|t||°C|||90.0"])
        let partitions = try documented(
            """
            SELECT partition, applied_through, max_event_time, accepted, committed_at
            FROM checkpoints ORDER BY partition;
            """,
            on: folder.windows
        )
        #expect(partitions == ["0|60|2018-08-28T01:00:00Z|60|2018-08-28T00:05:00Z"])
    }

    @Test("What were the last windows of a series?")
    func lastWindows() async throws {
        try await addWindows()
        let lines = try documented(
            """
            SELECT window_start, window_end, count, mean, stddev FROM windows
            WHERE definition = '1m' AND device = 'm-1' AND sensor = 't'
            ORDER BY end_us DESC LIMIT 2;
            """,
            on: folder.windows
        )
        #expect(
            lines == [
                "2018-08-28T00:03:00Z|2018-08-28T00:04:00Z|3|2.0|1.0",
                "2018-08-28T00:02:00Z|2018-08-28T00:03:00Z|4|3.1|0.5",
            ]
        )
    }

    @Test("How did the last runs end?")
    func runs() async throws {
        try await publishRuns()
        let lines = try documented(
            """
            SELECT run_id, pipeline, interval_end, attempt, state, scored, failed, is_published
            FROM runs ORDER BY created_at DESC LIMIT 5;
            """,
            on: folder.catalog
        )
        #expect(
            lines == [
                "r2|plant|2018-08-28T00:10:00Z|1|published_with_failures|2|1|1",
                "r1|plant|2018-08-28T00:05:00Z|1|published_with_failures|2|1|1",
            ]
        )
        let others = try SQLiteShell.run(
            """
            SELECT pipeline, interval_end, run_id FROM publications ORDER BY interval_end DESC;
            SELECT role, epoch, holder, taken_at FROM leases;
            SELECT name, version, is_paused, scheduled_through FROM pipelines;
            SELECT count(*) FROM pipeline_versions;
            SELECT count(*) FROM skipped_triggers;
            SELECT fleet, latest_version, aliases FROM fleets;
            SELECT count(*) FROM fleet_versions;
            SELECT count(*) FROM aliases;
            """,
            on: folder.catalog
        )
        #expect(
            others == [
                "plant|2018-08-28T00:10:00Z|r2", "plant|2018-08-28T00:05:00Z|r1",
                "schedule|1|a|2018-08-28T00:00:00Z", "plant|1|0|2018-08-28T00:00:00.250Z", "1",
                "0", "plant|1|production=1", "1", "1",
            ]
        )
    }

    @Test("Which anomalies did the latest published run find?")
    func anomalies() async throws {
        try await publishRuns()
        let lines = try SQLiteShell.run(
            """
            SELECT device, sensor, window_end, score, features FROM predictions
            WHERE is_anomaly = 1 AND run_id = (
              SELECT run_id FROM published_runs WHERE pipeline = 'plant'
              ORDER BY interval_end DESC LIMIT 1)
            ORDER BY device, sensor, window_end;
            SELECT DISTINCT model_digest, typeof(sensor) FROM predictions WHERE device = 'm-3';
            """,
            on: folder.windows
        )
        #expect(
            lines == [
                "m-1|t|2018-08-28T00:10:00Z|-0.1|{\"mean\":10.0,\"max\":10.1}",
                String(repeating: "0f", count: 32) + "|null",
            ]
        )
    }

    @Test("How many items ended in which way?")
    func items() async throws {
        try await publishRuns()
        let lines = try SQLiteShell.run(
            """
            SELECT status, count(*) AS items FROM items WHERE run_id = 'r2'
            GROUP BY status ORDER BY items DESC;
            SELECT device, reason FROM items WHERE run_id = 'r2' AND status <> 'scored';
            """,
            on: folder.windows
        )
        #expect(lines == ["scored|2", "failed|1", "m-3|no support vectors"])
    }

    @Test("Times before 1970 and fractions print as the product prints them")
    func times() async throws {
        let ends: [Int64] = [-1, -1_500_000, 0, 1, 1_000, 999_999, 86_400_000_000, -60_000_000]
        var batch = WindowBatch()
        for end in ends {
            batch.append(
                series: batch.series.insert(Samples.key("a")),
                start: end - 1,
                end: end,
                count: 1,
                sum: 1,
                mean: 1,
                min: 1,
                max: 1,
                stddev: .nan,
                first: 1,
                last: 1
            )
        }
        var late = Samples.letter(.late, 5, definition: "odd")
        late.time = Timestamp(microseconds: 1_250_000)
        late.value = 2
        var rejected = DeadLetter(
            receivedAt: Samples.minute(0),
            reason: .badValue,
            source: "http"
        )
        rejected.text = "x"
        try await store.commit(
            [
                WindowCommit(
                    checkpoint: Samples.checkpoint(0, through: 6, snapshot: [1, 2]),
                    expectedAppliedThrough: nil,
                    closed: [("odd", batch)],
                    deadLetters: [late]
                )
            ],
            at: Samples.minute(0)
        )
        try await store.addDeadLetters([rejected], counts: nil)
        let lines = try SQLiteShell.run(
            """
            SELECT window_end, ifnull(stddev, 'null') FROM windows WHERE definition = 'odd';
            """,
            on: folder.windows
        )
        #expect(
            Set(lines) == Set(ends.map { "\(Timestamp(microseconds: $0))|null" })
        )
        let others = try SQLiteShell.run(
            """
            SELECT partition, applied_through, accepted, snapshot_bytes FROM checkpoints;
            SELECT definition, device, time, value, log_offset FROM late_events;
            SELECT received_at, reason, sample FROM rejected_events;
            SELECT device, sensor, last_window_end FROM series;
            """,
            on: folder.windows
        )
        #expect(
            others == [
                "0|6|6|2", "odd|a|1970-01-01T00:00:01.250Z|2.0|5",
                "2018-08-28T00:00:00Z|bad_value|x",
                "a|t|1970-01-02T00:00:00Z",
            ]
        )
    }

    /// Two intervals of a pipeline, each with an anomaly and a failed item.
    private func publishRuns() async throws {
        let start = Samples.minute(0)
        try await catalog.add(
            FleetVersion(
                fleet: "plant",
                version: 1,
                createdAt: start,
                packKey: "p",
                packDigest: "d",
                keyPattern: "{device}",
                modelCount: 3,
                errorCount: 0,
                warningCount: 0
            )
        )
        try await catalog.setAlias(
            FleetAlias(
                fleet: "plant",
                alias: "production",
                version: 1,
                changedAt: start,
                reason: nil
            )
        )
        _ = try await catalog.publishPipeline(
            name: "plant",
            document: "version: 1",
            at: start,
            scheduledThrough: start + .milliseconds(250)
        )
        let epoch = try await catalog.takeLease(role: "schedule", holder: "a", at: start)
        let keys = [Samples.key("m-1"), Samples.key("m-2"), Samples.key("m-3", "")]
        for (id, end) in [("r1", 5), ("r2", 10)] as [(String, Int64)] {
            var run = try await catalog.addRun(
                id: id,
                pipeline: "plant",
                pipelineVersion: 1,
                interval: try Samples.interval(end - 5, end),
                fleet: "plant",
                trigger: .manual,
                at: Samples.minute(end),
                scheduledThrough: nil
            )
            run.state = .publishedWithFailures
            run.items[.scored] = 2
            run.items[.failed] = 1
            try await store.addPredictions(
                Samples.predictions(keys, end: end, anomalous: [keys[0]]),
                run: id,
                attempt: 1,
                pipeline: "plant"
            )
            try await store.addItems(
                keys.map { key in
                    ItemOutcome(
                        key: key,
                        status: key.isDevice ? .failed : .scored,
                        rowCount: 1,
                        anomalyCount: 0,
                        reason: key.isDevice ? "no support vectors" : nil
                    )
                },
                run: id,
                attempt: 1
            )
            let publication = try Samples.publication(run: id, attempt: 1, end - 5, end)
            try await catalog.publish(publication, run: run, role: "schedule", epoch: epoch)
            try await store.setPublished(publication)
        }
    }
}
