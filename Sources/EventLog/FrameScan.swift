import Core

/// Bytes of a segment that begin at a position.
struct LogChunk: Sendable {
    let salt: UInt32
    let start: Int
    let bytes: [UInt8]
    /// The bytes never left memory, so that their payload checksums need no look.
    let isTrusted: Bool
}

/// Collects the wanted frames of records, in log order.
struct FrameScan: Sendable {
    /// Per partition: the next offset wanted.
    private(set) var offsets: [Int64]
    private(set) var frames: [LogFrame] = []
    /// The next wanted frame would be too much.
    private(set) var isFull = false
    /// What other processes called the series of the segment that is read; nil when none did.
    var foreignNames: SeriesNames?
    private let epochs: NumberingEpochs.Known
    /// The last of them that was looked up.
    private var current: (epoch: UInt64, numbering: SeriesNumbers)?
    private let eventCountMax: Int
    private var eventCount = 0
    /// Per partition: which frame the next one may join; empty when none may.
    private var joinable: [Int?]

    /// Events of a frame that others join.
    private let joinedEventCountMax: Int

    /// Without a number of events that joined frames may have, none are joined.
    init(
        offsets: [Int64],
        eventCountMax: Int,
        epochs: NumberingEpochs.Known,
        joinedEventCountMax: Int? = nil
    ) {
        self.offsets = offsets
        self.epochs = epochs
        self.eventCountMax = eventCountMax
        self.joinedEventCountMax = joinedEventCountMax ?? 0
        joinable = Array(repeating: nil, count: joinedEventCountMax == nil ? 0 : offsets.count)
    }

    /// The error of a record that cannot be read.
    static func damaged(_ path: String, _ position: Int) -> FleetError {
        FleetError(
            .dataLoss,
            "the event log is damaged: \(path) at byte \(position) cannot be read",
            hint: "restore the data folder from a backup, or move the log folder away"
        )
    }

    /// Ends the scan where a segment is missing: with what there is, never beyond the gap.
    mutating func stopBeforeGap(_ path: String) throws {
        isFull = true
        guard frames.isEmpty else { return }
        throw FleetError(
            .dataLoss,
            "\(path) was deleted by the log's retention while it was read",
            hint: "read again from the oldest retained offset"
        )
    }

    /// Takes the records from the place to the end of the chunk, moving the place on.
    ///
    /// - Returns: the bytes the record at the place needs, when it is not all in the chunk.
    mutating func take(
        _ chunk: LogChunk,
        from place: inout LogPlace,
        path: String
    ) throws -> Int {
        try chunk.bytes.withUnsafeBytes { all in
            while !isFull, place.position - chunk.start < all.count {
                let rest = UnsafeRawBufferPointer(rebasing: all[(place.position - chunk.start)...])
                switch RecordHeader.parse(rest, salt: chunk.salt) {
                case .needs(let count):
                    return count
                case .damaged:
                    throw Self.damaged(path, place.position)
                case .header(let record):
                    guard rest.count >= record.recordByteCount else {
                        return record.recordByteCount
                    }
                    let isGood = try take(
                        record,
                        rest,
                        at: place.position,
                        isTrusted: chunk.isTrusted
                    )
                    guard isGood else { throw Self.damaged(path, place.position) }
                    if !isFull { place.position += record.recordByteCount }
                }
            }
            return 0
        }
    }

    private mutating func take(
        _ record: RecordHeader,
        _ bytes: UnsafeRawBufferPointer,
        at position: Int,
        isTrusted: Bool
    ) throws -> Bool {
        var check = PayloadCheck(isDone: isTrusted)
        if foreignNames != nil, record.frames.contains(where: \.holdsNames) {
            guard check.isGood(record, bytes) else { return false }
        }
        guard foreignNames?.take(record, bytes, at: position) ?? true else { return false }
        var start = record.byteCount
        for frame in record.frames {
            let end = start + frame.byteCount
            defer { start = end }
            guard frame.partition < offsets.count else { return false }
            let wanted = offsets[frame.partition]
            let frameEnd = frame.baseOffset + Int64(frame.count)
            if frameEnd <= wanted || frame.holdsNames { continue }
            let count = Int(frameEnd - max(wanted, frame.baseOffset))
            if !frames.isEmpty, count > eventCountMax - eventCount {
                isFull = true
                return true
            }
            guard check.isGood(record, bytes) else { return false }
            let part = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            guard take(frame, part, record.appendedAt) else { return false }
            offsets[frame.partition] = frameEnd
            eventCount += count
        }
        return true
    }

    private mutating func take(
        _ frame: RecordHeader.Frame,
        _ bytes: UnsafeRawBufferPointer,
        _ appendedAt: Timestamp
    ) -> Bool {
        guard frame.kind == RecordHeader.Kind.numberedEvents else {
            return add(frame, RecordHeader.decode(frame, bytes), appendedAt)
        }
        var reader = ByteReader(bytes)
        guard let epoch = reader.number(UInt64.self) else { return false }
        if let numbering = numbering(of: epoch) {
            return take(frame, &reader, by: numbering, appendedAt)
        }
        let events = foreignNames?.events(&reader, epoch: epoch, count: frame.count)
        return add(frame, events.map { .events($0) }, appendedAt)
    }

    private mutating func numbering(of epoch: UInt64) -> SeriesNumbers? {
        if let current, current.epoch == epoch { return current.numbering }
        guard let numbering = epochs[epoch] else { return nil }
        current = (epoch, numbering)
        return numbering
    }

    /// Takes a frame of numbers: joined to the one before where that is wanted.
    private mutating func take(
        _ frame: RecordHeader.Frame,
        _ reader: inout ByteReader,
        by numbering: SeriesNumbers,
        _ appendedAt: Timestamp
    ) -> Bool {
        let mayJoin = !joinable.isEmpty && frame.baseOffset >= offsets[frame.partition]
        if mayJoin, let place = joinable[frame.partition],
            Self.hour(of: frames[place].appendedAt) == Self.hour(of: appendedAt),
            frames[place].canTake(frame, by: numbering, upTo: joinedEventCountMax)
        {
            return frames[place].take(frame, &reader)
        }
        var events = NumberedEvents(by: numbering)
        guard events.append(&reader, count: frame.count) else { return false }
        return add(frame, .numbered(events), appendedAt, mayJoin: mayJoin)
    }

    /// Frames of different hours are never joined: a capture is cut where they meet.
    private static func hour(of time: Timestamp) -> Int64 { time.microseconds / 3_600_000_000 }

    /// Adds a frame; false when it could not be decoded.
    private mutating func add(
        _ frame: RecordHeader.Frame,
        _ content: LogRecord?,
        _ appendedAt: Timestamp,
        mayJoin: Bool = false
    ) -> Bool {
        guard let content else { return false }
        let wanted = offsets[frame.partition]
        if !joinable.isEmpty { joinable[frame.partition] = mayJoin ? frames.count : nil }
        frames.append(
            LogFrame(
                partition: frame.partition,
                baseOffset: frame.baseOffset,
                appendedAt: appendedAt,
                record: content
            ).cut(from: wanted)
        )
        return true
    }
}
