import Core

/// The events of a batch as the definitions see them.
struct BatchRows {
    /// Per row: the partition's id of the series, or ``skip``.
    let ids: UnsafePointer<UInt32>
    let times: UnsafePointer<Int64>
    let values: UnsafePointer<Double>
    let count: Int
    let baseOffset: Int64

    /// A row that is in no window: a duplicate or over the limit.
    static let skip = UInt32.max

    /// Rows that are prepared together, so that reading their windows from memory overlaps.
    static let chunkSize = 128
}

/// The series of a partition, their order and their devices.
struct PartitionKeys: Sendable {
    var series = SeriesDictionary()
    var order = KeyOrder()
    /// The devices, as keys without a sensor; empty when no definition needs them.
    var devices = SeriesDictionary()
    /// Per series: its device; empty when no definition needs it.
    var deviceOf = Column<UInt32>()
    let needsDevices: Bool

    init(needsDevices: Bool) {
        self.needsDevices = needsDevices
    }

    /// Finds the devices of series that are new.
    mutating func addDevices() {
        guard needsDevices, deviceOf.count < series.count else { return }
        deviceOf.makeUnique()
        for id in UInt32(deviceOf.count)..<UInt32(series.count) {
            let device = series.withBytes(of: id) { device, _ in
                devices.insert(
                    device: device,
                    sensor: UnsafeRawBufferPointer(start: nil, count: 0)
                )
            }
            deviceOf.append(device)
        }
    }
}
