import Core
import Wire

/// Reads the payloads of messages: a bare number, or a body in any format that HTTP takes.
enum MessagePayload {
    /// The events of a payload; a number is one reading of the device and sensor given.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when it is neither.
    static func decode(
        _ payload: UnsafeRawBufferPointer,
        options: DecodeOptions,
        limits: Limits
    ) throws -> DecodedEvents {
        if let value = number(payload) { return try reading(value, options) }
        return try EventDecoder.decode(
            payload,
            format: EventFormat(lookingAt: payload),
            options: options,
            limits: limits
        )
    }

    private static func reading(_ value: Double, _ options: DecodeOptions) throws -> DecodedEvents {
        guard let device = options.givenDevice, let sensor = options.defaultSensor,
            let time = options.receivedAt
        else {
            throw FleetError(
                .invalidArgument,
                "a bare number needs a topic that names device and sensor",
                hint: "use a template such as plant/{device}/{sensor}"
            )
        }
        var events = DecodedEvents()
        events.batch.append(try SeriesKey(device: device, sensor: sensor), time, value)
        return events
    }

    /// The number that is all of a payload, `true`, `on`, `false` and `off` included.
    private static func number(_ payload: UnsafeRawBufferPointer) -> Double? {
        guard payload.count <= 64 else { return nil }
        let text = String(decoding: payload, as: UTF8.self).filter { !$0.isWhitespace }
        switch text.lowercased() {
        case "true", "on": return 1
        case "false", "off": return 0
        default:
            guard let first = text.utf8.first,
                first == 0x2B || first == 0x2D || first == 0x2E
                    || (0x30...0x39).contains(first), !text.lowercased().contains("x")
            else { return nil }
            return Double(text).flatMap { $0.isFinite ? $0 : nil }
        }
    }
}
