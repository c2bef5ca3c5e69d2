public import Core

/// Decodes the rows of a CSV table, in chunks that end where lines end.
///
/// A row is rejected as a whole when its time or device is bad; each of its readings counts.
public struct CSVDecoder: Sendable {
    public let header: CSVHeader
    /// Where the text of accepted readings stands in the input; nil when nobody asks.
    var texts: ReadingTexts?

    private let limits: Limits
    private let defaultDevice: [UInt8]
    private var times: TimeParser
    /// Bytes, lines and events of the table before the next chunk.
    private var byteCount: Int
    private var lineCount: Int
    private var eventCount = 0

    /// Makes the decoder of a table, which reads on after the header.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the default device is not a valid name.
    public init(header: CSVHeader, options: DecodeOptions, limits: Limits) throws {
        _ = try SeriesKey(device: options.defaultDevice)
        self.header = header
        self.limits = limits
        defaultDevice = Array(options.defaultDevice.utf8)
        times = TimeParser(options)
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
        guard let base = chunk.bindMemory(to: UInt8.self).baseAddress else { return }
        let reserve = min(chunk.count / 24 &+ 1, limits.batchEventCountMax, 1 << 20)
        if events.batch.isEmpty { events.batch.reserveCapacity(reserve) }
        let fields = UnsafeMutableBufferPointer<CSVCell>.allocate(capacity: header.columns.count)
        let room = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 2 * CSVRows.nameRoom)
        defer {
            fields.deallocate()
            room.deallocate()
        }
        fields.initialize(repeating: .none)
        room.initialize(repeating: 0)
        try defaultDevice.withUnsafeBufferPointer { defaultDevice in
            var rows = CSVRows(
                scanner: CSVScanner(base: base, end: chunk.count, delimiter: header.delimiter),
                header: header,
                fields: fields,
                room: room,
                defaultDevice: defaultDevice,
                limits: limits,
                times: times,
                cache: SeriesCache(byteCount: chunk.count),
                events: DecodedEvents(),
                texts: nil,
                indexShift: eventCount &- events.eventCount,
                line: lineCount &+ 1,
                byteShift: byteCount
            )
            swap(&rows.events, &events)
            swap(&rows.texts, &texts)
            defer {
                swap(&rows.events, &events)
                swap(&rows.texts, &texts)
            }
            try rows.decode()
            times = rows.times
            eventCount = rows.events.eventCount &+ rows.indexShift
            lineCount = rows.line &- 1
        }
        byteCount &+= chunk.count
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
        .invalidArgument,
        "the batch has more than \(limits.batchEventCountMax) events",
        hint: "send it in parts"
    )
}
