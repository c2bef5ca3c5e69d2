import Inference
import Testing

/// Runs a stage from packed bytes.
enum StageRun {
    /// What a stage gives for rows: each column of each row, nil for rows that fail.
    static func outputs(
        _ stage: some Stage,
        _ rows: [[Double]],
        batch: Int? = nil
    ) throws -> [[Double]?] {
        let width = rows[0].count
        let columns = try stage.outputCount(inputCount: width)
        var results: [[Double]?] = Array(repeating: [], count: rows.count)
        for column in 0..<columns {
            let bytes = try encode(stage, features: width, column: column)
            let scores = try scores(bytes, rows, batch: batch)
            for (row, score) in scores.enumerated() {
                if score.isNaN { results[row] = nil } else { results[row]?.append(score) }
            }
        }
        return results
    }

    /// A model of one stage whose score is a column of it.
    static func encode(_ stage: some Stage, features: Int, column: Int = 0) throws -> [UInt8] {
        try ModelEncoder.encode(
            ModelParameters(
                type: "test",
                stages: [stage],
                head: ModelHead(score: .column(column)),
                featureCount: features,
                featureNames: nil,
                source: "test"
            )
        )
    }

    /// Scores of a packed model, some rows at a time.
    static func scores(_ bytes: [UInt8], _ rows: [[Double]], batch: Int? = nil) throws -> [Double] {
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: bytes.count,
            alignment: 64
        )
        defer { memory.deallocate() }
        memory.copyBytes(from: bytes)
        let view = try ModelView(validating: UnsafeRawBufferPointer(memory))
        var scratch = ScoringScratch()
        var result: [Double] = []
        var start = 0
        while start < rows.count {
            let part = rows[start..<min(rows.count, start + (batch ?? rows.count))]
            let flat = part.flatMap { $0 }
            var scores = Array(repeating: 0.0, count: part.count)
            var anomalies = Array(repeating: Int8(0), count: part.count)
            try flat.withUnsafeBufferPointer { flat in
                try scores.withUnsafeMutableBufferPointer { scores in
                    try anomalies.withUnsafeMutableBufferPointer { anomalies in
                        try view.score(
                            rows: flat,
                            rowCount: part.count,
                            scratch: &scratch,
                            scores: scores,
                            anomalies: anomalies
                        )
                    }
                }
            }
            result += scores
            start += part.count
        }
        return result
    }

    /// Damages packed bytes in many ways; each either does not open or scores without a crash.
    static func damage(_ stage: some Stage, features: Int, seed: UInt64) throws {
        let bytes = try encode(stage, features: features)
        var random = SeededGenerator(seed: seed)
        var rows = (0..<5).map { _ in random.doubles(features, -3...3) }
        rows[1][0] = .nan
        rows[2][0] = .infinity
        rows[3] = Array(repeating: .nan, count: features)
        for length in stride(from: 0, to: bytes.count, by: 8) {
            #expect(throws: InferenceError.self) {
                try scores(Array(bytes[..<length]), rows)
            }
        }
        for _ in 0..<400 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                // Behind the header, where the stage is.
                let offset = Int.random(in: 64..<bytes.count, using: &random)
                damaged[offset] = UInt8.random(in: 0...255, using: &random)
            }
            do {
                _ = try scores(damaged, rows)
            } catch let error as InferenceError {
                #expect(error.reason == .corruptBlock, "seed \(seed)")
            }
        }
    }
}
