import Core

extension RecordHeader {
    /// Decodes a frame that needs nothing else from its payload bytes; nil when they are malformed.
    static func decode(_ frame: Frame, _ bytes: UnsafeRawBufferPointer) -> LogRecord? {
        var reader = ByteReader(bytes)
        switch frame.kind {
        case Kind.events:
            return events(&reader, frame.count).map { .events($0) }
        case Kind.eventsInFull:
            return eventsInFull(&reader, frame.count).map { .events($0) }
        case Kind.eventsByName:
            return eventsByName(&reader, frame.count).map { .events($0) }
        case Kind.idle:
            guard frame.count == 1, let until = reader.number(Int64.self) else { return nil }
            return .idle(until: Timestamp(microseconds: until))
        case Kind.complete:
            return frame.count == 1 ? .complete : nil
        default:
            return nil
        }
    }

    private static func events(_ reader: inout ByteReader, _ count: Int) -> EventBatch? {
        guard let seriesCount = reader.number(UInt32.self),
            let nameByteCount = reader.number(UInt32.self),
            let timeWidth = reader.number(UInt32.self),
            let firstTime = reader.number(Int64.self),
            let lengths = reader.take(Int(seriesCount) &* 4),
            let names = reader.take(Int(nameByteCount)),
            let series = SeriesDictionary(distinctNames: names, lengths: lengths)
        else { return nil }
        var batch = EventBatch()
        batch.series = series
        batch.series.computeHashes()
        let widths = FrameWidths(
            seriesCount: Int(seriesCount),
            eventCount: count,
            time: Int(timeWidth)
        )
        guard reader.remaining == count * widths.byteCount,
            reader.appendSeries(
                widths.series,
                of: 0..<seriesCount,
                count: count,
                to: &batch.seriesIndex
            ),
            reader.appendTimes(widths.time, from: firstTime, count: count, to: &batch.times),
            reader.appendValues(count: count, to: &batch.values)
        else { return nil }
        return batch
    }

    private static func eventsInFull(_ reader: inout ByteReader, _ count: Int) -> EventBatch? {
        guard let seriesCount = reader.number(UInt32.self),
            let nameByteCount = reader.number(UInt32.self),
            let lengths = reader.take(Int(seriesCount) &* 4),
            let names = reader.take(Int(nameByteCount)),
            var series = SeriesDictionary(distinctNames: names, lengths: lengths)
        else { return nil }
        series.computeHashes()
        return columns(&reader, count, series)
    }

    private static func eventsByName(_ reader: inout ByteReader, _ count: Int) -> EventBatch? {
        guard let seriesCount = reader.number(UInt32.self) else { return nil }
        var series = SeriesDictionary()
        for _ in 0..<seriesCount {
            guard let deviceCount = reader.number(UInt16.self),
                let sensorCount = reader.number(UInt16.self),
                let device = reader.take(Int(deviceCount)),
                let sensor = reader.take(Int(sensorCount)),
                max(device.count, sensor.count) <= SeriesDictionary.partByteCountMax
            else { return nil }
            _ = series.insert(device: device, sensor: sensor)
        }
        guard series.count == Int(seriesCount) else { return nil }
        return columns(&reader, count, series)
    }

    private static func columns(
        _ reader: inout ByteReader,
        _ count: Int,
        _ series: SeriesDictionary
    ) -> EventBatch? {
        let seriesCount = UInt32(series.count)
        guard
            let index = reader.column(UInt32.self, count: count),
            let times = reader.column(Int64.self, count: count),
            let values = reader.column(Double.self, count: count),
            reader.remaining == 0, index.allSatisfy({ $0 < seriesCount })
        else { return nil }
        var batch = EventBatch()
        batch.series = series
        batch.seriesIndex = index
        batch.times = times
        batch.values = values
        return batch
    }
}

extension LogFrame {
    /// Whether a frame of events of a numbering continues this one, which then stays small enough.
    func canTake(
        _ frame: RecordHeader.Frame,
        by numbering: SeriesNumbers,
        upTo eventCountMax: Int
    ) -> Bool {
        guard frame.baseOffset == endOffset, case .numbered(let events) = record else {
            return false
        }
        return events.numbering === numbering && events.count + frame.count <= eventCountMax
    }

    /// Takes a frame that ``canTake(_:by:upTo:)`` accepts; false when its bytes are malformed.
    mutating func take(_ frame: RecordHeader.Frame, _ reader: inout ByteReader) -> Bool {
        guard case .numbered(var events) = record else { return false }
        // Nobody else holds the columns while they grow.
        record = .complete
        if events.values.capacity < events.count + frame.count {
            events.reserveCapacity(max(1024, (events.count + frame.count) * 2))
        }
        let isGood = events.append(&reader, count: frame.count)
        record = .numbered(events)
        endOffset += Int64(frame.count)
        return isGood
    }

    /// The frame without what is before an offset inside it.
    func cut(from offset: Int64) -> LogFrame {
        guard offset > baseOffset, hasOffsetPerEvent else { return self }
        let skipped = Int(offset - baseOffset)
        let rest: LogRecord
        switch record {
        case .events(let batch) where skipped <= batch.count:
            rest = .events(batch.slice(skipped..<batch.count))
        case .numbered(let events) where skipped <= events.count:
            rest = .numbered(events.slice(skipped..<events.count))
        default: return self
        }
        return LogFrame(
            partition: partition,
            baseOffset: offset,
            appendedAt: appendedAt,
            record: rest
        )
    }
}
