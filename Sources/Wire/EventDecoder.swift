public import Core

/// Decodes whole bodies of events.
///
/// A bad event is rejected and its neighbors are accepted; only a body that cannot be told apart
/// into events fails as a whole.
public enum EventDecoder {
    /// Decodes the events of a body.
    ///
    /// NDJSON that starts with `[` is read as a JSON array. With a memory the series of the batch
    /// have numbers, as far as it knows them.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the body is empty or UTF-16, has too many
    ///   events, is `json` but not JSON, or is `csv` without the columns needed.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer,
        format: EventFormat,
        options: DecodeOptions,
        limits: Limits = Limits(),
        path: DecodePath = .predicted,
        memory: SeriesMemory? = nil
    ) throws -> DecodedEvents {
        var events = DecodedEvents()
        var body = EventBody(bytes: bytes, options: options, limits: limits, path: path)
        body.memory = memory
        try format.decode(body, &events)
        return events
    }

    /// Decodes a rejected event's text again, once it or the options were put right.
    ///
    /// The text is that of a ``RejectedEvent``, maybe changed; the context is what
    /// ``DecodedEvents/context`` said of its body: the header of a CSV table.
    ///
    /// - Throws: ``FleetError`` as for a body.
    public static func decode(
        _ text: String,
        context: String?,
        format: EventFormat,
        options: DecodeOptions,
        limits: Limits = Limits()
    ) throws -> DecodedEvents {
        var body = context.map { $0 + "\n" + text } ?? text
        return try body.withUTF8 {
            try decode(
                UnsafeRawBufferPointer($0),
                format: format,
                options: options,
                limits: limits
            )
        }
    }
}
