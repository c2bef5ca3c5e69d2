internal import CBytes
internal import Core

/// Tells the device and sensor of a line's field, by its measurement and tags.
///
/// The device is the tag `device`, else `host`, else the default one. The sensor is the tag
/// `sensor` or `tag`, else the measurement; a field that is not called `value` is added to it with
/// a dot, every other tag as `,key=value` in the order of the keys. What names may not have, and
/// what would make two series look the same, is percent-encoded: `/` and control characters
/// everywhere, commas everywhere but in devices, `=` in tags, `%` before two hexadecimal digits.
final class LineNaming {
    /// What was found.
    enum Outcome {
        /// Names that are allowed, which stay readable until the next call.
        case names(device: NameBytes, sensor: NameBytes)
        /// Why there are none, and because of what.
        case bad(RejectReason, NameBytes)
    }

    private let deviceTag: [UInt8]
    private let sensorTags: [[UInt8]]
    private let defaults: EventDefaults
    private let isDeviceRenamed: Bool
    private var tags: [LineTag] = []
    private let device = ByteRoom()
    private let sensor = ByteRoom()
    private let unescaped = ByteRoom()

    private static let tagCountMax = 256
    private static let host = Array("host".utf8)
    private static let valueField = Array("value".utf8)

    /// - Throws: ``FleetError`` `.invalidArgument` for a role that does not exist.
    init(_ options: DecodeOptions, _ defaults: EventDefaults) throws {
        let roles = try options.renamedRoles()
        self.defaults = defaults
        deviceTag = Array((roles[.device] ?? "device").utf8)
        isDeviceRenamed = roles[.device] != nil
        sensorTags = (roles[.sensor].map { [$0] } ?? ["sensor", "tag"]).map { Array($0.utf8) }
    }

    /// Whether a series has a measurement and tags as they should be.
    static func isWellFormed(_ series: NameBytes) -> Bool {
        let options = DecodeOptions()
        guard let defaults = try? EventDefaults(options),
            let naming = try? LineNaming(options, defaults)
        else { return false }
        if case .bad(.malformed, _) = naming.find(series, series) { return false }
        return true
    }

    /// The names of a field of a series, both as they are written.
    func find(_ series: NameBytes, _ field: NameBytes) -> Outcome {
        tags.removeAll(keepingCapacity: true)
        unescaped.removeAll(capacity: series.count + field.count)
        guard field.count > 0, let measurement = split(series) else {
            return .bad(.malformed, series)
        }
        guard tags.count <= Self.tagCountMax else { return .bad(.badName, series) }
        guard sortTags() else { return .bad(.malformed, series) }
        let sensorIndex = tags.firstIndex { tag in sensorTags.contains { tag.isNamed($0) } }
        let deviceIndex =
            tags.firstIndex { $0.isNamed(deviceTag) } ?? tags.firstIndex { $0.isNamed(Self.host) }
        guard let name = deviceIndex.map({ tags[$0].value }) ?? defaults.device else {
            return .bad(.missingDevice, series)
        }
        device.removeAll()
        sensor.removeAll()
        device.encode(name, .device)
        sensor.encode(sensorIndex.map { tags[$0].value } ?? measurement, .base)
        let key = unescape(field, isMeasurement: false)
        if !key.isSame(Self.valueField) {
            sensor.append(0x2E)
            sensor.encode(key, .base)
        }
        for index in tags.indices where index != sensorIndex && index != deviceIndex {
            sensor.append(0x2C)
            sensor.encode(tags[index].key, .tag)
            sensor.append(0x3D)
            sensor.encode(tags[index].value, .tag)
        }
        guard SeriesKey.isAllowed(device.name.raw) else { return .bad(.badName, name) }
        guard SeriesKey.isAllowed(sensor.name.raw) else { return .bad(.badName, series) }
        return .names(device: device.name, sensor: sensor.name)
    }

    /// As ``find(_:_:)``, faster for series without escapes and with no tags but the usual ones.
    ///
    /// - Range: 16 bytes beyond both can be read.
    func findPadded(_ series: NameBytes, _ field: NameBytes) -> Outcome {
        guard let (name, base) = plainNames(series), field.count > 0 else {
            return find(series, field)
        }
        guard !field.isSame(Self.valueField) else {
            return isAllowedPadded(base) ? .names(device: name, sensor: base) : find(series, field)
        }
        sensor.removeAll()
        guard isPlain(field), sensor.append(base), sensor.append(0x2E), sensor.append(field),
            isAllowedPadded(sensor.name)
        else { return find(series, field) }
        return .names(device: name, sensor: sensor.name)
    }

    /// The device, and the sensor or measurement, of a series where nothing needs encoding.
    private func plainNames(_ series: NameBytes) -> (device: NameBytes, base: NameBytes)? {
        guard isPlain(series) else { return nil }
        var device: NameBytes?
        var sensor: NameBytes?
        var at = Self.delimiter(of: series, from: 0)
        let measurement = series.part(0..<at)
        guard at > 0, at == series.count || series.start[at] == 0x2C else { return nil }
        while at < series.count {
            let equals = Self.delimiter(of: series, from: at &+ 1)
            guard equals < series.count, series.start[equals] == 0x3D else { return nil }
            let end = Self.delimiter(of: series, from: equals &+ 1)
            guard end > equals &+ 1, end == series.count || series.start[end] == 0x2C else {
                return nil
            }
            let key = series.part((at &+ 1)..<equals)
            let value = series.part((equals &+ 1)..<end)
            if key.isSame(deviceTag), device == nil {
                device = value
            } else if key.isSame(Self.host), device == nil {
                device = value
            } else if sensor == nil, sensorTags.contains(where: { key.isSame($0) }) {
                sensor = value
            } else {
                return nil
            }
            at = end
        }
        guard let name = device ?? defaults.device, isAllowedPadded(name) else {
            return nil
        }
        return (name, sensor ?? measurement)
    }

    /// Whether a text has no byte that would be encoded or unescaped.
    private func isPlain(_ text: NameBytes) -> Bool {
        var offset = 0
        while offset < text.count {
            let rest = UInt32(truncatingIfNeeded: min(text.count &- offset, 16))
            let start = text.start + offset
            let found = bytes_odd(start) | bytes_any(start, 0x25, 0x5C, 0x25, 0x5C)
            guard found & ~(~0 << rest) == 0 else { return false }
            offset &+= 16
        }
        return true
    }

    /// The next comma or equals sign of a text; its end when there is none.
    private static func delimiter(of text: NameBytes, from start: Int) -> Int {
        var at = start
        while at < text.count {
            let found = bytes_any(text.start + at, 0x2C, 0x3D, 0x2C, 0x3D)
            if found != 0 { return min(at &+ found.trailingZeroBitCount, text.count) }
            at &+= 16
        }
        return text.count
    }

    /// Notes the tags of a series; its measurement, nil when it is malformed.
    private func split(_ series: NameBytes) -> NameBytes? {
        var at = LineText.end(of: series, from: 0, isKey: false)
        guard at > 0 else { return nil }
        let measurement = unescape(series.part(0..<at), isMeasurement: true)
        while at < series.count {
            let keyEnd = LineText.end(of: series, from: at + 1, isKey: true)
            guard keyEnd > at + 1, keyEnd < series.count, series.start[keyEnd] == 0x3D else {
                return nil
            }
            let valueEnd = LineText.end(of: series, from: keyEnd + 1, isKey: true)
            guard valueEnd > keyEnd + 1,
                valueEnd == series.count || series.start[valueEnd] == 0x2C
            else { return nil }
            tags.append(
                LineTag(
                    key: unescape(series.part((at + 1)..<keyEnd), isMeasurement: false),
                    value: unescape(series.part((keyEnd + 1)..<valueEnd), isMeasurement: false)
                )
            )
            guard tags.count <= Self.tagCountMax else { return measurement }
            at = valueEnd
        }
        return measurement
    }

    /// Sorts the tags by key; false when two have the same.
    private func sortTags() -> Bool {
        guard tags.count > 1 else { return true }
        for index in 1..<tags.count {
            var at = index
            while at > 0, tags[at].precedes(tags[at - 1]) {
                tags.swapAt(at, at - 1)
                at -= 1
            }
            if at > 0, !tags[at - 1].precedes(tags[at]) { return false }
        }
        return true
    }

    private func unescape(_ text: NameBytes, isMeasurement: Bool) -> NameBytes {
        guard let first = LineText.firstEscape(in: text) else { return text }
        let start = unescaped.count
        for index in 0..<first { unescaped.append(text.start[index]) }
        var at = first
        while at < text.count {
            let isEscape =
                text.start[at] == 0x5C && at + 1 < text.count
                && LineText.isEscapable(text.start[at + 1], isMeasurement: isMeasurement)
            unescaped.append(text.start[isEscape ? at + 1 : at])
            at += isEscape ? 2 : 1
        }
        return unescaped.name.part(start..<unescaped.count)
    }
}

/// A tag without its escapes.
private struct LineTag {
    let key: NameBytes
    let value: NameBytes

    func isNamed(_ name: [UInt8]) -> Bool { key.isSame(name) }

    /// Whether its key comes before another's, bytewise.
    func precedes(_ other: LineTag) -> Bool {
        for index in 0..<min(key.count, other.key.count)
        where key.start[index] != other.key.start[index] {
            return key.start[index] < other.key.start[index]
        }
        return key.count < other.key.count
    }
}

/// Where the parts of a line end.
enum LineText {
    /// The end of a part of a line: where a comma, or in keys an equals sign, is not escaped.
    static func end(of text: NameBytes, from start: Int, isKey: Bool) -> Int {
        var at = start
        while at < text.count {
            switch text.start[at] {
            case 0x2C: return at
            case 0x3D where isKey: return at
            case 0x5C where at + 1 < text.count:
                at += isEscapable(text.start[at + 1], isMeasurement: !isKey) ? 2 : 1
            default: at += 1
            }
        }
        return min(at, text.count)
    }

    /// Whether a backslash takes the meaning of a byte away.
    static func isEscapable(_ byte: UInt8, isMeasurement: Bool) -> Bool {
        byte == 0x2C || byte == 0x20 || (byte == 0x3D && !isMeasurement)
    }

    static func firstEscape(in text: NameBytes) -> Int? {
        (0..<text.count).first { text.start[$0] == 0x5C }
    }
}

extension NameBytes {
    func part(_ range: Range<Int>) -> NameBytes {
        NameBytes(start: start + range.lowerBound, count: range.count)
    }

    func isSame(_ other: NameBytes) -> Bool {
        count == other.count && raw.elementsEqual(other.raw)
    }

    func isSame(_ other: [UInt8]) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where start[index] != other[index] { return false }
        return true
    }
}
