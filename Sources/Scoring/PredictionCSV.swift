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
        bytes.reserveCapacity(batch.count * 192 + header.utf8.count)
        bytes.append(contentsOf: (header + "\n").utf8)
        let start = Array("\(run),\(attempt),".utf8)
        let statuses = batch.statuses
        var statusTexts: [[UInt8]] = Array(repeating: [], count: 256)
        for status in ItemStatus.allCases {
            statusTexts[Int(status.rank)] = Array("\(status.rawValue),".utf8)
        }
        var times = TimeTexts()
        var lastKey: UInt32?
        var keyText: [UInt8] = []
        let width = batch.featureCount
        for row in 0..<batch.count {
            let keyIndex = batch.keyIndex[row]
            if keyIndex != lastKey {
                let key = batch.keys[Int(keyIndex)]
                keyText = Array(
                    (CSVField.quoted(key.device) + "," + CSVField.quoted(key.sensor) + ",").utf8
                )
                lastKey = keyIndex
            }
            bytes.append(contentsOf: start)
            bytes.append(contentsOf: keyText)
            times.append(batch.starts[row], to: &bytes)
            times.append(batch.ends[row], to: &bytes)
            for column in 0..<width {
                if column > 0 { bytes.append(0x3B) }
                append(batch.features[row * width + column], to: &bytes)
            }
            bytes.append(0x2C)
            bytes.append(contentsOf: statusTexts[Int(statuses[row].rank)])
            append(batch.scores[row], to: &bytes)
            bytes.append(0x2C)
            if let label = batch.label(of: row) {
                bytes.append(contentsOf: CSVField.quoted(label).utf8)
            }
            bytes.append(0x2C)
            if batch.anomalies[row] >= 0 {
                bytes.append(contentsOf: batch.anomalies[row] == 1 ? trueText : falseText)
            }
            bytes.append(0x2C)
            append(batch.thresholds[row], to: &bytes)
            bytes.append(0x2C)
            if let digest = batch.modelDigests[Int(keyIndex)] {
                bytes.append(contentsOf: digest.utf8)
            }
            bytes.append(0x2C)
            append(batch.coverages[row], to: &bytes)
            bytes.append(0x0A)
        }
        return bytes
    }

    private static let trueText = Array("true".utf8)
    private static let falseText = Array("false".utf8)

    private static func append(_ value: Double, to bytes: inout [UInt8]) {
        guard !value.isNaN else { return }
        if value == 0, value.sign == .plus {
            bytes.append(contentsOf: [0x30, 0x2E, 0x30])
        } else {
            bytes.append(contentsOf: value.description.utf8)
        }
    }
}

/// Times as CSV fields; rows one after another mostly share theirs.
private struct TimeTexts {
    private var last: [(time: Int64, text: [UInt8])] = [(0, []), (0, [])]
    private var next = 0

    mutating func append(_ time: Int64, to bytes: inout [UInt8]) {
        for slot in last where slot.time == time && !slot.text.isEmpty {
            bytes.append(contentsOf: slot.text)
            return
        }
        let text = Array("\(Timestamp(microseconds: time)),".utf8)
        last[next] = (time, text)
        next = 1 - next
        bytes.append(contentsOf: text)
    }
}
