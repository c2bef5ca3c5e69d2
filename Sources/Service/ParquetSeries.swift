import Core
import Parquet

/// The ids of (device, sensor) pairs of one file or row group.
struct SeriesOfPairs {
    private let device: ParquetNames
    private let sensor: ParquetNames
    /// By device x sensors + sensor while that is small; else empty.
    private var table: [UInt32]
    private var pairs: [UInt64: UInt32] = [:]

    private static let unknown = UInt32.max
    private static let tableCountMax = 1 << 22

    init(_ device: ParquetNames, _ sensor: ParquetNames) {
        self.device = device
        self.sensor = sensor
        let (count, isLarge) = device.texts.count.multipliedReportingOverflow(
            by: sensor.texts.count
        )
        let fits = !isLarge && count <= Self.tableCountMax
        table = fits ? Array(repeating: Self.unknown, count: count) : []
    }

    /// The id of a pair of usable names, added to the series when new.
    mutating func id(
        _ deviceIndex: Int,
        _ sensorIndex: Int,
        _ series: inout SeriesDictionary
    ) -> UInt32 {
        if !table.isEmpty {
            let place = deviceIndex * sensor.texts.count + sensorIndex
            let known = table[place]
            if known != Self.unknown { return known }
            let id = insert(deviceIndex, sensorIndex, &series)
            table[place] = id
            return id
        }
        let pair = UInt64(deviceIndex) << 32 | UInt64(sensorIndex)
        if let known = pairs[pair] { return known }
        let id = insert(deviceIndex, sensorIndex, &series)
        pairs[pair] = id
        return id
    }

    private func insert(
        _ deviceIndex: Int,
        _ sensorIndex: Int,
        _ series: inout SeriesDictionary
    ) -> UInt32 {
        device.texts.withBytes(of: deviceIndex) { device in
            sensor.texts.withBytes(of: sensorIndex) { series.insert(device: device, sensor: $0) }
        }
    }
}
