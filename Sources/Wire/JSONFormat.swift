internal import Core

extension EventFormat {
    /// An array of objects, or objects one after another.
    public static let json = EventFormat(
        "json",
        contentTypes: ["application/json", "text/json"],
        fileExtensions: ["json"],
        isSeen: { start in
            start.first == UInt8(ascii: "[")
                || (start.first == UInt8(ascii: "{")
                    && !start.firstLine(endsIn: UInt8(ascii: "}")))
        },
        decode: { body, events in
            try decodeJSON(body, into: &events) { json, _ in try json.decodeDocument() }
        }
    )
}

/// Decodes a body that has JSON in it somehow.
func decodeJSON(
    _ body: EventBody,
    into events: inout DecodedEvents,
    _ decode: (inout JSONEvents, _ first: UInt8) throws -> Void
) throws {
    try checkEncoding(body.bytes)
    let input = body.bytes.bindMemory(to: UInt8.self)
    let start = body.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    let first = body.bytes[start...].first {
        $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09
    }
    guard let first, let base = input.baseAddress else { throw emptyBody() }
    var json = try JSONEvents(input, base: base, body)
    json.sink.resume(&events, messageIndex: body.messageIndex)
    defer { events = json.sink.take() }
    try decode(&json, first)
}
