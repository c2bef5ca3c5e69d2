import Core

/// The published reference's output: `TS,Device,Sensor,Val,Prediction`, one file per series.
///
/// Rows are in input order; the texts of TS and value are copied unchanged; 1 is an anomaly, 0 is
/// normal, empty where the row could not be scored.
struct ReferenceCSV {
    let predictions: PredictionBatch
    let readings: ReadingRows

    struct File {
        let name: String
        let bytes: [UInt8]
        let rowCount: Int
    }

    /// The files in key order.
    ///
    /// - Throws: ``FleetError`` `.conflict` when two keys would share a file name.
    func files(input: UnsafeRawBufferPointer) throws -> [File] {
        var files: [File] = []
        var owners: [String: SeriesKey] = [:]
        var row = 0
        while row < predictions.count {
            let key = predictions.keys[Int(predictions.keyIndex[row])]
            var end = row
            while end < predictions.count, predictions.keyIndex[end] == predictions.keyIndex[row] {
                end += 1
            }
            let name = "preds_\(key.fileName).csv"
            if let owner = owners[name] {
                throw FleetError(
                    .conflict,
                    "\(owner) and \(key) would both be written to \(name)",
                    hint: "use --format csv or parquet"
                )
            }
            owners[name] = key
            files.append(File(name: name, bytes: text(key, row..<end, input), rowCount: end - row))
            row = end
        }
        return files
    }

    private func text(
        _ key: SeriesKey,
        _ rows: Range<Int>,
        _ input: UnsafeRawBufferPointer
    ) -> [UInt8] {
        var bytes = Array("TS,Device,Sensor,Val,Prediction\n".utf8)
        bytes.reserveCapacity(rows.count * 48)
        let middle = Array(
            ",\(CSVField.quoted(key.device)),\(CSVField.quoted(key.sensor)),".utf8
        )
        for row in rows {
            let texts = readings.texts(ofRow: row)
            bytes.append(contentsOf: input[texts.time])
            bytes.append(contentsOf: middle)
            bytes.append(contentsOf: input[texts.value])
            bytes.append(0x2C)
            switch predictions.anomalies[row] {
            case 0: bytes.append(0x30)
            case 1: bytes.append(0x31)
            default: break
            }
            bytes.append(0x0A)
        }
        return bytes
    }
}
