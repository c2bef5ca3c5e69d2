import Inference
import Testing

@Suite("Machines without other stages")
struct ModelViewMachineTests {
    @Test("The short way gives what a machine behind a stage that changes nothing gives")
    func sameAsTheLongWay() throws {
        for seed in UInt64(1)...30 {
            var random = SeededGenerator(seed: seed)
            let columns = Int.random(in: 1...6, using: &random)
            let count = Int.random(in: 0...40, using: &random)
            let machine = SupportVectorMachine(
                kernel: SVMKernel.allCases[Int(seed % 4)],
                gamma: Double.random(in: 0...2, using: &random),
                coef0: 0.3,
                degree: 3,
                supportVectors: random.doubles(count * columns, -2...2),
                dualCoefficients: random.doubles(count, -1...1),
                intercept: seed % 3 == 0 ? 0 : 0.2
            )
            let same = Standardize(
                center: [],
                scale: Array(repeating: 1, count: columns)
            )
            var rows = random.doubles(12 * columns, -3...3)
            rows[columns] = .nan
            rows[3 * columns - 1] = .infinity
            rows[4 * columns] = -.greatestFiniteMagnitude
            let heads: [ModelHead] = [.aboveZeroIsNormal, .belowZeroIsAnomaly, .value]
            let head = heads[Int(seed % 3)]
            let short = try score([machine], head, columns, rows)
            let long = try score([same, machine], head, columns, rows)
            #expect(short.scores == long.scores, "seed \(seed)")
            #expect(short.anomalies == long.anomalies, "seed \(seed)")
            #expect(Double(bitPattern: short.scores[1]).isNaN && short.anomalies[1] == -1)
        }
    }

    private func score(
        _ stages: [any Stage],
        _ head: ModelHead,
        _ columns: Int,
        _ rows: [Double]
    ) throws -> (scores: [UInt64], anomalies: [Int8]) {
        let bytes = try ModelEncoder.encode(
            ModelParameters(
                type: "one_class_svm",
                stages: stages,
                head: head,
                featureCount: columns,
                featureNames: nil,
                source: "test"
            )
        )
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
        defer { memory.deallocate() }
        memory.copyBytes(from: bytes)
        let view = try ModelView(validating: UnsafeRawBufferPointer(memory))
        let count = rows.count / columns
        var scores = Array(repeating: 0.0, count: count)
        var anomalies = Array(repeating: Int8(5), count: count)
        var scratch = ScoringScratch()
        try rows.withUnsafeBufferPointer { rows in
            try scores.withUnsafeMutableBufferPointer { scores in
                try anomalies.withUnsafeMutableBufferPointer { anomalies in
                    try view.score(
                        rows: rows,
                        rowCount: count,
                        scratch: &scratch,
                        scores: scores,
                        anomalies: anomalies
                    )
                }
            }
        }
        return (scores.map(\.bitPattern), anomalies)
    }
}
