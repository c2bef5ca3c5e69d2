import FoundationEssentials
import Inference
import ONNX
import Testing

/// A model as an exporter wrote it, with what ONNX Runtime gives for rows.
struct ExporterCase: Decodable, Sendable {
    let name: String
    let file: String
    let seed: Int
    let rows: [[CaseNumber]]
    let scores: [CaseNumber]
    let tolerances: [CaseNumber]
    let labels: [String?]?
    let anomalies: [Bool?]?
    let stages: [String]?
    let type: String?
    let metadata: ModelMetadata?

    static func all() throws -> [ExporterCase] {
        guard let folder = MLCaseFolder.path else { return [] }
        let data = try Data(contentsOf: URL(filePath: folder + "/models.json"))
        return try JSONDecoder().decode(List.self, from: data).cases
    }

    private struct List: Decodable { let cases: [ExporterCase] }
}

/// What a packed model says about rows.
struct PackedScores {
    var scores: [Double]
    var anomalies: [Int8]
    var labels: [String?]

    /// Encodes the model and scores rows, all together.
    init(_ model: ModelParameters, rows: [[Double]]) throws {
        let bytes = try ModelEncoder.encode(model)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
        defer { memory.deallocate() }
        memory.copyBytes(from: bytes)
        let view = try ModelView(validating: UnsafeRawBufferPointer(memory))
        var scratch = ScoringScratch()
        var scores = [Double](repeating: 0, count: rows.count)
        var anomalies = [Int8](repeating: 0, count: rows.count)
        var labels = [Int32](repeating: -1, count: rows.count)
        let flat = rows.flatMap { $0 }
        try flat.withUnsafeBufferPointer { values in
            try scores.withUnsafeMutableBufferPointer { scores in
                try anomalies.withUnsafeMutableBufferPointer { anomalies in
                    try labels.withUnsafeMutableBufferPointer { labels in
                        try view.score(
                            rows: values,
                            rowCount: rows.count,
                            scratch: &scratch,
                            scores: scores,
                            anomalies: anomalies,
                            labels: labels
                        )
                    }
                }
            }
        }
        self.scores = scores
        self.anomalies = anomalies
        self.labels = labels.map { view.label(at: Int($0)) }
    }
}

@Suite("models of skl2onnx and onnxmltools against ONNX Runtime")
struct ExporterCaseTests {
    @Test(
        "every exported model scores as ONNX Runtime does",
        .enabled(if: MLCaseFolder.path != nil, "FLEETSCORE_ONNX_MODEL_CASES names no folder")
    )
    func everyModel() throws {
        let folder = try #require(MLCaseFolder.path)
        let cases = try ExporterCase.all()
        #expect(!cases.isEmpty)
        for item in cases {
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/\(item.file)")))
            let place = "\(item.name) (seed \(item.seed))"
            do {
                let model = try ONNXDecoder.decode(bytes, name: item.name)
                let lowered = try ONNXModelLowering.lower(
                    model,
                    metadata: item.metadata ?? ModelMetadata()
                )
                check(item, lowered, place)
                try compare(item, lowered, place)
            } catch {
                Issue.record("\(place): \(error)")
            }
        }
    }

    private func check(_ item: ExporterCase, _ model: ModelParameters, _ place: String) {
        let names = model.stages.map { Swift.type(of: $0).name }
        if let stages = item.stages { #expect(names == stages, "\(place)") }
        if let type = item.type { #expect(model.type == type, "\(place)") }
    }

    private func compare(_ item: ExporterCase, _ model: ModelParameters, _ place: String) throws {
        let rows = item.rows.map { $0.map(\.value) }
        let all = try PackedScores(model, rows: rows)
        for index in rows.indices {
            let (got, wanted) = (all.scores[index], item.scores[index].value)
            #expect(
                (got.isNaN && wanted.isNaN)
                    || (got - wanted).magnitude <= item.tolerances[index].value,
                "\(place): row \(index) scores \(got), not \(wanted)"
            )
            if let label = item.labels?[index] {
                #expect(all.labels[index] == label, "\(place): label of row \(index)")
            }
            if let flag = item.anomalies?[index] {
                #expect(all.anomalies[index] == (flag ? 1 : 0), "\(place): row \(index)")
            }
        }
        // A row's numbers do not depend on the others.
        for index in rows.indices.prefix(3) {
            let alone = try PackedScores(model, rows: [rows[index]])
            #expect(
                alone.scores[0].bitPattern == all.scores[index].bitPattern
                    || (alone.scores[0].isNaN && all.scores[index].isNaN),
                "\(place): row \(index) alone"
            )
            let plain = model.stages.reduce(rows[index]) { $1.reference($0) }
            let scored = try PackedScores(model, rows: [rows[index]]).scores[0]
            if case .column(let column) = model.head.score, plain.indices.contains(column) {
                #expect(
                    (plain[column] - scored).magnitude <= 1e-9 * max(1, scored.magnitude)
                        || scored.isNaN,
                    "\(place): reference of row \(index)"
                )
            }
        }
    }
}
