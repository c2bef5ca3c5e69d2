public import Core

/// Decodes whole bodies of events.
///
/// A bad event is rejected and its neighbors are accepted; only a body that cannot be told apart
/// into events fails as a whole.
public enum EventDecoder {
    /// Decodes the events of a body.
    ///
    /// NDJSON that starts with `[` is read as a JSON array.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the body is empty or UTF-16, has too many
    ///   events, is `json` but not JSON, or is `csv` without the columns needed.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer,
        format: EventFormat,
        options: DecodeOptions,
        limits: Limits
    ) throws -> DecodedEvents {
        switch format {
        case .csv:
            let header = try CSVHeader.parse(bytes, options: options)
            var decoder = try CSVDecoder(header: header, options: options, limits: limits)
            var events = DecodedEvents()
            let rows = UnsafeRawBufferPointer(rebasing: bytes[header.byteCount...])
            try decoder.decode(rows, into: &events)
            return events
        case .ndjson, .json:
            return try decodeJSON(bytes, format: format, options: options, limits: limits)
        }
    }

    private static func decodeJSON(
        _ bytes: UnsafeRawBufferPointer,
        format: EventFormat,
        options: DecodeOptions,
        limits: Limits
    ) throws -> DecodedEvents {
        try checkEncoding(bytes)
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let first = bytes[start...].first {
            $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09
        }
        let input = bytes.bindMemory(to: UInt8.self)
        guard let first, let base = input.baseAddress else { throw emptyBody() }
        let room = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: JSONEvents.roomSize)
        defer { room.deallocate() }
        room.initialize(repeating: 0)
        var body = try JSONEvents(input, base: base, options: options, limits: limits, room: room)
        if format == .ndjson, first != 0x5B {
            try body.decodeLines()
        } else {
            try body.decodeDocument()
        }
        return body.events
    }
}
