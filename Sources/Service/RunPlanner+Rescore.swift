import Blobs
import Core
import FoundationEssentials
import Pipelines
import Scoring
import Store

extension RunPlanner {
    /// The plan of scoring anew just the series whose windows changed.
    struct Rescore {
        /// The rows of the touched keys.
        var features = FeatureBatch(featureNames: [])
        /// A cut for each task of the earlier run.
        var cuts: [Cut] = []
    }

    /// Beyond this share of the earlier run's items everything is scored anew.
    private static let touchedShareMax = 0.5

    /// What has to be scored anew since the interval's published run read its windows.
    ///
    /// Only runs that late windows caused are cut down, and only when the published one used the
    /// same models, pipeline and rows: then a full run would publish the same.
    ///
    /// - Returns: nil when everything has to be scored.
    func rescore(
        _ run: RunRecord,
        _ document: PipelineDocument,
        _ version: FleetVersion,
        throughSequence sequence: Int64
    ) async throws -> Rescore? {
        guard run.trigger == .lateWindows,
            let published = try await catalog.publication(
                pipeline: run.pipeline,
                interval: run.interval
            )
        else { return nil }
        let earlier = try await catalog.run(published.run)
        guard earlier.state == .published, earlier.fleetVersion == version.version,
            earlier.pipelineVersion == run.pipelineVersion, let read = earlier.windowSequence,
            let base = try await publishedParts(of: earlier)
        else { return nil }
        let series = try await windows.touchedSeries(
            definition: document.windows,
            interval: run.interval,
            afterSequence: read
        )
        let touched = document.features.isPerDevice ? Self.devices(of: series) : series
        guard Double(touched.count) <= Double(earlier.items.total) * Self.touchedShareMax else {
            return nil
        }
        let rows = try await features(ofTouched: touched, run, document, sequence)
        return Rescore(features: rows, cuts: Self.cuts(rows.keys, base))
    }

    /// A task of the earlier run, with the first key it answers for.
    private struct PublishedTask {
        let firstKey: SeriesKey
        let models: Range<Int>
        let previous: TaskPlan.PreviousPart
    }

    /// The parts that a run published, in key order; nil when they are no longer all there.
    private func publishedParts(of run: RunRecord) async throws -> [PublishedTask]? {
        guard try await blobs.exists(RunPlan.key(run: run.id)) else { return nil }
        let plan = try await TaskExecutor.plan(run: run.id, blobs: blobs)
        var tasks: [PublishedTask] = []
        for task in plan.tasks {
            let keys = TaskKeys(run: run.id, task: task.index)
            guard let result = try await committedResult(of: keys) else { return nil }
            let itemsKey = keys.items(attempt: result.attempt)
            guard try await blobs.exists(itemsKey) else { return nil }
            if let table = result.tableKey {
                guard try await blobs.exists(table) else { return nil }
            }
            let items = try await blobs.map(itemsKey, range: nil).withBytes {
                try ItemFile.decode($0)
            }
            guard let first = items.first else { continue }
            tasks.append(
                PublishedTask(
                    firstKey: first.key,
                    models: task.models,
                    previous: .init(tableKey: result.tableKey, itemsKey: itemsKey)
                )
            )
        }
        return tasks.isEmpty ? nil : tasks
    }

    /// The result of any attempt of a task: attempts are pure, so all are the same.
    private func committedResult(of keys: TaskKeys) async throws -> TaskResult? {
        for attempt in 1...32 where try await blobs.exists(keys.result(attempt: attempt)) {
            let bytes = try await blobs.get(keys.result(attempt: attempt))
            return try JSONDecoder().decode(TaskResult.self, from: Data(bytes))
        }
        return nil
    }

    private static func devices(of series: [SeriesKey]) -> [SeriesKey] {
        var devices: [SeriesKey] = []
        for key in series where devices.last?.device != key.device {
            devices.append(SeriesKey(uncheckedDevice: key.device, sensor: ""))
        }
        return devices
    }

    private func features(
        ofTouched keys: [SeriesKey],
        _ run: RunRecord,
        _ document: PipelineDocument,
        _ sequence: Int64
    ) async throws -> FeatureBatch {
        let builder = FeatureBuilder(features: document.features)
        var all = FeatureBatch(featureNames: document.features.names)
        for key in keys {
            let found =
                key.isDevice
                ? try await windows(ofDevice: key.device, run, document, sequence)
                : try await windows.windows(
                    definition: document.windows,
                    key: key,
                    from: Timestamp(microseconds: run.interval.start.microseconds + 1),
                    to: run.interval.end,
                    limit: .max
                )
            all.append(contentsOf: try await self.rows(of: found, builder))
        }
        return all
    }

    /// All windows of a device in the run's interval.
    private func windows(
        ofDevice device: String,
        _ run: RunRecord,
        _ document: PipelineDocument,
        _ sequence: Int64
    ) async throws -> WindowBatch {
        var found = WindowBatch()
        var after = SeriesKey(uncheckedDevice: device, sensor: "")
        while true {
            let page = try await windows.windows(
                definition: document.windows,
                interval: run.interval,
                throughSequence: sequence,
                after: after,
                limit: 1000
            )
            let end = (0..<page.count).first { page.key(at: $0).device != device } ?? page.count
            found.append(contentsOf: page.slice(0..<end))
            guard end == page.count, !page.isEmpty else { return found }
            after = page.key(at: page.count - 1)
        }
    }

    /// Gives every earlier task the touched keys from its first key on to that of the next.
    private static func cuts(_ keys: [SeriesKey], _ base: [PublishedTask]) -> [Cut] {
        var start = 0
        return base.indices.map { index in
            let next = index + 1 < base.count ? base[index + 1].firstKey : nil
            let end = next.flatMap { next in keys.firstIndex { $0 >= next } } ?? keys.count
            defer { start = max(start, end) }
            return Cut(
                keys: start..<max(start, end),
                models: base[index].models,
                previous: base[index].previous
            )
        }
    }

    /// The feature rows of windows, with what the registry says to expect of their series.
    func rows(of windows: WindowBatch, _ builder: FeatureBuilder) async throws -> FeatureBatch {
        guard !windows.isEmpty else { return builder.rows(of: windows, expected: []) }
        let keys = Array(windows.series.keys)
        return builder.rows(
            of: windows,
            expected: try await self.windows.expectedIntervals(for: keys)
        )
    }
}
