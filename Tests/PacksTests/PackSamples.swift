import Core
import Inference
import Packs
import Testing

/// Bytes at an aligned address that live as long as this object.
final class HeldBytes: Sendable {
    // SAFETY: written only in the initializer.
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    nonisolated(unsafe) private let memory: UnsafeMutableRawBufferPointer

    init(_ content: [UInt8]) {
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: content.count,
            alignment: 64
        )
        memory.copyBytes(from: content)
        self.memory = memory
        bytes = UnsafeRawBufferPointer(memory)
    }

    deinit { memory.deallocate() }
}

/// Small packs that tests share.
enum PackSamples {
    static func model(_ number: Int, vectors: Int = 3) -> ModelParameters {
        let seed = Double(number)
        return ModelParameters(
            steps: [.standardize(center: [seed], scale: [2])],
            estimator: .oneClassSVM(
                OneClassSVMParameters(
                    kernel: .rbf,
                    gamma: 0.5,
                    coef0: 0,
                    degree: 3,
                    supportVectors: (0..<vectors).map { Double($0) / 4 - seed / 100 },
                    dualCoefficients: (0..<vectors).map { 1 / Double($0 + 1) },
                    intercept: -0.75,
                    nu: number.isMultiple(of: 2) ? 0.1 : nil,
                    trainingRowCount: number.isMultiple(of: 3) ? 100 + number : nil
                )
            ),
            featureCount: 1,
            featureNames: number.isMultiple(of: 2) ? ["mean"] : nil,
            source: "test \(number)"
        )
    }

    static func entry(_ key: SeriesKey, _ number: Int) throws -> PackEntry {
        let model = model(number, vectors: 1 + number % 12)
        let block = try ModelEncoder.encode(model)
        return PackEntry(
            key: key,
            block: block,
            description: ModelDescription(of: model, byteCount: block.count),
            findings: ModelChecks.degeneracy(of: model)
        )
    }

    static func key(_ text: String) throws -> SeriesKey { try SeriesKey(parsing: text) }

    static func entries(_ keys: [String]) throws -> [PackEntry] {
        try keys.enumerated().map { try entry(key($0.element), $0.offset) }
    }

    static func pack(_ entries: [PackEntry]) throws -> [UInt8] {
        var writer = PackWriter()
        for entry in entries { try writer.add(entry) }
        return try writer.encode()
    }

    static func open(_ bytes: [UInt8]) throws -> PackReader {
        let held = HeldBytes(bytes)
        return try PackReader(bytes: held.bytes, owner: held)
    }
}

/// Everything a pack says about one model, and what the model scores.
struct ModelAnswer: Equatable {
    let scores: [UInt64]
    let anomalies: [Int8]
    let digest: String
    let description: ModelDescription
    let findings: [ModelFinding]

    init(_ pack: PackReader, at index: Int) throws {
        let rows = [-1.0, 0, 0.5, 3, 9]
        var scores = Array(repeating: 0.0, count: rows.count)
        var anomalies = Array(repeating: Int8(0), count: rows.count)
        var scratch = ScoringScratch()
        try pack.withModel(at: index) { model in
            try rows.withUnsafeBufferPointer { rows in
                try scores.withUnsafeMutableBufferPointer { scores in
                    try anomalies.withUnsafeMutableBufferPointer { anomalies in
                        try model.score(
                            rows: rows,
                            rowCount: rows.count,
                            scratch: &scratch,
                            scores: scores,
                            anomalies: anomalies
                        )
                    }
                }
            }
        }
        self.scores = scores.map(\.bitPattern)
        self.anomalies = anomalies
        digest = pack.digest(at: index)
        description = try pack.description(at: index)
        findings = try pack.findings(at: index)
    }
}
