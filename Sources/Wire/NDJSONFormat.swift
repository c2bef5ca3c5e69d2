extension EventFormat {
    /// One object a line; a body that starts with `[` is read as JSON.
    public static let ndjson = EventFormat(
        "ndjson",
        contentTypes: [
            "application/x-ndjson", "application/ndjson", "application/jsonl",
            "application/x-jsonlines", "application/jsonlines",
        ],
        fileExtensions: ["ndjson", "jsonl"],
        isSeen: { start in
            start.first == UInt8(ascii: "{") && start.firstLine(endsIn: UInt8(ascii: "}"))
        },
        decode: { body, events in
            try decodeJSON(body, into: &events) { json, first in
                if first == 0x5B { try json.decodeDocument() } else { try json.decodeLines() }
            }
        }
    )
}
