import Core
package import Wire

/// How a text of events is to be read: its format, and the options that differ from the usual.
///
/// Written as `csv?columns=time%3Dts&time_zone=Europe/Berlin`, so that a dead letter can be decoded
/// again as it was the first time.
package struct EventReading: Sendable {
    package var format: EventFormat
    package var options: DecodeOptions

    package init(_ format: EventFormat, _ options: DecodeOptions) {
        self.format = format
        self.options = options
    }

    /// The text form.
    package var text: String {
        var parts: [String] = []
        func add(_ name: String, _ value: String) {
            parts.append("\(name)=\(Self.escaped(value))")
        }
        if !options.columns.isEmpty {
            let renames = options.columns.sorted { $0.key < $1.key }
            add("columns", renames.map { "\($0.key)=\($0.value)" }.joined(separator: ","))
        }
        if let unit = options.timeUnit { add("time_unit", unit.rawValue) }
        if options.timeZone != .utc { add("time_zone", options.timeZone.identifier) }
        if let device = options.givenDevice { add("device", device) }
        if let sensor = options.defaultSensor { add("sensor", sensor) }
        return format.rawValue + (parts.isEmpty ? "" : "?" + parts.joined(separator: "&"))
    }

    /// Reads the text form.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` for a format or option that is not known.
    package init(parsing text: String) throws {
        let halves = text.split(separator: "?", maxSplits: 1).map(String.init)
        guard let name = halves.first, let format = EventFormat(rawValue: name) else {
            throw FleetError(.invalidArgument, "there is no format \"\(text)\"")
        }
        self.format = format
        options = DecodeOptions()
        for part in halves.dropFirst().first?.split(separator: "&") ?? [] {
            let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard sides.count == 2 else { continue }
            let value = Self.unescaped(sides[1])
            switch sides[0] {
            case "columns": options.columns = try ColumnRenames.parse(value)
            case "time_unit": options.timeUnit = EpochUnit(rawValue: value)
            case "time_zone": options.timeZone = try TimeZoneRules.load(value)
            case "device": options.givenDevice = value
            case "sensor": options.defaultSensor = value
            default:
                throw FleetError(.invalidArgument, "there is no option \"\(sides[0])\"")
            }
        }
    }

    /// Percent-encodes what would end a value.
    private static func escaped(_ value: String) -> String {
        var bytes: [UInt8] = []
        for byte in value.utf8 {
            switch byte {
            case 0x25, 0x26, 0x3D, 0x3F, 0...0x20:
                let digits = Array("0123456789ABCDEF".utf8)
                bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func unescaped(_ value: String) -> String {
        let bytes = Array(value.utf8)
        var result: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == 0x25, at + 2 < bytes.count,
                let byte = UInt8(
                    String(decoding: bytes[(at + 1)...(at + 2)], as: UTF8.self),
                    radix: 16
                )
            {
                result.append(byte)
                at += 3
            } else {
                result.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
