import Core
import Inference
import Packs
import Scoring
import TestKit
import Testing

@Suite("Scoring with models of several kinds")
struct FleetScorerModelsTests {
    /// A linear machine over named columns that says "up" above 0 and "down" below.
    private func classifier(
        _ key: String,
        names: [String]?,
        weights: [Double]
    ) throws -> PackEntry {
        let model = ModelParameters(
            type: "svc",
            stages: [
                SupportVectorMachine(
                    kernel: .linear,
                    gamma: 0,
                    coef0: 0,
                    degree: 0,
                    supportVectors: weights,
                    dualCoefficients: [1],
                    intercept: 0,
                    isOneClass: false
                )
            ],
            head: ModelHead(label: .positive(column: 0), labels: ["down", "up"]),
            featureCount: weights.count,
            featureNames: names,
            source: "test"
        )
        let block = try ModelEncoder.encode(model)
        return PackEntry(
            key: try SeriesKey(parsing: key),
            block: block,
            description: ModelDescription(of: model, byteCount: block.count),
            findings: []
        )
    }

    private func score(
        _ features: FeatureBatch,
        _ entries: [PackEntry],
        usesFallback: Bool = false
    ) throws -> FleetScorer.Outcome {
        let reader = try TestModels.open(TestModels.pack(entries))
        var scorer = FleetScorer(pack: reader, usesFallback: usesFallback)
        return scorer.score(features, models: reader.indices)
    }

    @Test("a classifier's rows get its labels; other rows have none and no anomaly is said")
    func labels() throws {
        let features = try ScoringSamples.features([
            ("a", [[20]]), ("b", [[2], [-3], [4]]), ("c", [[-1]]),
        ])
        let outcome = try score(
            features,
            [
                TestModels.entry("a"), classifier("b", names: nil, weights: [1]),
                classifier("c", names: nil, weights: [2]),
            ]
        )
        let batch = outcome.predictions
        #expect((0..<5).map { batch.label(of: $0) ?? "-" } == ["-", "up", "down", "up", "down"])
        #expect(batch.anomalies == [0, -1, -1, -1, -1])
        #expect(batch.scores[1...] == [2, -3, 4, -2])
        #expect(batch.statuses.allSatisfy { $0 == .scored })
        #expect(batch.thresholds[0] == 0 && batch.thresholds[1].isNaN)
        let part = try PredictionFile.encode(batch, run: "r", attempt: 1)
        let back = try part.withUnsafeBytes { try PredictionFile.decode($0) }
        #expect((0..<5).map { back.label(of: $0) ?? "-" } == ["-", "up", "down", "up", "down"])
        let lines = String(
            decoding: PredictionCSV.encode(batch, run: "r", attempt: 1),
            as: UTF8.self
        ).split(separator: "\n")
        #expect(lines[2].contains(",scored,2.0,up,,,"))
        #expect(lines[1].contains(",,false,0.0,"))
    }

    @Test("a model takes its own columns by name, or the first ones when the rest is empty")
    func columns() throws {
        var features = FeatureBatch(featureNames: ["x", "y", "z"])
        for (key, row) in [
            ("a", [1.0, 2, 3]), ("b", [4, 5, .nan]), ("c", [6, 7, 8]), ("d", [1, 2, 3]),
        ] {
            features.append(try SeriesKey(parsing: key), start: 0, end: 1, features: row)
        }
        let outcome = try score(
            features,
            [
                classifier("a", names: ["z", "x"], weights: [10, 1]),
                classifier("b", names: nil, weights: [1, 1]),
                classifier("c", names: nil, weights: [1, 1]),
                classifier("d", names: ["z", "other"], weights: [1, 1]),
            ]
        )
        #expect(outcome.items.map(\.status) == [.scored, .scored, .failed, .failed])
        #expect(outcome.predictions.scores[0] == 31)
        #expect(outcome.predictions.scores[1] == 9)
        #expect(outcome.items[2].reason?.contains("expects 2 features, the data has 3") == true)
    }

    @Test("the fallback model scores what has no model, when asked, and is no item itself")
    func fallback() throws {
        let features = try ScoringSamples.features([("a/s", [[20]]), ("b/s", [[20]])])
        let entries = try [
            TestModels.entry("a/s"),
            classifier(SeriesKey.fallbackModel.description, names: nil, weights: [3]),
        ]
        let without = try score(features, entries)
        #expect(without.items.map(\.status) == [.scored, .noModel])
        let with = try score(features, entries, usesFallback: true)
        #expect(with.items.map(\.status) == [.scored, .scored])
        #expect(with.predictions.scores[1] == 60)
        #expect(with.predictions.label(of: 1) == "up")
    }
}
