import Core
import Disk
import Packs
import Scoring
import TestKit
import Testing

@Suite("Scoring a range of keys")
struct FleetScorerTests {
    private func entries() throws -> [PackEntry] {
        try [
            TestModels.entry("a/quiet"), TestModels.entry("b/good"),
            TestModels.entry("b/partly"), TestModels.entry("c/wide", features: 2),
            .undecodable(key: ScoringSamples.key("d/broken"), message: "it is truncated"),
        ]
    }

    private func features() throws -> FeatureBatch {
        try ScoringSamples.features([
            ("b/extra", [[1], [2]]),
            ("b/good", [[20], [25], [20.5]]),
            ("b/partly", [[20], [.nan], [.infinity], [30]]),
            ("c/wide", [[20]]),
            ("d/broken", [[20], [21]]),
        ])
    }

    @Test("every model and every key of the data gets exactly one answer")
    func merge() throws {
        let outcome = try ScoringSamples.score(features(), TestModels.pack(entries()))
        let items = outcome.items.map { "\($0.key) \($0.status.rawValue) \($0.rowCount)" }
        #expect(
            items == [
                "a/quiet no_data 0", "b/extra no_model 2", "b/good scored 3",
                "b/partly failed 4", "c/wide failed 1", "d/broken failed 2",
            ]
        )
        #expect(outcome.counts.total == 6)
        #expect(outcome.counts[.noData] == 1 && outcome.counts[.noModel] == 1)
        #expect(outcome.counts[.scored] == 1 && outcome.counts[.failed] == 3)
        #expect(outcome.predictions.count == 12)
        #expect(outcome.anomalyCount == outcome.items.reduce(0) { $0 + $1.anomalyCount })
        #expect(outcome.anomalyCount == 2)
    }

    @Test("a window is scored, or has a status and null numbers; nothing between")
    func rows() throws {
        let batch = try ScoringSamples.score(features(), TestModels.pack(entries())).predictions
        let statuses = batch.statuses.map(\.rawValue)
        #expect(
            statuses == [
                "no_model", "no_model", "scored", "scored", "scored", "scored", "failed", "failed",
                "scored", "failed", "failed", "failed",
            ]
        )
        #expect(batch.anomalies == [-1, -1, 0, 1, 0, 0, -1, -1, 1, -1, -1, -1])
        for row in 0..<batch.count {
            let isScored = batch.statuses[row] == .scored
            #expect(batch.scores[row].isNaN == !isScored, "row \(row)")
            #expect(batch.thresholds[row].isNaN == !isScored, "row \(row)")
            #expect((batch.anomalies[row] == 1) == (batch.scores[row] <= 0), "row \(row)")
        }
        #expect(batch.modelDigests.map { $0 == nil } == [true, false, false, true, true])
        // 1 + 2 exp(-0.25) - 1, the decision at the center.
        #expect(abs(batch.scores[2] - 1.5576015661428098) < 1e-12)
    }

    @Test("what failed says why: the feature count, the missing numbers, the file")
    func reasons() throws {
        let items = try ScoringSamples.score(features(), TestModels.pack(entries())).items
        let reasons = items.map { $0.reason ?? "" }
        #expect(reasons[0] == "no window in the interval")
        #expect(reasons[1] == "the fleet has no model for it")
        #expect(reasons[2] == "" && items[2].reason == nil)
        #expect(
            reasons[3] == "2 of 4 windows have a feature that is missing or not finite"
        )
        #expect(reasons[4] == "the model expects 2 features, the data has 1: mean")
        #expect(reasons[5].contains("it is truncated"))
    }

    @Test("a damaged model fails alone, its neighbours are scored as before")
    func damagedBlock() throws {
        let entries = try ["a/x", "b/x", "c/x"].map { try TestModels.entry($0) }
        let features = try ScoringSamples.features(
            ["a/x", "b/x", "c/x"].map { ($0, [[20.25]]) }
        )
        let good = try TestModels.pack(entries)
        let whole = try ScoringSamples.score(features, good)
        // Every block ends in the numbers of its support vectors: the middle model's first one.
        let needle = withUnsafeBytes(of: 19.5) { Array($0) }
        let places = good.indices.dropLast(7).filter { Array(good[$0..<($0 + 8)]) == needle }
        try #require(places.count >= 3)
        var damaged = good
        damaged[places[places.count / 2]] ^= 1
        let outcome = try ScoringSamples.score(features, damaged)
        #expect(outcome.items.map(\.status) == [.scored, .failed, .scored])
        let (left, right) = (
            ScoringSamples.lines(whole.predictions), ScoringSamples.lines(outcome.predictions)
        )
        #expect(left[0] == right[0] && left[2] == right[2])
    }

    @Test("keys cut into ranges give the same rows and items, bit for bit", arguments: 1...12)
    func invariance(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var entries: [PackEntry] = []
        var rows: [(key: String, values: [[Double]])] = []
        for index in 100..<(100 + Int.random(in: 1...60, using: &random)) {
            let key = "device-\(index)/s"
            if Int.random(in: 0..<4, using: &random) > 0 {
                entries.append(
                    Int.random(in: 0..<10, using: &random) == 0
                        ? .undecodable(key: try ScoringSamples.key(key), message: "broken")
                        : try TestModels.entry(
                            key,
                            center: Double.random(in: 10...30, using: &random),
                            features: Int.random(in: 0..<10, using: &random) == 0 ? 3 : 2
                        )
                )
            }
            guard Int.random(in: 0..<4, using: &random) > 0 else { continue }
            let values = (0..<Int.random(in: 1...9, using: &random)).map { _ in
                (0..<2).map { _ in
                    Int.random(in: 0..<20, using: &random) == 0
                        ? .nan : Double.random(in: 8...32, using: &random)
                }
            }
            rows.append((key, values))
        }
        let features = try ScoringSamples.features(rows, names: ["mean", "max"])
        let pack = try TestModels.pack(entries)
        let whole = try ScoringSamples.score(features, pack)
        #expect(Self.reconciles(whole, entries.map(\.key), features.keys), "seed \(seed)")

        let reader = try TestModels.open(pack)
        let bounds = (features.keys + entries.map(\.key)).filter { _ in
            Int.random(in: 0..<5, using: &random) == 0
        }.sorted()
        var lines: [String] = []
        var items: [ItemOutcome] = []
        var from: SeriesKey?
        for to in bounds.map(Optional.some) + [nil] {
            let keys = features.keys.indices.filter { index in
                (from.map { $0 <= features.keys[index] } ?? true)
                    && (to.map { features.keys[index] < $0 } ?? true)
            }
            let part = features.slice(keys: (keys.first ?? 0)..<((keys.last ?? -1) + 1))
            let outcome = try ScoringSamples.score(
                part,
                pack,
                models: reader.range(from: from, to: to)
            )
            lines += ScoringSamples.lines(outcome.predictions)
            items += outcome.items
            from = to
        }
        #expect(lines == ScoringSamples.lines(whole.predictions), "seed \(seed)")
        #expect(items == whole.items, "seed \(seed)")
    }

    /// Whether every key has one item and the counts are those of the items.
    private static func reconciles(
        _ outcome: FleetScorer.Outcome,
        _ models: [SeriesKey],
        _ data: [SeriesKey]
    ) -> Bool {
        outcome.items.map(\.key) == Set(models + data).sorted()
            && ItemStatus.allCases.allSatisfy { status in
                outcome.counts[status] == outcome.items.count { $0.status == status }
            }
            && outcome.predictions.count == outcome.items.reduce(0) { $0 + $1.rowCount }
    }

    @Test("nothing to score and no model give nothing")
    func empty() throws {
        let outcome = try ScoringSamples.score(
            FeatureBatch(featureNames: ["mean"]),
            TestModels.pack([])
        )
        #expect(outcome.items.isEmpty && outcome.predictions.count == 0)
        #expect(outcome.counts.total == 0)
    }
}
