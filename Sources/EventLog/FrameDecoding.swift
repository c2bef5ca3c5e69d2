import Core

extension RecordHeader {
    /// Decodes a frame from its payload bytes; nil when they are malformed.
    ///
    /// With the numbers of its series, when the process knows them.
    static func decode(
        _ frame: Frame,
        _ bytes: UnsafeRawBufferPointer,
        _ numbers: (SeriesNumbering, ArraySlice<SeriesNumber>)? = nil
    ) -> LogRecord? {
        var reader = ByteReader(bytes)
        switch frame.kind {
        case Kind.events:
            return events(&reader, frame.count, numbers).map { .events($0) }
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

    private static func events(
        _ reader: inout ByteReader,
        _ count: Int,
        _ numbers: (SeriesNumbering, ArraySlice<SeriesNumber>)?
    ) -> EventBatch? {
        guard let seriesCount = reader.number(UInt32.self),
            let nameByteCount = reader.number(UInt32.self),
            let timeWidth = reader.number(UInt32.self),
            let firstTime = reader.number(Int64.self),
            let lengths = reader.take(Int(seriesCount) &* 4),
            let names = reader.take(Int(nameByteCount)),
            let series = SeriesDictionary(distinctNames: names, lengths: lengths)
        else { return nil }
        let widths = FrameWidths(
            seriesCount: series.count,
            eventCount: count,
            time: Int(timeWidth)
        )
        var batch = EventBatch()
        batch.series = series
        guard reader.remaining == count * widths.byteCount,
            let index = reader.seriesColumn(widths.series, count: count, seriesCount: series.count),
            let times = reader.timeColumn(widths.time, first: firstTime, count: count),
            let values = reader.column(Double.self, count: count)
        else { return nil }
        batch.seriesIndex = index
        batch.times = times
        batch.values = values
        if let (numbering, numbers) = numbers {
            batch.series.setNumbers(numbers, by: numbering)
        } else {
            batch.series.computeHashes()
        }
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

extension RecordHeader.Frame {
    /// How many series the frame holds that starts there in a record; 0 when it holds none.
    func seriesCount(_ record: UnsafeRawBufferPointer, at start: Int) -> Int {
        guard kind == RecordHeader.Kind.events, start + 4 <= record.count else { return 0 }
        let count = record.loadUnaligned(fromByteOffset: start, as: UInt32.self)
        return Int(UInt32(littleEndian: count))
    }
}

extension LogFrame {
    /// The frame without what is before an offset inside it.
    func cut(from offset: Int64) -> LogFrame {
        guard offset > baseOffset, hasOffsetPerEvent, case .events(let batch) = record
        else { return self }
        let skipped = min(Int(offset - baseOffset), batch.count)
        return LogFrame(
            partition: partition,
            baseOffset: baseOffset + Int64(skipped),
            appendedAt: appendedAt,
            record: .events(batch.slice(skipped..<batch.count))
        )
    }
}
