package import Core
import Parquet

/// A part of predictions as Parquet, with the columns every reader of predictions knows.
package enum PredictionFile {
    private static let fields = [
        ParquetField("run_id", .string), ParquetField("attempt", .int32),
        ParquetField("device", .string), ParquetField("sensor", .string, isOptional: true),
        ParquetField("window_start", .timestamp), ParquetField("window_end", .timestamp),
        ParquetField("features", .doubleList), ParquetField("status", .string),
        ParquetField("score", .double, isOptional: true),
        ParquetField("label", .string, isOptional: true),
        ParquetField("is_anomaly", .boolean, isOptional: true),
        ParquetField("threshold", .double, isOptional: true),
        ParquetField("model_digest", .string, isOptional: true),
        ParquetField("coverage", .double, isOptional: true),
    ]

    /// Writes rows as a file; scores that are not known are null.
    package static func encode(
        _ batch: PredictionBatch,
        run: String,
        attempt: Int
    ) throws -> [UInt8] {
        let count = batch.count
        let keys = KeyColumns(batch.keys)
        var digests = TextDictionary(capacity: batch.modelDigests.count)
        let digestOfKey = batch.modelDigests.map {
            $0.map { digests.index(of: $0) } ?? ParquetColumn.nullIndex
        }
        let statuses = ParquetTexts(ItemStatus.allCases.map(\.rawValue))
        let statusIndex = batch.statuses.map { status in
            UInt32(ItemStatus.allCases.firstIndex(of: status) ?? 0)
        }
        var writer = try ParquetWriter(
            schema: ParquetSchema(
                fields,
                metadata: [.init("features", batch.featureNames.joined(separator: "\n"))]
            )
        )
        try writer.append([
            .string(dictionary: [run], indices: [UInt32](repeating: 0, count: count)),
            .int32([Int32](repeating: Int32(clamping: attempt), count: count)),
            keys.device(batch.keyIndex), keys.sensor(batch.keyIndex), .timestamp(batch.starts),
            .timestamp(batch.ends),
            .fixedLists(
                values: batch.features,
                listLength: batch.featureCount,
                rowCount: count
            ),
            .string(dictionary: statuses, indices: statusIndex), nullable(batch.scores),
            .string(
                dictionary: ParquetTexts(batch.labels),
                indices: batch.labelIndex.isEmpty
                    ? [UInt32](repeating: ParquetColumn.nullIndex, count: count)
                    : batch.labelIndex.map { $0 < 0 ? ParquetColumn.nullIndex : UInt32($0) }
            ),
            .boolean(batch.anomalies), nullable(batch.thresholds),
            .string(
                dictionary: digests.texts,
                indices: batch.keyIndex.map { digestOfKey[Int($0)] }
            ),
            nullable(batch.coverages),
        ])
        return try writer.finish()
    }

    /// Reads a file's rows back.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` when the file is damaged.
    package static func decode(_ bytes: UnsafeRawBufferPointer) throws -> PredictionBatch {
        let reader = try ColumnReader(bytes, file: "predictions")
        let names =
            reader.metadata("features").map {
                $0.split(separator: "\n").map(String.init)
            } ?? []
        var batch = PredictionBatch(featureNames: names)
        (batch.keys, batch.keyIndex) = try reader.keys()
        batch.starts = try reader.times("window_start")
        batch.ends = try reader.times("window_end")
        batch.features = try reader.lists("features").values
        let statuses = try reader.texts("status")
        batch.statuses = try statuses.indices.map { index in
            guard index != ParquetColumn.nullIndex,
                let status = ItemStatus(rawValue: statuses.dictionary[Int(index)])
            else { throw FleetError(.dataLoss, "predictions: a row has no known status") }
            return status
        }
        batch.scores = try reader.doubles("score")
        batch.anomalies = try reader.booleans("is_anomaly")
        batch.thresholds = try reader.doubles("threshold")
        batch.coverages = try reader.doubles("coverage")
        let labels = try reader.texts("label")
        if labels.indices.contains(where: { $0 != ParquetColumn.nullIndex }) {
            batch.labels = Array(labels.dictionary)
            batch.labelIndex = labels.indices.map {
                $0 == ParquetColumn.nullIndex ? -1 : Int32(clamping: $0)
            }
        }
        let digests = try reader.texts("model_digest")
        batch.modelDigests = [String?](repeating: nil, count: batch.keys.count)
        for (row, key) in batch.keyIndex.enumerated()
        where digests.indices[row] != ParquetColumn.nullIndex {
            batch.modelDigests[Int(key)] = digests.dictionary[Int(digests.indices[row])]
        }
        return batch
    }

    private static func nullable(_ values: [Double]) -> ParquetColumn {
        .double(values, validity: values.map { !$0.isNaN })
    }
}
