public import Core

/// Readings of a CSV table together with where they are written, so that text can be copied.
public struct ReadingTable: Sendable {
    public let batch: EventBatch
    /// Per reading: the bytes of the input that are its time, inside quotes if there are any.
    public let timeText: [Range<Int>]
    /// Per reading: the bytes of the input that are its value.
    public let valueText: [Range<Int>]
    /// Per reading: the line its row starts on, from 1.
    public let rowLine: [Int]
    public let header: CSVHeader
    /// The first rejected readings, at most `Limits.rejectedListCountMax`.
    public let rejected: [RejectedEvent]
    public let rejectedCount: Int
    public let rejectedByReason: [String: Int]

    public var count: Int { batch.count }
}

/// Decodes CSV tables of readings for scoring in one go.
public enum ReadingDecoder {
    /// Decodes a whole table; how many readings it has is not limited.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the table is empty, not UTF-8, or without
    ///   the columns needed.
    public static func decode(
        csv bytes: UnsafeRawBufferPointer,
        options: DecodeOptions,
        limits: Limits = Limits()
    ) throws -> ReadingTable {
        var limits = limits
        limits.batchEventCountMax = .max
        let header = try CSVHeader.parse(bytes, options: options)
        var decoder = try CSVDecoder(header: header, options: options, limits: limits)
        decoder.texts = ReadingTexts()
        var events = DecodedEvents()
        let rows = UnsafeRawBufferPointer(rebasing: bytes[header.byteCount...])
        try decoder.decode(rows, into: &events)
        let texts = decoder.texts ?? ReadingTexts()
        return ReadingTable(
            batch: events.batch,
            timeText: texts.times,
            valueText: texts.values,
            rowLine: texts.lines,
            header: header,
            rejected: events.rejected,
            rejectedCount: events.rejectedCount,
            rejectedByReason: events.rejectedByReason
        )
    }
}
