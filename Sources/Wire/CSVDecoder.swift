public import Core

/// Decodes the rows of a CSV table, in chunks that end where lines end.
///
/// A row is rejected as a whole when its time or device is bad; each of its readings counts.
public struct CSVDecoder: Sendable {
    public let header: CSVHeader
    /// Where the text of accepted readings stands in the input; nil when nobody asks.
    var texts: ReadingTexts?

    private let limits: Limits
    private let path: DecodePath
    private let messageIndex: Int?
    private let memory: SeriesMemory?
    private let defaults: EventDefaults
    private var times: TimeParser
    /// Bytes, lines and events of the table before the next chunk.
    private var byteCount: Int
    private var lineCount: Int
    private var eventCount = 0

    /// Makes the decoder of a table, which reads on after the header.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when a default is not a valid name.
    public init(header: CSVHeader, options: DecodeOptions, limits: Limits) throws {
        try self.init(
            header: header,
            EventBody(
                bytes: UnsafeRawBufferPointer(start: nil, count: 0),
                options: options,
                limits: limits,
                path: .predicted
            )
        )
    }

    init(header: CSVHeader, _ body: EventBody) throws {
        self.header = header
        limits = body.limits
        path = body.path
        messageIndex = body.messageIndex
        memory = body.memory
        defaults = try EventDefaults(
            device: body.options.defaultDevice,
            sensor: body.options.defaultSensor,
            time: body.options.receivedAt
        )
        times = TimeParser(body.options)
        byteCount = header.byteCount
        lineCount = header.lineCount
    }

    /// Decodes the next rows of the table and appends their events.
    ///
    /// The chunk must start and end at the bounds of rows; the last row needs no line end.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the table has more events than a batch may.
    public mutating func decode(
        _ chunk: UnsafeRawBufferPointer,
        into events: inout DecodedEvents
    ) throws {
        let input = chunk.bindMemory(to: UInt8.self)
        guard let base = input.baseAddress else { return }
        var sink = EventSink(
            input,
            base: base,
            limits: limits,
            memory: memory?.names,
            eventCount: min(chunk.count / 32 &+ 1, limits.batchEventCountMax, 1 << 20)
        )
        let before = events.eventCount
        sink.resume(
            &events,
            index: eventCount,
            line: lineCount &+ 1,
            byte: byteCount,
            messageIndex: messageIndex
        )
        sink.texts = texts
        var rows = CSVRows(
            sink: sink,
            header: header,
            defaults: defaults,
            times: times,
            isPredicting: path == .predicted
        )
        defer {
            lineCount = rows.sink.line(at: chunk.count) &- 1
            events = rows.sink.take()
            texts = rows.sink.texts
            times = rows.times
            eventCount &+= events.eventCount &- before
            byteCount &+= chunk.count
        }
        try rows.decode()
    }
}

/// Where the time and value of each accepted reading are written: bytes of the whole input.
struct ReadingTexts: Sendable {
    var times: [Range<Int>] = []
    var values: [Range<Int>] = []
    var lines: [Int] = []
}

/// The error for a batch with too many events.
func tooManyEvents(_ limits: Limits) -> FleetError {
    FleetError(
        .resourceExhausted,
        "the batch has more than \(limits.batchEventCountMax) events",
        hint: "send it in parts",
        isRetriable: false
    )
}
