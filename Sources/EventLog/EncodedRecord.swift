import Core

/// A record ready to be written, but for its header: place, time and new names are known last.
///
/// Encoding runs in the caller's task; the writer thread only adds a few hundred bytes.
struct EncodedRecord: Sendable {
    /// The series of its events, when they are written as numbers.
    struct Series: Sendable {
        let numbering: SeriesNumbers
        let epoch: UInt64
        let numbers: [SeriesNumber]
    }

    let frames: [RecordFrame]
    let payload: [UInt8]
    let series: Series?
    let acceptedCount: Int
    let key: IdempotencyKey?
    private let payloadChecksum: UInt32

    /// Its size when it needs no names.
    var byteCount: Int { headerByteCount(frames.count) + payload.count }

    private func headerByteCount(_ frameCount: Int) -> Int {
        RecordHeader.fixedByteCount + frameCount * RecordHeader.frameByteCount
            + (key?.bytes.count ?? 0)
    }

    /// Encodes a batch, split by partition.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the batch is malformed or too large.
    init(_ events: EventBatch, key: IdempotencyKey?, partitionCount: Int) throws {
        let payload = try FramePayload(events, partitionCount: partitionCount)
        try self.init(payload.frames, payload.bytes, nil, accepted: events.count, key)
    }

    /// Encodes a batch of series with numbers of an epoch, split by partition.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the batch is malformed or too large.
    init(
        _ events: NumberedEvents,
        epoch: UInt64,
        key: IdempotencyKey?,
        partitionCount: Int
    ) throws {
        let payload = try NumberedPayload(events, epoch: epoch, partitionCount: partitionCount)
        let series = Series(numbering: events.numbering, epoch: epoch, numbers: events.numbers)
        try self.init(payload.frames, payload.bytes, series, accepted: events.count, key)
    }

    /// Encodes a control record.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the record holds events.
    init(control: LogRecord, partition: Int) throws {
        var payload = ByteWriter()
        let kind: UInt16
        switch control {
        case .events, .numbered:
            throw FleetError(
                .invalidArgument,
                "cannot append events to partition \(partition) as a control",
                hint: "use append(_:idempotencyKey:)"
            )
        case .idle(let until):
            kind = RecordHeader.Kind.idle
            payload.append(until.microseconds)
        case .complete:
            kind = RecordHeader.Kind.complete
        }
        let frame = RecordFrame(
            partition: partition,
            kind: kind,
            count: 1,
            byteCount: payload.bytes.count
        )
        try self.init([frame], payload.bytes, nil, accepted: 0, nil)
    }

    private init(
        _ frames: [RecordFrame],
        _ payload: [UInt8],
        _ series: Series?,
        accepted: Int,
        _ key: IdempotencyKey?
    ) throws {
        // Names that the segment does not have yet come on top.
        guard payload.count <= RecordHeader.payloadByteCountMax / 2 else {
            throw FleetError(
                .invalidArgument,
                "a batch of \(accepted) events is too large for the event log",
                hint: "send smaller batches"
            )
        }
        self.frames = frames
        self.payload = payload
        self.series = series
        acceptedCount = accepted
        self.key = key
        payloadChecksum = payload.withUnsafeBytes { CRC32C.checksum($0) }
    }

    /// Where a record goes; ``offsets`` moves on with every record placed.
    struct Place {
        var sequence: Int64
        var offsets: [Int64]
        let appendedAt: Timestamp
        let groupStart: Int
        let salt: UInt32
    }

    /// Appends the finished record to a group and moves the place on.
    ///
    /// `names` is the frame of names that the segment does not have yet; empty when it has all.
    func place(at place: inout Place, names: [UInt8], into group: inout ByteWriter) {
        let start = group.bytes.count
        let frameCount = frames.count + (names.isEmpty ? 0 : 1)
        group.append(RecordHeader.magic)
        group.append(UInt32(0))  // Checksum, below.
        group.append(UInt32(headerByteCount(frameCount)))
        group.append(UInt32(payload.count + names.count))
        group.append(names.withUnsafeBytes { CRC32C.checksum($0, after: payloadChecksum) })
        group.append(UInt32(acceptedCount))
        group.append(place.sequence)
        group.append(place.appendedAt.microseconds)
        group.append(Int64(place.groupStart))
        group.append(UInt16(frameCount))
        group.append(key.map { UInt16($0.bytes.count) } ?? RecordHeader.noKey)
        group.append(UInt32(0))
        for frame in frames {
            Self.append(frame, place.offsets[frame.partition], to: &group)
            place.offsets[frame.partition] += Int64(frame.count)
        }
        if !names.isEmpty {
            let kind = RecordHeader.Kind.names
            let frame = RecordFrame(partition: 0, kind: kind, count: 0, byteCount: names.count)
            Self.append(frame, place.offsets[0], to: &group)
        }
        group.bytes.append(contentsOf: key?.bytes ?? [])
        let checksum = group.bytes.withUnsafeBytes {
            CRC32C.checksum(
                UnsafeRawBufferPointer(rebasing: $0[(start + 8)...]),
                after: place.salt
            )
        }
        group.store(checksum, at: start + 4)
        group.bytes.append(contentsOf: payload)
        group.bytes.append(contentsOf: names)
        place.sequence += 1
    }

    private static func append(
        _ frame: RecordFrame,
        _ baseOffset: Int64,
        to group: inout ByteWriter
    ) {
        group.append(UInt16(frame.partition))
        group.append(frame.kind)
        group.append(UInt32(frame.count))
        group.append(baseOffset)
        group.append(UInt32(frame.byteCount))
        group.append(UInt32(0))
    }
}
