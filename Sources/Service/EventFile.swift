package import Core
import Parquet

/// Raw events as Parquet: columns device, sensor, time, value.
package enum EventFile {
    private static let fields = [
        ParquetField("device", .string), ParquetField("sensor", .string),
        ParquetField("time", .timestamp), ParquetField("value", .double),
    ]

    package static func encode(
        _ batch: EventBatch,
        metadata: [(name: String, value: String)] = []
    ) throws -> [UInt8] {
        let keys = batch.series.keys
        var writer = try ParquetWriter(
            schema: ParquetSchema(fields, metadata: metadata.map { .init($0.name, $0.value) })
        )
        try writer.append([
            text(keys.map(\.device), batch.seriesIndex),
            text(keys.map(\.sensor), batch.seriesIndex), .timestamp(batch.times),
            .double(batch.values),
        ])
        return try writer.finish()
    }

    /// A column of one text a series; equal texts share a dictionary entry.
    private static func text(_ perSeries: [String], _ rows: [UInt32]) -> ParquetColumn {
        guard
            case .string(let dictionary, let indices) = ParquetColumn.strings(
                perSeries.map(Optional.some)
            )
        else { return .string(dictionary: [], indices: []) }
        return .string(dictionary: dictionary, indices: rows.map { indices[Int($0)] })
    }
}
