import Blobs
import Core
import Packs
import Scoring
import TestKit

/// Feature rows, packs and answers that the scoring tests share.
enum ScoringSamples {
    static let minute: Int64 = 60_000_000

    static func key(_ text: String) throws -> SeriesKey { try SeriesKey(parsing: text) }

    /// Rows of keys in ascending order, a minute apart.
    static func features(
        _ rows: [(key: String, values: [[Double]])],
        names: [String] = ["mean"]
    ) throws -> FeatureBatch {
        var batch = FeatureBatch(featureNames: names)
        for (text, values) in rows {
            for (index, row) in values.enumerated() {
                let end = Int64(index + 1) * minute
                batch.append(
                    try key(text),
                    start: end - minute,
                    end: end,
                    features: row,
                    coverage: index.isMultiple(of: 2) ? 1 : .nan
                )
            }
        }
        return batch
    }

    static func score(
        _ features: FeatureBatch,
        _ pack: [UInt8],
        models: Range<Int>? = nil
    ) throws -> FleetScorer.Outcome {
        let reader = try TestModels.open(pack)
        var scorer = FleetScorer(pack: reader)
        return scorer.score(features, models: models ?? reader.indices)
    }

    /// Everything of every row, comparable bit by bit.
    static func lines(_ batch: PredictionBatch) -> [String] {
        (0..<batch.count).map { row in
            let key = Int(batch.keyIndex[row])
            let width = batch.featureCount
            let features = batch.features[(row * width)..<((row + 1) * width)]
            let numbers =
                features + [batch.scores[row], batch.thresholds[row], batch.coverages[row]]
            return "\(batch.keys[key].device)|\(batch.keys[key].sensor)|\(batch.starts[row])|"
                + "\(batch.ends[row])|\(batch.statuses[row])|\(batch.anomalies[row])|"
                + "\(batch.modelDigests[key] ?? "-")|"
                + numbers.map { $0.isNaN ? "nan" : String($0.bitPattern, radix: 16) }
                .joined(separator: "|")
        }
    }

    /// A run of one task in a storage, ready to be executed.
    static func run(
        _ features: FeatureBatch,
        _ entries: [PackEntry],
        format: OutputFormat = .parquet,
        in blobs: any Blobs
    ) async throws -> RunPlan {
        let plan = RunPlan(
            run: "r1",
            attempt: 3,
            pipeline: "plant",
            pipelineVersion: 1,
            interval: try TimeInterval(
                start: Timestamp(seconds: 0),
                end: Timestamp(seconds: 3600)
            ),
            fleet: "plant",
            fleetVersion: 1,
            packKey: "fleets/plant/1/pack",
            features: features.featureNames,
            format: format,
            predictionsPrefix: "predictions/plant/interval=x/run=r1/attempt=3",
            tasks: [
                TaskPlan(
                    index: 0,
                    models: 0..<entries.count,
                    keyCount: features.keys.count,
                    rowCount: features.count
                )
            ]
        )
        try await blobs.put(plan.packKey, TestModels.pack(entries))
        try await blobs.put(
            TaskKeys(run: "r1", task: 0).features,
            FeatureFile.encode(features)
        )
        try await blobs.put(RunPlan.key(run: "r1"), plan.encoded())
        return plan
    }
}
