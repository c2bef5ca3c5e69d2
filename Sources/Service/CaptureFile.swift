import Core
import Parquet

/// A capture object as it is read back.
struct CaptureFile {
    let batch: EventBatch
    /// The metadata that ``CapturePart`` wrote.
    let offsets: String?
    let controls: String?

    /// Reads an object.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming the object when it is damaged.
    init(_ bytes: UnsafeRawBufferPointer, name: String) throws {
        do {
            let reader = try ParquetReader(bytes: bytes)
            let (device, sensor) = try (reader.column("device"), reader.column("sensor"))
            guard device.kind == .string, sensor.kind == .string,
                case .timestamp(let times, nil) = try reader.column("time"),
                case .double(let values, nil) = try reader.column("value")
            else { throw ParquetError.corrupt("its columns are not those of events") }
            batch = try Self.batch(
                ParquetNames(device, "device"),
                ParquetNames(sensor, "sensor"),
                times,
                values
            )
            offsets = reader.metadata(CapturePart.offsetsName)
            controls = reader.metadata(CapturePart.controlsName)
        } catch let error as FleetError {
            throw error
        } catch {
            throw FleetError(.dataLoss, "the captured events \(name) cannot be read", cause: error)
        }
    }

    private static func batch(
        _ device: ParquetNames,
        _ sensor: ParquetNames,
        _ times: [Int64],
        _ values: [Double]
    ) throws -> EventBatch {
        var batch = EventBatch()
        var series = SeriesOfPairs(device, sensor)
        batch.seriesIndex.reserveCapacity(times.count)
        for (deviceIndex, sensorIndex) in zip(device.indices, sensor.indices) {
            let (deviceIndex, sensorIndex) = (Int(deviceIndex), Int(sensorIndex))
            guard device.isUsable(deviceIndex), sensor.isUsable(sensorIndex) else {
                throw ParquetError.corrupt("an event has no device or sensor")
            }
            batch.seriesIndex.append(series.id(deviceIndex, sensorIndex, &batch.series))
        }
        batch.times = times
        batch.values = values
        return batch
    }
}
