internal import Core

/// What events have that name no device, sensor or time.
struct EventDefaults: Sendable {
    var time: Int64?
    private let names: DefaultNames

    /// - Throws: ``FleetError`` `.invalidArgument` when a default is not a valid name.
    init(_ options: DecodeOptions) throws {
        try self.init(
            device: options.givenDevice,
            sensor: options.defaultSensor,
            time: options.receivedAt
        )
    }

    /// - Throws: ``FleetError`` `.invalidArgument` when a default is not a valid name.
    init(device: String?, sensor: String?, time: Timestamp?) throws {
        names = try DefaultNames(device: device, sensor: sensor)
        self.time = time?.microseconds
    }

    var hasSensor: Bool { names.sensorCount != nil }

    /// The device's name, with 16 bytes beyond it.
    var device: NameBytes? { names.deviceCount.map { NameBytes(start: names.bytes, count: $0) } }

    /// The sensor's name, with 16 bytes beyond it.
    var sensor: NameBytes? {
        names.sensorCount.map {
            NameBytes(start: names.bytes + DefaultNames.sensorStart, count: $0)
        }
    }
}

/// The bytes of the names: a class, so that they stay where they are; nothing of it changes.
private final class DefaultNames: Sendable {
    // SAFETY: written once, before anybody else has it, and freed with it.
    nonisolated(unsafe) let bytes: UnsafeMutablePointer<UInt8>
    let deviceCount: Int?
    let sensorCount: Int?

    /// Bytes that can be read beyond a name.
    private static let padding = 16
    static let sensorStart = SeriesKey.partByteCountMax + padding

    init(device: String?, sensor: String?) throws {
        if let device { _ = try SeriesKey(device: device) }
        if let sensor { _ = try SeriesKey(device: "d", sensor: sensor) }
        let count = 2 * Self.sensorStart
        bytes = .allocate(capacity: count)
        bytes.initialize(repeating: 0, count: count)
        for (offset, byte) in (device ?? "").utf8.enumerated() { bytes[offset] = byte }
        for (offset, byte) in (sensor ?? "").utf8.enumerated() {
            bytes[Self.sensorStart + offset] = byte
        }
        deviceCount = device?.utf8.count
        sensorCount = sensor?.utf8.count
    }

    deinit { bytes.deallocate() }
}
