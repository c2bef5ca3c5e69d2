import Core

/// A record ready to be written, but for its place: sequence, offsets and time come last.
///
/// Encoding runs in the caller's task; the writer thread only patches a few header fields.
struct EncodedRecord: Sendable {
    /// What the record holds for one partition.
    struct Part: Sendable {
        let partition: Int
        /// Offsets the part takes.
        let count: Int
    }

    let header: [UInt8]
    let payload: [UInt8]
    let parts: [Part]
    let numbers: RecordNumbers?
    let acceptedCount: Int
    let key: IdempotencyKey?

    var byteCount: Int { header.count + payload.count }

    /// Encodes a batch, split by partition.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the batch is malformed or too large.
    init(_ events: EventBatch, key: IdempotencyKey?, partitionCount: Int) throws {
        let payload = try FramePayload(events, partitionCount: partitionCount)
        try self.init(
            payload.frames.map { frame in
                (
                    Part(partition: frame.partition, count: frame.count),
                    RecordHeader.Kind.events, frame.byteCount
                )
            },
            payload.bytes,
            numbers: payload.numbers,
            accepted: events.count,
            key
        )
    }

    /// Encodes a control record.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the record holds events.
    init(control: LogRecord, partition: Int) throws {
        var payload = ByteWriter()
        let kind: UInt16
        switch control {
        case .events:
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
        try self.init(
            [(Part(partition: partition, count: 1), kind, payload.bytes.count)],
            payload.bytes,
            numbers: nil,
            accepted: 0,
            nil
        )
    }

    private init(
        _ frames: [(part: Part, kind: UInt16, byteCount: Int)],
        _ payload: [UInt8],
        numbers: RecordNumbers?,
        accepted: Int,
        _ key: IdempotencyKey?
    ) throws {
        guard payload.count <= RecordHeader.payloadByteCountMax else {
            throw FleetError(
                .invalidArgument,
                "a batch of \(accepted) events is too large for the event log",
                hint: "send smaller batches"
            )
        }
        let keyBytes = key?.bytes ?? []
        let byteCount =
            RecordHeader.fixedByteCount + frames.count * RecordHeader.frameByteCount
            + keyBytes.count
        var header = ByteWriter()
        header.bytes.reserveCapacity(byteCount)
        header.append(RecordHeader.magic)
        header.append(UInt32(0))  // Checksum, when written.
        header.append(UInt32(byteCount))
        header.append(UInt32(payload.count))
        header.append(payload.withUnsafeBytes { CRC32C.checksum($0) })
        header.append(UInt32(accepted))
        for _ in 0..<3 { header.append(Int64(0)) }  // Sequence, time, group start, when written.
        header.append(UInt16(frames.count))
        header.append(key == nil ? RecordHeader.noKey : UInt16(keyBytes.count))
        header.append(UInt32(0))
        for frame in frames {
            header.append(UInt16(frame.part.partition))
            header.append(frame.kind)
            header.append(UInt32(frame.part.count))
            header.append(Int64(0))  // Base offset, when written.
            header.append(UInt32(frame.byteCount))
            header.append(UInt32(0))
        }
        header.bytes.append(contentsOf: keyBytes)
        self.header = header.bytes
        self.payload = payload
        self.parts = frames.map(\.part)
        self.numbers = numbers
        self.acceptedCount = accepted
        self.key = key
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
    func place(at place: inout Place, into group: inout ByteWriter) {
        let start = group.bytes.count
        group.bytes.append(contentsOf: header)
        group.store(place.sequence, at: start + 24)
        group.store(place.appendedAt.microseconds, at: start + 32)
        group.store(Int64(place.groupStart), at: start + 40)
        for (index, part) in parts.enumerated() {
            let frame = start + RecordHeader.fixedByteCount + index * RecordHeader.frameByteCount
            group.store(place.offsets[part.partition], at: frame + 8)
            place.offsets[part.partition] += Int64(part.count)
        }
        let checksum = group.bytes.withUnsafeBytes {
            CRC32C.checksum(
                UnsafeRawBufferPointer(rebasing: $0[(start + 8)...]),
                after: place.salt
            )
        }
        group.store(checksum, at: start + 4)
        group.bytes.append(contentsOf: payload)
        place.sequence += 1
    }
}
