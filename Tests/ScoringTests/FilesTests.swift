import Core
import Packs
import Scoring
import TestKit
import Testing

@Suite("Files of a task")
struct FilesTests {
    /// Keys that are hard to write: device models, quotes, commas, texts equal but for their bytes.
    static let keys = [
        "Ünit 7", "a", "a/b", "a,b/\"c\"", "a b/c_d", "e\u{301}/s", "é/s", "漢/字",
    ]

    private func features() throws -> FeatureBatch {
        let keys = try Self.keys.map { try ScoringSamples.key($0) }.sorted()
        var batch = FeatureBatch(featureNames: ["temperature.mean", "vibration.max"])
        for (index, key) in keys.enumerated() {
            for row in 0...(index % 3) {
                batch.append(
                    key,
                    start: Int64(row - 5) * 1_000_001,
                    end: Int64(row) * 1_000_003,
                    features: [Double(index) / 3, row == 1 ? .nan : -0.0],
                    coverage: row == 0 ? .nan : 0.25
                )
            }
        }
        return batch
    }

    private func text(_ batch: FeatureBatch) -> [String] {
        batch.keys.indices.flatMap { key in
            batch.rows(of: key).map { row in
                let numbers =
                    batch.values[(row * batch.featureCount)..<((row + 1) * batch.featureCount)]
                    + [batch.coverages[row]]
                return "\(Array(batch.keys[key].description.utf8)) \(batch.keys[key].isDevice) "
                    + "\(batch.starts[row]) \(batch.ends[row]) "
                    + numbers.map { $0.isNaN ? "nan" : "\($0.bitPattern)" }.joined(separator: " ")
            }
        }
    }

    @Test("a feature snapshot is read back as it was written")
    func snapshot() throws {
        let batch = try features()
        let back = try FeatureFile.encode(batch).withUnsafeBytes { try FeatureFile.decode($0) }
        #expect(back.featureNames == batch.featureNames)
        #expect(back.keys == batch.keys && back.rowOffsets == batch.rowOffsets)
        #expect(text(back) == text(batch))
    }

    @Test("files without rows keep their feature names")
    func noRows() throws {
        let empty = FeatureBatch(featureNames: ["mean"])
        let back = try FeatureFile.encode(empty).withUnsafeBytes { try FeatureFile.decode($0) }
        #expect(back.isEmpty && back.keys.isEmpty && back.rowOffsets == [0])
        #expect(back.featureNames == ["mean"])
        let rows = try PredictionFile.encode(
            PredictionBatch(featureNames: ["mean", "max"]),
            run: "r",
            attempt: 1
        ).withUnsafeBytes { try PredictionFile.decode($0) }
        #expect(rows.count == 0 && rows.featureNames == ["mean", "max"])
        #expect(try ItemFile.encode([]).withUnsafeBytes { try ItemFile.decode($0) }.isEmpty)
    }

    @Test("a snapshot whose keys are not sorted is refused")
    func unsorted() throws {
        var batch = try ScoringSamples.features([("a/s", [[1]]), ("b/s", [[2]])])
        batch.keys.swapAt(0, 1)
        let bytes = try FeatureFile.encode(batch)
        let error = try #require(throws: FleetError.self) {
            try bytes.withUnsafeBytes { try FeatureFile.decode($0) }
        }
        #expect(error.code == .dataLoss && error.message.contains("a/s comes after b/s"))
    }

    @Test("predictions are read back bit for bit, those of whole devices too")
    func predictions() throws {
        let names = ["a", "b/s", "c/s"]
        let entries = try names.map { try TestModels.entry($0) }
        let batch = try ScoringSamples.score(
            ScoringSamples.features([
                ("a", [[20], [.nan]]), ("b/s", [[19.75]]), ("c/s", [[50], [20]]), ("d/s", [[1]]),
            ]),
            TestModels.pack(entries)
        ).predictions
        let bytes = try PredictionFile.encode(batch, run: "r1", attempt: 2)
        let back = try bytes.withUnsafeBytes { try PredictionFile.decode($0) }
        #expect(ScoringSamples.lines(back) == ScoringSamples.lines(batch))
        #expect(back.keys.map(\.isDevice) == [true, false, false, false])
    }

    @Test("item outcomes are read back as they were written")
    func items() throws {
        let items = try Self.keys.map { try ScoringSamples.key($0) }.sorted().enumerated().map {
            index,
            key in
            ItemOutcome(
                key: key,
                status: ItemStatus.allCases[index % 6],
                rowCount: index * 1000,
                anomalyCount: index,
                reason: index.isMultiple(of: 2) ? nil : "because, \"\(index)\"\nso"
            )
        }
        let back = try ItemFile.encode(items).withUnsafeBytes { try ItemFile.decode($0) }
        #expect(back == items)
    }

    @Test("a file that is cut anywhere is refused as damaged")
    func damaged() throws {
        let features = try ScoringSamples.features([("a/s", [[1], [2]]), ("b/s", [[3]])])
        let batch = try ScoringSamples.score(
            features,
            TestModels.pack([TestModels.entry("a/s")])
        )
        let files = [
            try FeatureFile.encode(features),
            try PredictionFile.encode(batch.predictions, run: "r", attempt: 1),
            try ItemFile.encode(batch.items),
        ]
        for (index, file) in files.enumerated() {
            for count in [0, 3, 8, file.count / 2, file.count - 9, file.count - 1] {
                let cut = Array(file.prefix(count))
                let error = #expect(throws: FleetError.self, "file \(index), \(count) bytes") {
                    try cut.withUnsafeBytes { bytes in
                        switch index {
                        case 0: _ = try FeatureFile.decode(bytes)
                        case 1: _ = try PredictionFile.decode(bytes)
                        default: _ = try ItemFile.decode(bytes)
                        }
                    }
                }
                #expect(error?.code == .dataLoss, "file \(index), \(count) bytes")
            }
        }
    }

    @Test("a file with flipped bits is read or refused, and never ends the process")
    func flipped() throws {
        let file = try FeatureFile.encode(
            ScoringSamples.features([("a/s", [[1], [2]]), ("b/s", [[3]])])
        )
        for position in file.indices {
            var bytes = file
            bytes[position] ^= 0x55
            do {
                let batch = try bytes.withUnsafeBytes { try FeatureFile.decode($0) }
                #expect(batch.rowOffsets.last == batch.count, "byte \(position)")
            } catch {
                #expect((error as? FleetError)?.code == .dataLoss, "byte \(position): \(error)")
            }
        }
    }

    @Test("one kind of file is refused where another is expected")
    func otherKind() throws {
        let items = try ItemFile.encode([])
        let error = try #require(throws: FleetError.self) {
            try items.withUnsafeBytes { try FeatureFile.decode($0) }
        }
        #expect(error.code == .dataLoss)
    }

    @Test("predictions as CSV are these lines")
    func csv() throws {
        var batch = PredictionBatch(featureNames: ["mean", "max"])
        batch.keys = [try SeriesKey(device: "a,b"), try SeriesKey(device: "p", sensor: "t\"x")]
        batch.modelDigests = ["ab12", nil]
        batch.keyIndex = [0, 1]
        batch.starts = [0, 1_500_000]
        batch.ends = [60_000_000, 61_500_000]
        batch.features = [0.1, 2, .nan, -1e300]
        batch.statuses = [.scored, .noModel]
        batch.scores = [-0.25, .nan]
        batch.anomalies = [1, -1]
        batch.thresholds = [0, .nan]
        batch.coverages = [.nan, 0.5]
        let text = String(
            decoding: PredictionCSV.encode(batch, run: "r1", attempt: 2),
            as: UTF8.self
        )
        #expect(
            text == """
                run_id,attempt,device,sensor,window_start,window_end,features,status,score,label,\
                is_anomaly,threshold,model_digest,coverage
                r1,2,"a,b",,1970-01-01T00:00:00Z,1970-01-01T00:01:00Z,0.1;2.0,scored,-0.25,,true,\
                0.0,ab12,
                r1,2,p,"t""x",1970-01-01T00:00:01.500Z,1970-01-01T00:01:01.500Z,;-1e+300,\
                no_model,,,,,,0.5

                """
        )
    }
}
