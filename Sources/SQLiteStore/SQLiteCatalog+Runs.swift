package import Core
import GRDB
package import Store

extension SQLiteCatalog {
    package func addRun(
        id: String,
        pipeline: String,
        pipelineVersion: Int,
        interval: TimeInterval,
        fleet: String,
        trigger: RunTrigger,
        at now: Timestamp,
        scheduledThrough: Timestamp?
    ) async throws -> RunRecord {
        try await file.write { db in
            _ = try pipelineRecord(pipeline, db)
            guard try runRecord(id, db) == nil else { throw StoreErrors.runExists(id) }
            let attempt = try Int.fetchOne(
                db,
                sql: """
                    SELECT coalesce(max(attempt), 0) + 1 FROM runs_data
                    WHERE pipeline = ? AND interval_end = ? AND interval_start = ?
                    """,
                arguments: [pipeline, interval.end.microseconds, interval.start.microseconds]
            )
            let run = RunRecord(
                id: id,
                pipeline: pipeline,
                pipelineVersion: pipelineVersion,
                interval: interval,
                attempt: attempt ?? 1,
                trigger: trigger,
                createdAt: now,
                state: .waiting,
                fleet: fleet
            )
            try insert(run, db)
            if let scheduledThrough { try moveMark(of: pipeline, to: scheduledThrough, db) }
            return run
        }
    }

    package func skip(_ triggers: [SkippedTrigger], scheduledThrough: Timestamp) async throws {
        try await file.write { db in
            for trigger in triggers {
                _ = try pipelineRecord(trigger.pipeline, db)
                try db.execute(
                    sql: """
                        INSERT INTO skipped_triggers_data
                          (pipeline, interval_start, interval_end, decided_at, reason)
                        VALUES (?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        trigger.pipeline, trigger.interval.start.microseconds,
                        trigger.interval.end.microseconds, trigger.decidedAt.microseconds,
                        trigger.reason,
                    ]
                )
                try moveMark(of: trigger.pipeline, to: scheduledThrough, db)
            }
        }
    }

    package func skippedTriggers(pipeline: String, limit: Int) async throws -> [SkippedTrigger] {
        try await file.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM skipped_triggers_data WHERE pipeline = ?
                    ORDER BY number DESC LIMIT ?
                    """,
                arguments: [pipeline, max(0, limit)]
            ).map { row in
                SkippedTrigger(
                    pipeline: row["pipeline"],
                    interval: try TimeInterval(row: row),
                    decidedAt: Timestamp(microseconds: row["decided_at"]),
                    reason: row["reason"]
                )
            }
        }
    }

    package func update(_ run: RunRecord) async throws {
        try await file.write { try change(run, $0) }
    }

    package func run(_ id: String) async throws -> RunRecord {
        try await file.read { db in
            guard let run = try runRecord(id, db) else { throw StoreErrors.noRun(id) }
            return run
        }
    }

    package func runs(pipeline: String?, limit: Int) async throws -> [RunRecord] {
        try await file.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM runs_data WHERE ?1 IS NULL OR pipeline = ?1
                    ORDER BY number DESC LIMIT ?2
                    """,
                arguments: [pipeline, max(0, limit)]
            ).map(RunRecord.init(row:))
        }
    }

    package func unfinishedRuns() async throws -> [RunRecord] {
        let states = RunState.allCases.filter { !$0.isFinal }.map { "'\($0.rawValue)'" }
        return try await file.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM runs_data WHERE state IN (\(states.joined(separator: ", ")))
                    ORDER BY number
                    """
            ).map(RunRecord.init(row:))
        }
    }

    package func latestRun(pipeline: String, interval: TimeInterval) async throws -> RunRecord? {
        try await file.read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT * FROM runs_data
                    WHERE pipeline = ? AND interval_end = ? AND interval_start = ?
                    ORDER BY attempt DESC LIMIT 1
                    """,
                arguments: [pipeline, interval.end.microseconds, interval.start.microseconds]
            ).map(RunRecord.init(row:))
        }
    }

    package func runIntervals(
        pipeline: String,
        containingEnds ends: [Int64]
    ) async throws -> [TimeInterval] {
        guard let first = ends.min(), let last = ends.max() else { return [] }
        let candidates = try await file.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT interval_start, interval_end FROM runs_data
                    WHERE pipeline = ? AND interval_end >= ? AND interval_start < ?
                    """,
                arguments: [pipeline, first, last]
            ).map(TimeInterval.init(row:))
        }
        return candidates.containing(anyOf: ends)
    }
}

/// The run of an id; nil when there is none.
func runRecord(_ id: String, _ db: Database) throws -> RunRecord? {
    try Row.fetchOne(db, sql: "SELECT * FROM runs_data WHERE id = ?", arguments: [id])
        .map(RunRecord.init(row:))
}

/// Stores a run's changeable fields.
///
/// - Throws: ``FleetError`` `.notFound`, or `.conflict` when the run is in a final state.
func change(_ run: RunRecord, _ db: Database) throws {
    guard let stored = try runRecord(run.id, db) else { throw StoreErrors.noRun(run.id) }
    guard !stored.state.isFinal else { throw StoreErrors.runIsFinal(run.id, stored.state) }
    let columns = changeableColumns(of: run)
    let list = columns.map { "\($0.name) = ?" }.joined(separator: ", ")
    try db.execute(
        sql: "UPDATE runs_data SET \(list) WHERE id = ?",
        arguments: StatementArguments(columns.map(\.value)) + [run.id]
    )
}

private func insert(_ run: RunRecord, _ db: Database) throws {
    let fixed: [(name: String, value: DatabaseValue)] = [
        ("id", run.id.databaseValue), ("pipeline", run.pipeline.databaseValue),
        ("pipeline_version", run.pipelineVersion.databaseValue),
        ("interval_start", run.interval.start.microseconds.databaseValue),
        ("interval_end", run.interval.end.microseconds.databaseValue),
        ("attempt", run.attempt.databaseValue),
        ("triggered_by", run.trigger.rawValue.databaseValue),
        ("created_at", run.createdAt.microseconds.databaseValue),
    ]
    let columns = fixed + changeableColumns(of: run)
    let names = columns.map(\.name).joined(separator: ", ")
    let marks = columns.map { _ in "?" }.joined(separator: ", ")
    try db.execute(
        sql: "INSERT INTO runs_data (\(names)) VALUES (\(marks))",
        arguments: StatementArguments(columns.map(\.value))
    )
}

private func changeableColumns(of run: RunRecord) -> [(name: String, value: DatabaseValue)] {
    let counts = ItemStatus.allCases.map { ($0.rawValue, run.items[$0].databaseValue) }
    return counts + [
        ("state", run.state.rawValue.databaseValue), ("fleet", run.fleet.databaseValue),
        ("fleet_version", run.fleetVersion.databaseValue),
        ("started_at", (run.startedAt?.microseconds).databaseValue),
        ("ended_at", (run.endedAt?.microseconds).databaseValue),
        ("window_sequence", run.windowSequence.databaseValue),
        ("task_count", run.taskCount.databaseValue), ("tasks_done", run.tasksDone.databaseValue),
        ("row_count", run.rowCount.databaseValue),
        ("anomaly_count", run.anomalyCount.databaseValue),
        ("worker_seconds", run.workerSeconds.databaseValue),
        ("message", run.message.databaseValue), ("manifest_key", run.manifestKey.databaseValue),
    ]
}

extension TimeInterval {
    /// The interval of a row's `interval_start` and `interval_end`.
    init(row: Row) throws {
        try self.init(
            start: Timestamp(microseconds: row["interval_start"]),
            end: Timestamp(microseconds: row["interval_end"])
        )
    }
}

extension RunRecord {
    fileprivate init(row: Row) throws {
        let trigger: String = row["triggered_by"]
        let state: String = row["state"]
        guard let trigger = RunTrigger(rawValue: trigger), let state = RunState(rawValue: state)
        else {
            throw FleetError(
                .dataLoss,
                "catalog.db has a run with the unknown state \"\(state)\" or trigger \"\(trigger)\""
            )
        }
        self.init(
            id: row["id"],
            pipeline: row["pipeline"],
            pipelineVersion: row["pipeline_version"],
            interval: try TimeInterval(row: row),
            attempt: row["attempt"],
            trigger: trigger,
            createdAt: Timestamp(microseconds: row["created_at"]),
            state: state,
            fleet: row["fleet"]
        )
        fleetVersion = row["fleet_version"]
        startedAt = (row["started_at"] as Int64?).map(Timestamp.init(microseconds:))
        endedAt = (row["ended_at"] as Int64?).map(Timestamp.init(microseconds:))
        windowSequence = row["window_sequence"]
        for status in ItemStatus.allCases {
            // Counts compare by what was set: a zero that nobody set would make them differ.
            if let count: Int = row[status.rawValue], count != 0 { items[status] = count }
        }
        taskCount = row["task_count"]
        tasksDone = row["tasks_done"]
        rowCount = row["row_count"]
        anomalyCount = row["anomaly_count"]
        workerSeconds = row["worker_seconds"]
        message = row["message"]
        manifestKey = row["manifest_key"]
    }
}
