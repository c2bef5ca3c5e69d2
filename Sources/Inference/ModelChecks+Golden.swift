extension ModelChecks {
    /// How far a score may be from a golden one, as a share of it, in a pickle's 64-bit numbers.
    public static let goldenTolerance = 1e-9
    /// The same for a graph of 32-bit numbers.
    public static let goldenFloatTolerance = 1e-5
    /// Rows that are reported one by one.
    private static let goldenReportMax = 5

    /// Compares a model with what it is known to say: `golden_mismatch` for rows that differ.
    ///
    /// A score may differ by a share of itself, or of 1 when it is smaller.
    /// - Throws: ``InferenceError`` when the model cannot be evaluated.
    public static func golden(
        _ view: ModelView,
        _ rows: [ModelMetadata.GoldenRow],
        tolerance: Double = goldenTolerance
    ) throws(InferenceError) -> [ModelFinding] {
        var findings: [ModelFinding] = []
        var scratch = ScoringScratch()
        for (index, golden) in rows.enumerated() {
            let place = "golden row \(index + 1)"
            guard golden.row.count == view.featureCount else {
                findings.append(
                    mismatch("\(place) has \(golden.row.count) values, not \(view.featureCount)")
                )
                continue
            }
            let (score, label) = try evaluate(view, golden.row, &scratch)
            if let expected = golden.score {
                let allowed = tolerance * max(1, expected.magnitude)
                let isSame = expected.isNaN ? score.isNaN : (score - expected).magnitude <= allowed
                if !isSame {
                    findings.append(mismatch("\(place) scores \(score), not \(expected)"))
                    continue
                }
            }
            if let expected = golden.label, label != expected {
                let got = label.map { "'\($0)'" } ?? "none"
                findings.append(mismatch("\(place) gets the label \(got), not '\(expected)'"))
            }
        }
        guard findings.count > goldenReportMax else { return findings }
        let more = findings.count - goldenReportMax
        return findings.prefix(goldenReportMax) + [mismatch("\(more) more golden rows differ")]
    }

    private static func mismatch(_ message: String) -> ModelFinding {
        ModelFinding(.error, code: "golden_mismatch", message)
    }

    private static func evaluate(
        _ view: ModelView,
        _ row: [Double],
        _ scratch: inout ScoringScratch
    ) throws(InferenceError) -> (score: Double, label: String?) {
        var score = [Double.nan]
        var anomaly: [Int8] = [-1]
        var label: [Int32] = [-1]
        var failure: InferenceError?
        row.withUnsafeBufferPointer { row in
            score.withUnsafeMutableBufferPointer { scores in
                anomaly.withUnsafeMutableBufferPointer { anomalies in
                    label.withUnsafeMutableBufferPointer { labels in
                        do throws(InferenceError) {
                            try view.score(
                                rows: row,
                                rowCount: 1,
                                scratch: &scratch,
                                scores: scores,
                                anomalies: anomalies,
                                labels: labels
                            )
                        } catch { failure = error }
                    }
                }
            }
        }
        if let failure { throw failure }
        // A detector's labels are those of scikit-learn: -1 for an anomaly, 1 for none.
        let text =
            view.givesLabels
            ? view.label(at: Int(label[0])) : anomaly[0] < 0 ? nil : anomaly[0] == 1 ? "-1" : "1"
        return (score[0], score[0].isNaN ? nil : text)
    }
}
