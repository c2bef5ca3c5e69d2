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
        let names = SeriesColumns(batch.series)
        return try encode(
            names.devices(batch.seriesIndex),
            names.sensors(batch.seriesIndex),
            batch.times,
            batch.values,
            metadata
        )
    }

    /// As ``encode(_:metadata:)`` for events by number, whose names are learnt once.
    package static func encode(
        _ events: NumberedEvents,
        names: inout SeriesTexts,
        metadata: [(name: String, value: String)] = []
    ) throws -> [UInt8] {
        guard let columns = names.columns(of: events) else {
            return try encode(events.named(), metadata: metadata)
        }
        return try encode(
            columns.devices,
            columns.sensors,
            events.times,
            events.values,
            metadata
        )
    }

    private static func encode(
        _ devices: ParquetColumn,
        _ sensors: ParquetColumn,
        _ times: [Int64],
        _ values: [Double],
        _ metadata: [(name: String, value: String)]
    ) throws -> [UInt8] {
        var writer = try ParquetWriter(
            schema: ParquetSchema(fields, metadata: metadata.map { .init($0.name, $0.value) })
        )
        try writer.append([devices, sensors, .timestamp(times), .double(values)])
        return try writer.finish()
    }
}

/// The names of a batch's series as two columns of texts, made without a `String`.
private struct SeriesColumns {
    private var devices = DistinctTexts()
    private var sensors = DistinctTexts()
    private var deviceOfSeries: [UInt32] = []
    private var sensorOfSeries: [UInt32] = []

    init(_ series: SeriesDictionary) {
        deviceOfSeries.reserveCapacity(series.count)
        sensorOfSeries.reserveCapacity(series.count)
        for id in 0..<UInt32(series.count) {
            series.withBytes(of: id) { device, sensor in
                deviceOfSeries.append(devices.number(of: device))
                sensorOfSeries.append(sensors.number(of: sensor))
            }
        }
    }

    func devices(_ rows: [UInt32]) -> ParquetColumn {
        .string(dictionary: devices.texts, indices: rows.map { deviceOfSeries[Int($0)] })
    }

    func sensors(_ rows: [UInt32]) -> ParquetColumn {
        .string(dictionary: sensors.texts, indices: rows.map { sensorOfSeries[Int($0)] })
    }
}
