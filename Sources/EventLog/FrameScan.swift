import Core

/// Bytes of a segment that begin at a position.
struct LogChunk: Sendable {
    let salt: UInt32
    let start: Int
    let bytes: [UInt8]
    /// The bytes never left memory, so that their payload checksums need no look.
    let isTrusted: Bool
    /// Of records whose series have numbers, by their positions.
    var numbers: [Int: RecordNumbers] = [:]
}

/// Collects the wanted frames of records, in log order.
struct FrameScan: Sendable {
    /// Per partition: the next offset wanted.
    private(set) var offsets: [Int64]
    private(set) var frames: [LogFrame] = []
    /// The next wanted frame would be too much.
    private(set) var isFull = false
    private let eventCountMax: Int
    private var eventCount = 0
    /// Per partition: which frame the next one may join; empty when none may.
    private var joinable: [Int?]

    /// Events of a frame that others join: more would leave the processor's caches.
    private static let joinedEventCountMax = 8192

    init(offsets: [Int64], eventCountMax: Int, joinsFrames: Bool = false) {
        self.offsets = offsets
        self.eventCountMax = eventCountMax
        joinable = Array(repeating: nil, count: joinsFrames ? offsets.count : 0)
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
                        chunk.numbers[place.position],
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
        _ numbers: RecordNumbers?,
        isTrusted: Bool
    ) throws -> Bool {
        var isChecked = isTrusted
        var start = record.byteCount
        var firstSeries = 0
        for frame in record.frames {
            let end = start + frame.byteCount
            let first = firstSeries
            if numbers != nil { firstSeries += frame.seriesCount(bytes, at: start) }
            defer { start = end }
            guard frame.partition < offsets.count else { return false }
            let wanted = offsets[frame.partition]
            let frameEnd = frame.baseOffset + Int64(frame.count)
            if frameEnd <= wanted { continue }
            let count = Int(frameEnd - max(wanted, frame.baseOffset))
            if !frames.isEmpty, count > eventCountMax - eventCount {
                isFull = true
                return true
            }
            if !isChecked {
                let payload = UnsafeRawBufferPointer(
                    rebasing: bytes[record.byteCount..<record.recordByteCount]
                )
                guard CRC32C.checksum(payload) == record.payloadChecksum else { return false }
                isChecked = true
            }
            let part = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            let known = numbers.map { ($0.numbering, $0.numbers[first..<firstSeries]) }
            guard try take(frame, part, known, record.appendedAt) else { return false }
            offsets[frame.partition] = frameEnd
            eventCount += count
        }
        return true
    }

    /// Takes one frame: joined to the one before where that is wanted, and both have numbers.
    private mutating func take(
        _ frame: RecordHeader.Frame,
        _ bytes: UnsafeRawBufferPointer,
        _ numbers: (SeriesNumbering, ArraySlice<SeriesNumber>)?,
        _ appendedAt: Timestamp
    ) throws -> Bool {
        let wanted = offsets[frame.partition]
        let mayJoin = !joinable.isEmpty && numbers != nil && frame.baseOffset >= wanted
        if mayJoin, let numbers, let place = joinable[frame.partition],
            frames[place].canTake(frame, of: numbers.0, upTo: Self.joinedEventCountMax)
        {
            return frames[place].take(frame, bytes, numbers)
        }
        guard let content = RecordHeader.decode(frame, bytes, numbers) else { return false }
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
