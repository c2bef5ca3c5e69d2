import Blobs
import Core
import FoundationEssentials
import Packs
import Pipelines
import Scoring
import Store

/// Plans a run: reads its windows, joins them with the fleet's keys, writes one snapshot per task.
struct RunPlanner {
    let catalog: any Catalog
    let windows: any WindowStore
    let blobs: any Blobs
    let fleets: FleetRegistry
    let workersMax: Int

    /// What was planned: the plan as stored, and what the run's record needs to know.
    struct Planned {
        let plan: RunPlan
        let version: FleetVersion
        let windowSequence: Int64
    }

    private static let pageRowCount = 100_000

    /// Plans a run of a pipeline's document.
    func plan(_ run: RunRecord, _ document: PipelineDocument) async throws -> Planned {
        let version = try await fleets.resolve(document.fleet)
        let sequence = try await windows.windowSequence()
        let cuts: [Cut]
        let features: FeatureBatch
        if let rescore = try await rescore(run, document, version, throughSequence: sequence) {
            features = rescore.features
            cuts = rescore.cuts
        } else {
            features = try await self.features(of: run, document, throughSequence: sequence)
            cuts = try await cut(features, version: version, document: document)
        }
        var tasks: [TaskPlan] = []
        for (index, cut) in cuts.enumerated() {
            let part = features.slice(keys: cut.keys)
            try await blobs.put(
                TaskKeys(run: run.id, task: index).features,
                FeatureFile.encode(part)
            )
            var task = TaskPlan(
                index: index,
                models: cut.models,
                keyCount: cut.keys.count,
                rowCount: part.count
            )
            task.previous = cut.previous
            tasks.append(task)
        }
        var plan = RunPlan(
            run: run.id,
            attempt: run.attempt,
            pipeline: run.pipeline,
            pipelineVersion: run.pipelineVersion,
            interval: run.interval,
            fleet: version.fleet,
            fleetVersion: version.version,
            packKey: version.packKey,
            features: features.featureNames,
            format: document.outputs.format == .csv ? .csv : .parquet,
            predictionsPrefix: Self.prefix(of: run),
            tasks: tasks
        )
        if document.limits.noModel == .fallback { plan.usesFallback = true }
        try await blobs.put(RunPlan.key(run: run.id), Array(JSONEncoder().encode(plan)))
        return Planned(plan: plan, version: version, windowSequence: sequence)
    }

    /// Where the parts and the manifest of a run go.
    static func prefix(of run: RunRecord) -> String {
        "\(folder(of: run))/run=\(run.id)/attempt=\(run.attempt)"
    }

    /// The folder of an interval, which holds `latest.json`.
    static func folder(of run: RunRecord) -> String {
        let interval = "\(run.interval.start.compact)_\(run.interval.end.compact)"
        return "predictions/\(run.pipeline)/interval=\(interval)"
    }

    func features(
        of run: RunRecord,
        _ document: PipelineDocument,
        throughSequence sequence: Int64
    ) async throws -> FeatureBatch {
        let builder = FeatureBuilder(features: document.features)
        var all = FeatureBatch(featureNames: document.features.names)
        var after: SeriesKey?
        var held = WindowBatch()
        while true {
            let page = try await windows.windows(
                definition: document.windows,
                interval: run.interval,
                throughSequence: sequence,
                after: after,
                limit: Self.pageRowCount
            )
            if page.isEmpty { break }
            after = page.key(at: page.count - 1)
            guard document.features.isPerDevice else {
                all.append(contentsOf: try await rows(of: page, builder))
                continue
            }
            // A device can span pages: its last one waits for the next page.
            held.append(contentsOf: page)
            let whole = held.removeWholeDevices()
            all.append(contentsOf: try await rows(of: whole, builder))
        }
        all.append(contentsOf: try await rows(of: held, builder))
        return all
    }

    /// A task's share: key positions in the features and in the pack.
    struct Cut {
        var keys: Range<Int>
        var models: Range<Int>
        /// What an earlier run published of the range.
        var previous: TaskPlan.PreviousPart?
    }

    private func cut(
        _ features: FeatureBatch,
        version: FleetVersion,
        document: PipelineDocument
    ) async throws -> [Cut] {
        let workers = min(document.compute.workerCountMax, workersMax)
        return try await fleets.withPack(of: version) { pack in
            var costs: [Int] = []
            var ends: [(keys: Int, models: Int)] = []
            var model = 0
            var key = 0
            while model < pack.count || key < features.keys.count {
                let modelKey = model < pack.count ? pack.key(at: model) : nil
                let dataKey = key < features.keys.count ? features.keys[key] : nil
                let takesModel =
                    modelKey.map { mine in dataKey.map { mine <= $0 } ?? true } ?? false
                let takesData = dataKey.map { mine in modelKey.map { mine <= $0 } ?? true } ?? false
                costs.append(1 + (takesData ? features.rows(of: key).count : 0))
                if takesModel { model += 1 }
                if takesData { key += 1 }
                ends.append((key, model))
            }
            var start = (keys: 0, models: 0)
            return TaskPlanner.cut(itemCosts: costs, workerCountMax: workers).map { range in
                let end = ends[range.upperBound - 1]
                defer { start = end }
                return Cut(
                    keys: start.keys..<end.keys,
                    models: start.models..<end.models
                )
            }
        }
    }
}
