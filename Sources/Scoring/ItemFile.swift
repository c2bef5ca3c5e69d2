package import Core
import Parquet

/// The item outcomes of a task: `tasks/{n}/attempt={k}/items.parquet`, in key order.
package enum ItemFile {
    private static let fields = [
        ParquetField("device", .string), ParquetField("sensor", .string, isOptional: true),
        ParquetField("status", .string), ParquetField("rows", .int64),
        ParquetField("anomalies", .int64), ParquetField("reason", .string, isOptional: true),
    ]

    package static func encode(_ items: [ItemOutcome]) throws -> [UInt8] {
        let keys = KeyColumns(items.map(\.key))
        let rows = items.indices.map { UInt32($0) }
        var writer = try ParquetWriter(schema: ParquetSchema(fields))
        try writer.append([
            keys.device(rows), keys.sensor(rows), .strings(items.map(\.status.rawValue)),
            .int64(items.map { Int64($0.rowCount) }),
            .int64(items.map { Int64($0.anomalyCount) }), .strings(items.map(\.reason)),
        ])
        return try writer.finish()
    }

    /// - Throws: ``FleetError`` `.dataLoss` when the file is damaged.
    package static func decode(_ bytes: UnsafeRawBufferPointer) throws -> [ItemOutcome] {
        let reader = try ColumnReader(bytes, file: "items.parquet")
        let (keys, rows) = try reader.keys()
        let statuses = try reader.texts("status")
        let rowCounts = try reader.integers("rows")
        let anomalies = try reader.integers("anomalies")
        let reasons = try reader.texts("reason")
        return try rows.indices.map { row in
            let index = statuses.indices[row]
            guard index != ParquetColumn.nullIndex,
                let status = ItemStatus(rawValue: statuses.dictionary[Int(index)])
            else { throw FleetError(.dataLoss, "items.parquet: a row has no known status") }
            let reason = reasons.indices[row]
            return ItemOutcome(
                key: keys[Int(rows[row])],
                status: status,
                rowCount: Int(rowCounts[row]),
                anomalyCount: Int(anomalies[row]),
                reason: reason == ParquetColumn.nullIndex
                    ? nil : reasons.dictionary[Int(reason)]
            )
        }
    }
}
