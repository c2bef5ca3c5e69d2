import Testing

@testable import Inference

@Suite("metadata of models")
struct ModelMetadataTests {
    private let model = ModelParameters(
        type: "regressor",
        stages: [Standardize(center: [1, 2], scale: [1, 2])],
        head: .value,
        featureCount: 2,
        featureNames: nil,
        source: "test"
    )

    @Test("a sidecar states features, sign, threshold and golden rows")
    func sidecar() throws {
        let json = """
            {"features": ["a", "b"], "sign": "higher", "threshold": 1.5, "unknown": 1,
             "golden": [{"row": [1, null], "score": 2, "label": -1}]}
            """
        let metadata = try ModelMetadata(json: Array(json.utf8))
        #expect(metadata.features == ["a", "b"])
        #expect(metadata.golden[0].row[1].isNaN)
        #expect(metadata.golden[0].label == "-1")
        let applied = try model.applying(metadata)
        #expect(applied.head.anomaly == .above(1.5))
        #expect(applied.featureNames == ["a", "b"])
    }

    @Test("properties go by both names, the prefixed one first")
    func properties() throws {
        let metadata = try ModelMetadata(properties: [
            "fleetscore.threshold": "-0.5", "threshold": "9", "sign": "lower",
            "features": "[\"x\", \"y\"]",
        ])
        #expect(metadata.threshold == -0.5)
        #expect(metadata.sign == .lower)
        #expect(metadata.features == ["x", "y"])
    }

    @Test("what cannot be read is named")
    func broken() {
        for properties in [
            ["threshold": "high"], ["threshold": "nan"], ["sign": "up"], ["features": "a, b"],
            ["golden": "[{\"score\": 1}]"],
        ] {
            #expect(throws: InferenceError.self) { try ModelMetadata(properties: properties) }
        }
        #expect(throws: InferenceError.self) { try ModelMetadata(json: Array("[".utf8)) }
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: InferenceError.self) {
            try ModelMetadata(json: Array("{\"golden\": \(deep)".utf8))
        }
    }

    @Test("a threshold moves the model's own rule and needs a sign where there is none")
    func rules() throws {
        var detector = model
        detector.head = .aboveZeroIsNormal
        #expect(
            try detector.applying(ModelMetadata(threshold: 2)).head.anomaly == .notAbove(2)
        )
        #expect(try detector.applying(ModelMetadata(sign: .higher)).head.anomaly == .above(0))
        detector.head = .belowZeroIsAnomaly
        #expect(try detector.applying(ModelMetadata(threshold: -1)).head.anomaly == .below(-1))
        #expect(throws: InferenceError.self) { try model.applying(ModelMetadata(threshold: 1)) }
        #expect(try model.applying(ModelMetadata(sign: .lower)).head.anomaly == .none)
    }

    @Test("features and golden rows of another count are refused")
    func counts() {
        for metadata in [
            ModelMetadata(features: ["a"]), ModelMetadata(features: ["a", "a"]),
            ModelMetadata(golden: [.init(row: [1, 2, 3])]), ModelMetadata(threshold: .nan),
        ] {
            #expect(throws: InferenceError.self) { try model.applying(metadata) }
        }
    }

    @Test("golden rows that differ are findings with both values")
    func golden() throws {
        let bytes = try ModelEncoder.encode(model)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
        defer { memory.deallocate() }
        memory.copyBytes(from: bytes)
        let view = try ModelView(validating: UnsafeRawBufferPointer(memory))
        #expect(try ModelChecks.golden(view, [.init(row: [3, 2], score: 2)]).isEmpty)
        let findings = try ModelChecks.golden(
            view,
            [
                .init(row: [3, 2], score: 2.1), .init(row: [1]),
                .init(row: [3, 2], score: 2, label: "1"),
                .init(row: [.nan, 2], score: 1),
            ]
        )
        #expect(findings.map(\.code) == Array(repeating: "golden_mismatch", count: 4))
        #expect(findings[0].severity == .error)
        #expect(findings[0].message == "golden row 1 scores 2.0, not 2.1")
        let many = Array(repeating: ModelMetadata.GoldenRow(row: [3, 2], score: 7), count: 9)
        #expect(try ModelChecks.golden(view, many).last?.message == "4 more golden rows differ")
    }
}
