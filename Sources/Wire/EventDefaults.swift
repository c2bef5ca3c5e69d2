internal import Core

/// What events have that name no device, sensor or time: the bytes of names, kept for decoding.
///
/// A class, so that the bytes stay where they are; nothing of it changes.
final class EventDefaults: Sendable {
    let time: Int64?
    // SAFETY: written once, before anybody else has it, and freed with it.
    private nonisolated(unsafe) let bytes: UnsafeMutablePointer<UInt8>
    private let deviceCount: Int?
    private let sensorCount: Int?

    /// Bytes that can be read beyond a name.
    private static let padding = 16
    private static let sensorStart = SeriesKey.partByteCountMax + padding

    /// - Throws: ``FleetError`` `.invalidArgument` when a default is not a valid name.
    convenience init(_ options: DecodeOptions) throws {
        try self.init(
            device: options.givenDevice,
            sensor: options.defaultSensor,
            time: options.receivedAt
        )
    }

    /// - Throws: ``FleetError`` `.invalidArgument` when a default is not a valid name.
    init(device: String?, sensor: String?, time: Timestamp?) throws {
        if let device { _ = try SeriesKey(device: device) }
        if let sensor { _ = try SeriesKey(device: "d", sensor: sensor) }
        self.time = time?.microseconds
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

    var hasSensor: Bool { sensorCount != nil }

    /// The device's name, with 16 bytes beyond it.
    var device: NameBytes? { deviceCount.map { NameBytes(start: bytes, count: $0) } }

    /// The sensor's name, with 16 bytes beyond it.
    var sensor: NameBytes? {
        sensorCount.map { NameBytes(start: bytes + Self.sensorStart, count: $0) }
    }
}
