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
            guard case .string(let devices, let deviceRows) = try reader.column("device"),
                case .string(let sensors, let sensorRows) = try reader.column("sensor"),
                case .timestamp(let times, nil) = try reader.column("time"),
                case .double(let values, nil) = try reader.column("value")
            else { throw ParquetError.corrupt("its columns are not those of events") }
            batch = try Self.batch(devices, deviceRows, sensors, sensorRows, times, values)
            offsets = reader.metadata(CapturePart.offsetsName)
            controls = reader.metadata(CapturePart.controlsName)
        } catch let error as FleetError {
            throw error
        } catch {
            throw FleetError(.dataLoss, "the captured events \(name) cannot be read", cause: error)
        }
    }

    private static func batch(
        _ devices: [String],
        _ deviceRows: [UInt32],
        _ sensors: [String],
        _ sensorRows: [UInt32],
        _ times: [Int64],
        _ values: [Double]
    ) throws -> EventBatch {
        var batch = EventBatch()
        var known: [UInt64: UInt32] = [:]
        batch.seriesIndex.reserveCapacity(times.count)
        for row in times.indices {
            let pair = UInt64(deviceRows[row]) << 32 | UInt64(sensorRows[row])
            if let id = known[pair] {
                batch.seriesIndex.append(id)
                continue
            }
            guard Int(deviceRows[row]) < devices.count, Int(sensorRows[row]) < sensors.count else {
                throw ParquetError.corrupt("an event has no device or sensor")
            }
            let key = try SeriesKey(
                device: devices[Int(deviceRows[row])],
                sensor: sensors[Int(sensorRows[row])]
            )
            let id = batch.series.insert(key)
            known[pair] = id
            batch.seriesIndex.append(id)
        }
        batch.times = times
        batch.values = values
        return batch
    }
}
