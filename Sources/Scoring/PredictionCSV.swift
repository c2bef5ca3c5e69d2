package import Core

/// A part of predictions as CSV (RFC 4180), with the same columns as the Parquet form.
///
/// Features are joined by `;`; null is an empty field; numbers are shortest round-trip texts.
package enum PredictionCSV {
    package static let header =
        "run_id,attempt,device,sensor,window_start,window_end,features,status,score,label,"
        + "is_anomaly,threshold,model_digest,coverage"

    package static func encode(_ batch: PredictionBatch, run: String, attempt: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(batch.count * 160)
        bytes.append(contentsOf: (header + "\n").utf8)
        let keyTexts = batch.keys.map {
            CSVField.quoted($0.device) + "," + CSVField.quoted($0.sensor) + ","
        }
        let width = batch.featureCount
        for row in 0..<batch.count {
            let key = Int(batch.keyIndex[row])
            let features = batch.features[(row * width)..<((row + 1) * width)]
            var line = "\(run),\(attempt)," + keyTexts[key]
            line += "\(Timestamp(microseconds: batch.starts[row])),"
            line += "\(Timestamp(microseconds: batch.ends[row])),"
            line += features.map { text($0) }.joined(separator: ";") + ","
            line += batch.statuses[row].rawValue + "," + text(batch.scores[row]) + ",,"
            line += batch.anomalies[row] < 0 ? "," : "\(batch.anomalies[row] == 1),"
            line += text(batch.thresholds[row]) + "," + (batch.modelDigests[key] ?? "") + ","
            line += text(batch.coverages[row]) + "\n"
            bytes.append(contentsOf: line.utf8)
        }
        return bytes
    }

    private static func text(_ value: Double) -> String { value.isNaN ? "" : "\(value)" }
}
