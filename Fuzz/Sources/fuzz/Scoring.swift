import Inference

/// Scores rows and checks what comes out; wrong answers end the program as crashes do.
enum Scoring {
    /// Models beyond this many columns say no more than smaller ones.
    private static let columnCountMax = 4_096

    /// Encodes and scores a decoded model; what encodes must open.
    static func check(_ model: ModelParameters) {
        let bytes: [UInt8]
        do {
            bytes = try ModelEncoder.encode(model)
        } catch {
            return
        }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
        defer { copy.deallocate() }
        copy.copyBytes(from: bytes)
        do throws(InferenceError) {
            check(try ModelView(validating: UnsafeRawBufferPointer(copy)))
        } catch {
            fail("an encoded model does not open: \(error.message)")
        }
    }

    /// Scores an ordinary row, a row of extremes and one with a missing value.
    static func check(_ view: ModelView) {
        let width = view.featureCount
        guard width <= columnCountMax else { return }
        var rows: [Double] = []
        for column in 0..<width { rows.append(Double(column % 7) * 0.5 - 1) }
        for column in 0..<width { rows.append(extremes[column % extremes.count]) }
        for column in 0..<width { rows.append(column == width / 2 ? .nan : 1) }
        let together = scored(view, rows, rowCount: 3)
        for row in 0..<3 {
            let (score, anomaly, label) = together[row]
            require((-1...1).contains(anomaly), "anomaly \(anomaly) is none")
            require(label >= -1, "label \(label) is none")
            require(
                score.isFinite || (score.isNaN && anomaly == -1 && label == -1),
                "the failed row \(row) has score \(score), anomaly \(anomaly), label \(label)"
            )
            if label >= 0 {
                require(view.label(at: Int(label)) != nil, "label \(label) has no text")
            }
        }
    }

    private static let extremes: [Double] = [
        0, -0.0, 1e300, -1e300, .leastNonzeroMagnitude, 1e19, -1e19, .infinity, 0.5,
    ]

    private static func scored(
        _ view: ModelView,
        _ rows: [Double],
        rowCount: Int
    ) -> [(Double, Int8, Int32)] {
        var scratch = ScoringScratch()
        var scores = [Double](repeating: 7, count: rowCount)
        var anomalies = [Int8](repeating: 7, count: rowCount)
        var labels = [Int32](repeating: -7, count: rowCount)
        do {
            try rows.withUnsafeBufferPointer { rows in
                try scores.withUnsafeMutableBufferPointer { scores in
                    try anomalies.withUnsafeMutableBufferPointer { anomalies in
                        try labels.withUnsafeMutableBufferPointer { labels in
                            try view.score(
                                rows: rows,
                                rowCount: rowCount,
                                scratch: &scratch,
                                scores: scores,
                                anomalies: anomalies,
                                labels: labels
                            )
                        }
                    }
                }
            }
        } catch {
            fail("a model that opened does not score: \(error)")
        }
        return (0..<rowCount).map { (scores[$0], anomalies[$0], labels[$0]) }
    }
}
