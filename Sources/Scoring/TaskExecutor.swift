package import Blobs
package import Core
import FoundationEssentials
import Packs

/// Executes one attempt of a task: snapshot and pack range in, part and item outcomes out.
///
/// Needs blob storage only. Idempotent: an attempt writes its own objects, its result last.
package struct TaskExecutor: Sendable {
    private let blobs: any Blobs
    private let clock: any WallClock

    package init(blobs: any Blobs, clock: any WallClock = SystemWallClock()) {
        self.blobs = blobs
        self.clock = clock
    }

    /// Runs attempt `attempt` of task `task` of a run.
    ///
    /// - Throws: ``FleetError``; retriable ones may succeed elsewhere.
    package func execute(run: String, task: Int, attempt: Int) async throws -> TaskResult {
        let started = clock.now
        let plan = try await Self.plan(run: run, blobs: blobs)
        guard plan.tasks.indices.contains(task) else {
            throw FleetError(
                .invalidArgument,
                "run \(run) has no task \(task): it has \(plan.tasks.count)"
            )
        }
        let keys = TaskKeys(run: run, task: task)
        let features = try await blobs.map(keys.features, range: nil)
        let pack = try await PackReader.open(plan.packKey, in: blobs)
        var outcome = try await Self.score(
            plan: plan,
            task: plan.tasks[task],
            features: features,
            pack: pack
        )
        if let previous = plan.tasks[task].previous {
            outcome = try await keepUntouched(outcome, of: previous, features: features)
        }
        let (part, tableKey) = try await store(outcome, plan: plan, task: task, attempt: attempt)
        try await blobs.put(
            keys.items(attempt: attempt),
            ItemFile.encode(outcome.items)
        )
        let result = TaskResult(
            task: task,
            attempt: attempt,
            part: part,
            tableKey: tableKey,
            items: outcome.counts,
            anomalyCount: outcome.anomalyCount,
            seconds: (clock.now - started).inSeconds
        )
        try await blobs.put(
            keys.log(attempt: attempt),
            Array("task \(task) attempt \(attempt): \(outcome.predictions.count) rows\n".utf8)
        )
        try await blobs.put(keys.result(attempt: attempt), Array(JSONEncoder().encode(result)))
        return result
    }

    /// The plan of a run.
    package static func plan(run: String, blobs: any Blobs) async throws -> RunPlan {
        let bytes = try await blobs.get(RunPlan.key(run: run))
        do {
            return try JSONDecoder().decode(RunPlan.self, from: Data(bytes))
        } catch {
            throw FleetError(.dataLoss, "the plan of run \(run) cannot be read", cause: error)
        }
    }

    @concurrent
    private static func score(
        plan: RunPlan,
        task: TaskPlan,
        features: MappedBytes,
        pack: PackReader
    ) async throws -> FleetScorer.Outcome {
        let batch = try features.withBytes { try FeatureFile.decode($0) }
        guard task.models.upperBound <= pack.count else {
            throw FleetError(
                .dataLoss,
                "the pack \(plan.packKey) has fewer models than run \(plan.run) "
                    + "was planned for"
            )
        }
        var scorer = FleetScorer(pack: pack, usesFallback: plan.usesFallback ?? false)
        return scorer.score(batch, models: task.models)
    }

    /// Joins rescored keys with what an earlier run published of the others.
    private func keepUntouched(
        _ outcome: FleetScorer.Outcome,
        of previous: TaskPlan.PreviousPart,
        features: MappedBytes
    ) async throws -> FleetScorer.Outcome {
        let touched = try features.withBytes { try FeatureFile.decode($0).keys }
        let items = try await blobs.map(previous.itemsKey, range: nil).withBytes {
            try ItemFile.decode($0)
        }
        var rows = PredictionBatch(featureNames: outcome.predictions.featureNames)
        if let key = previous.tableKey {
            rows = try await blobs.map(key, range: nil).withBytes { try PredictionFile.decode($0) }
        }
        return outcome.keeping(items: items, rows: rows, exceptOf: touched)
    }

    /// Writes the part, and beside the items a Parquet table of it when the part is none itself.
    private func store(
        _ outcome: FleetScorer.Outcome,
        plan: RunPlan,
        task: Int,
        attempt: Int
    ) async throws -> (part: PartInfo?, tableKey: String?) {
        guard outcome.predictions.count > 0 else { return (nil, nil) }
        let table = try PredictionFile.encode(
            outcome.predictions,
            run: plan.run,
            attempt: plan.attempt
        )
        let number = String(repeating: "0", count: max(0, 5 - String(task).count)) + String(task)
        let retry = attempt == 1 ? "" : ".retry-\(attempt)"
        let key = "\(plan.predictionsPrefix)/part-\(number)\(retry).\(plan.format.rawValue)"
        var tableKey = key
        var bytes = table
        if plan.format == .csv {
            bytes = PredictionCSV.encode(outcome.predictions, run: plan.run, attempt: plan.attempt)
            tableKey = TaskKeys(run: plan.run, task: task).table(attempt: attempt)
            try await blobs.put(tableKey, table)
        }
        try await blobs.put(key, bytes)
        let part = PartInfo(
            key: key,
            rowCount: outcome.predictions.count,
            byteCount: bytes.count,
            sha256: BlobDigest.sha256Hex(bytes)
        )
        return (part, tableKey)
    }
}
