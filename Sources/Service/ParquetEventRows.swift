import Core
import Parquet
import Wire

/// The rows of one row group on their way to events.
struct ParquetEventRows {
    private let columns: ParquetEventColumns
    private let rowCount: Int
    /// Rows of the file before this group.
    private let firstRow: Int
    private let times: ParquetEventTimes
    private let device: ParquetNames
    private let sensor: ParquetNames
    /// A column a sensor, or the one of values; NaN where there is no reading.
    private var values: [ParquetNumbers] = []
    private let latest: Int64

    /// - Throws: ``ParquetError``; ``FleetError`` when a column is of a type that cannot be used.
    init(
        _ reader: ParquetReader,
        rowGroup: Int,
        firstRow: Int,
        columns: ParquetEventColumns,
        options: DecodeOptions
    ) throws {
        self.columns = columns
        self.firstRow = firstRow
        rowCount = reader.rowGroupRowCounts[rowGroup]
        latest = options.latestTime?.microseconds ?? .max
        times = try ParquetEventTimes(
            reader.column(columns.time, rowGroup: rowGroup),
            isLocal: reader.isLocalTime(columns.time),
            options: options
        )
        if let name = columns.device {
            device = try ParquetNames(reader.column(name, rowGroup: rowGroup), name)
        } else {
            _ = try SeriesKey(device: options.defaultDevice)
            device = ParquetNames(one: options.defaultDevice, rowCount: rowCount)
        }
        if let long = columns.long {
            sensor = try ParquetNames(reader.column(long.sensor, rowGroup: rowGroup), long.sensor)
            values = [
                try ParquetNumbers(reader.column(long.value, rowGroup: rowGroup), long.value)
            ]
        } else {
            sensor = ParquetNames(columns.sensors)
            values = try columns.sensors.map {
                try ParquetNumbers(reader.column($0, rowGroup: rowGroup), $0)
            }
        }
    }

    /// Appends the events of all rows, in order.
    mutating func append(to events: inout ParquetEvents) {
        var series = SeriesOfPairs(device, sensor)
        let isLong = columns.long != nil
        events.batch.reserveCapacity(events.batch.count + rowCount * values.count)
        for row in 0..<rowCount {
            let time = times.values[row]
            let deviceIndex = Int(device.indices[row])
            guard time >= 0, time <= latest, device.isUsable(deviceIndex) else {
                rejectRow(row, &events)
                continue
            }
            for (column, numbers) in values.enumerated() {
                let value = numbers.values[row]
                guard value.isFinite else {
                    rejectValue(row, numbers, isLong: isLong, &events)
                    continue
                }
                let sensorIndex = isLong ? Int(sensor.indices[row]) : column
                guard sensor.isUsable(sensorIndex) else {
                    reject(sensor.reason(sensorIndex, none: .missingSensor), row, &events) {
                        sensor.text(sensorIndex)
                    }
                    continue
                }
                events.batch.append(
                    series: series.id(deviceIndex, sensorIndex, &events.batch.series),
                    time: time,
                    value: value
                )
            }
        }
    }

    private func reject(
        _ reason: RejectReason,
        _ row: Int,
        _ events: inout ParquetEvents,
        _ value: () -> String
    ) {
        events.reject(reason, row: firstRow + row, value: value())
    }

    /// Rejects the readings that a row without a time or a device has.
    private func rejectRow(_ row: Int, _ events: inout ParquetEvents) {
        let index = Int(device.indices[row])
        for numbers in values where !numbers.values[row].isNaN {
            if times.values[row] == ParquetEventTimes.missing {
                reject(.missingTime, row, &events) { "" }
            } else if times.values[row] < 0 {
                reject(.badTime, row, &events) { times.text(row) }
            } else if times.values[row] > latest {
                reject(.early, row, &events) { times.text(row) }
            } else {
                reject(device.reason(index, none: .missingDevice), row, &events) {
                    device.text(index)
                }
            }
        }
    }

    private func rejectValue(
        _ row: Int,
        _ numbers: ParquetNumbers,
        isLong: Bool,
        _ events: inout ParquetEvents
    ) {
        let value = numbers.values[row]
        if let text = numbers.badText(row) {
            reject(.badValue, row, &events) { text }
        } else if !value.isNaN {
            reject(.notFinite, row, &events) { "\(value)" }
        }
    }
}
