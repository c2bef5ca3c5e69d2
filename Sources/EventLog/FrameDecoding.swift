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
        var batch = EventBatch()
        guard append(&reader, count, numbers, to: &batch) else { return nil }
        if numbers == nil { batch.series.computeHashes() }
        return batch
    }

    /// Appends a frame's events to those of others; false when its bytes are malformed.
    fileprivate static func append(
        _ reader: inout ByteReader,
        _ count: Int,
        _ numbers: (SeriesNumbering, ArraySlice<SeriesNumber>)?,
        to batch: inout EventBatch
    ) -> Bool {
        let first = UInt32(truncatingIfNeeded: batch.series.count)
        guard let seriesCount = reader.number(UInt32.self),
            let nameByteCount = reader.number(UInt32.self),
            let timeWidth = reader.number(UInt32.self),
            let firstTime = reader.number(Int64.self),
            let lengths = reader.take(Int(seriesCount) &* 4),
            let names = reader.take(Int(nameByteCount)),
            batch.series.append(distinctNames: names, lengths: lengths, numbers)
        else { return false }
        let widths = FrameWidths(
            seriesCount: Int(seriesCount),
            eventCount: count,
            time: Int(timeWidth)
        )
        return reader.remaining == count * widths.byteCount
            && reader.appendSeries(
                widths.series,
                of: first..<(first + seriesCount),
                count: count,
                to: &batch.seriesIndex
            )
            && reader.appendTimes(widths.time, from: firstTime, count: count, to: &batch.times)
            && reader.appendValues(count: count, to: &batch.values)
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
    /// Whether a frame continues this one, which then stays small enough.
    func canTake(
        _ frame: RecordHeader.Frame,
        of numbering: SeriesNumbering,
        upTo eventCountMax: Int
    ) -> Bool {
        guard frame.kind == RecordHeader.Kind.events, frame.baseOffset == endOffset,
            case .events(let batch) = record
        else { return false }
        return batch.series.numbering == numbering && batch.count + frame.count <= eventCountMax
    }

    /// Takes a frame that ``canTake(_:of:upTo:)`` accepts; false when its bytes are malformed.
    mutating func take(
        _ frame: RecordHeader.Frame,
        _ bytes: UnsafeRawBufferPointer,
        _ numbers: (SeriesNumbering, ArraySlice<SeriesNumber>)
    ) -> Bool {
        guard case .events(var batch) = record else { return false }
        // Nobody else holds the columns while they grow.
        record = .complete
        batch.makeRoom(for: frame.count)
        var reader = ByteReader(bytes)
        let isGood = RecordHeader.append(&reader, frame.count, numbers, to: &batch)
        record = .events(batch)
        endOffset += Int64(frame.count)
        return isGood
    }

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

extension EventBatch {
    /// Grows by so much that many more frames fit.
    fileprivate mutating func makeRoom(for count: Int) {
        guard seriesIndex.capacity < self.count + count else { return }
        reserveCapacity(max(1024, (self.count + count) * 2))
    }
}
