/// One sensor of one device, or, with an empty sensor, a device as a whole.
///
/// Ordered bytewise as a tuple, so that every component, file and database sorts alike.
///
/// - Range: device and sensor are UTF-8 of 1 to 256 bytes without control characters and `/`;
///   the empty sensor stands for "the whole device" and is what a `{device}` model key has.
public struct SeriesKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let device: String
    public let sensor: String

    /// Makes a key of parts that are known to be valid.
    public init(uncheckedDevice device: String, sensor: String) {
        self.device = device
        self.sensor = sensor
    }

    /// Makes the key of a series.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming the part that is not allowed.
    public init(device: String, sensor: String) throws {
        try Self.check(device, "device")
        try Self.check(sensor, "sensor")
        self.init(uncheckedDevice: device, sensor: sensor)
    }

    /// Makes the key of a model that scores a whole device.
    public init(device: String) throws {
        try Self.check(device, "device")
        self.init(uncheckedDevice: device, sensor: "")
    }

    /// Parses `device/sensor` or `device`.
    public init(parsing text: String) throws {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1: try self.init(device: parts[0])
        case 2: try self.init(device: parts[0], sensor: parts[1])
        default:
            throw FleetError(
                .invalidArgument,
                "\"\(text)\" is not a key",
                hint: "write device/sensor"
            )
        }
    }

    public static let partByteCountMax = 256

    public var isDevice: Bool { sensor.isEmpty }

    public var description: String { isDevice ? device : device + "/" + sensor }

    /// The key as one path component: both parts percent-encoded, joined by `_`.
    ///
    /// Two keys can share a file name (`a_b`/`c` and `a`/`b_c`): whoever writes files checks.
    public var fileName: String {
        isDevice
            ? device.percentEncodedForPath
            : device.percentEncodedForPath + "_" + sensor.percentEncodedForPath
    }

    public static func < (left: SeriesKey, right: SeriesKey) -> Bool {
        if left.device.utf8.elementsEqual(right.device.utf8) {
            return left.sensor.utf8.lexicographicallyPrecedes(right.sensor.utf8)
        }
        return left.device.utf8.lexicographicallyPrecedes(right.device.utf8)
    }

    public static func == (left: SeriesKey, right: SeriesKey) -> Bool {
        left.device.utf8.elementsEqual(right.device.utf8)
            && left.sensor.utf8.elementsEqual(right.sensor.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        for byte in device.utf8 { hasher.combine(byte) }
        hasher.combine(0xFF as UInt8)
        for byte in sensor.utf8 { hasher.combine(byte) }
    }

    /// Whether bytes may be a device or sensor name.
    @inlinable
    public static func isAllowed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= 1, bytes.count <= partByteCountMax else { return false }
        var ascii = true
        for byte in bytes {
            if byte < 0x20 || byte == 0x7F || byte == 0x2F { return false }
            if byte >= 0x80 { ascii = false }
        }
        guard !ascii else { return true }
        // U+0080 to U+009F are control characters too.
        for index in 1..<bytes.count where bytes[index - 1] == 0xC2 && bytes[index] < 0xA0 {
            return false
        }
        return String(validating: bytes, as: UTF8.self) != nil
    }

    private static func check(_ part: String, _ name: String) throws {
        var copy = part
        let allowed = copy.withUTF8 { isAllowed(UnsafeRawBufferPointer($0)) }
        guard !allowed else { return }
        throw FleetError(
            .invalidArgument,
            "the \(name) name \"\(part.prefix(40))\" is not allowed",
            hint: "use 1 to 256 bytes of UTF-8 without control characters and without /"
        )
    }
}

extension SeriesKey: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(parsing: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
