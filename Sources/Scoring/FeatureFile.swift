package import Core
import Parquet

/// The feature snapshot of a task: `tasks/{n}/features.parquet`.
///
/// Columns device, sensor, window_start, window_end, features (list), coverage; rows sorted by key,
/// then end. The feature names are in the file's metadata.
package enum FeatureFile {
    private static let fields = [
        ParquetField("device", .string), ParquetField("sensor", .string, isOptional: true),
        ParquetField("window_start", .timestamp), ParquetField("window_end", .timestamp),
        ParquetField("features", .doubleList),
        ParquetField("coverage", .double, isOptional: true),
    ]

    /// Writes rows as a file.
    package static func encode(_ batch: FeatureBatch) throws -> [UInt8] {
        let keys = KeyColumns(batch.keys)
        let rows = batch.keys.indices.flatMap { index in
            repeatElement(UInt32(index), count: batch.rows(of: index).count)
        }
        var writer = try ParquetWriter(
            schema: ParquetSchema(
                fields,
                metadata: [.init("features", batch.featureNames.joined(separator: "\n"))]
            )
        )
        try writer.append([
            keys.device(rows), keys.sensor(rows), .timestamp(batch.starts),
            .timestamp(batch.ends),
            .fixedLists(
                values: batch.values,
                listLength: batch.featureCount,
                rowCount: batch.count
            ),
            .double(batch.coverages, validity: batch.coverages.map { !$0.isNaN }),
        ])
        return try writer.finish()
    }

    /// Reads a file's rows back.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` when the file is damaged or its keys are not sorted.
    package static func decode(_ bytes: UnsafeRawBufferPointer) throws -> FeatureBatch {
        let reader = try ColumnReader(bytes, file: "features.parquet")
        let names =
            reader.metadata("features").map {
                $0.split(separator: "\n").map(String.init)
            } ?? []
        var batch = FeatureBatch(featureNames: names)
        let (keys, rows) = try reader.keys()
        for (key, next) in zip(keys, keys.dropFirst()) where !(key < next) {
            throw FleetError(.dataLoss, "features.parquet: \(next) comes after \(key)")
        }
        let lists = try reader.lists("features")
        guard lists.values.count == rows.count * names.count else {
            throw FleetError(.dataLoss, "features.parquet: a row has not \(names.count) features")
        }
        batch.keys = keys
        batch.starts = try reader.times("window_start")
        batch.ends = try reader.times("window_end")
        batch.values = lists.values
        batch.coverages = try reader.doubles("coverage")
        var offsets = [0]
        for (row, key) in rows.enumerated() where row > 0 && key != rows[row - 1] {
            offsets.append(row)
        }
        if !rows.isEmpty { offsets.append(rows.count) }
        batch.rowOffsets = offsets
        return batch
    }
}
