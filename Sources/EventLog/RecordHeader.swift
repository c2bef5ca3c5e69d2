import Core

/// The start of a record: one atomic batch with a part, called frame, per partition.
///
/// All numbers are little-endian. The first checksum covers the header from byte 8 on, starting
/// from the segment's salt, so that event data can never look like a record; the second covers
/// the payload.
struct RecordHeader: Sendable {
    /// What the header says of the entries of one partition.
    struct Frame: Sendable {
        let partition: Int
        let kind: UInt16
        /// Offsets the frame takes: its events, or 1 for a control record.
        let count: Int
        let baseOffset: Int64
        let byteCount: Int

        var holdsNames: Bool { kind == Kind.names }
    }

    static let magic: UInt32 = 0x3152_5346  // "FSR1"
    static let fixedByteCount = 56
    static let frameByteCount = 24
    static let payloadByteCountMax = 1 << 30
    static let noKey = UInt16.max

    /// What a frame carries.
    enum Kind {
        /// Events whose names lie each after its lengths; read, no longer written.
        static let eventsByName: UInt16 = 1
        static let idle: UInt16 = 2
        static let complete: UInt16 = 3
        /// Events with full names and columns of full width; read, no longer written.
        static let eventsInFull: UInt16 = 4
        static let events: UInt16 = 5
        /// Events whose series are numbers of an epoch.
        static let numberedEvents: UInt16 = 6
        /// Names of numbers of an epoch; takes no offset.
        static let names: UInt16 = 7
    }

    let byteCount: Int
    let payloadByteCount: Int
    let payloadChecksum: UInt32
    let acceptedCount: Int
    let sequence: Int64
    let appendedAt: Timestamp
    /// Where the group began that was written with this record: all before it was durable.
    let groupStart: Int
    let frames: [Frame]
    let key: IdempotencyKey?

    var recordByteCount: Int { byteCount + payloadByteCount }

    /// What the bytes at a position turned out to be.
    enum Parsed {
        case header(RecordHeader)
        /// So many bytes from the record's start on are needed.
        case needs(Int)
        case damaged
    }

    /// Reads the header that begins at the first byte.
    static func parse(_ bytes: UnsafeRawBufferPointer, salt: UInt32) -> Parsed {
        guard bytes.count >= fixedByteCount else { return .needs(fixedByteCount) }
        var reader = ByteReader(bytes)
        guard let magic = reader.number(UInt32.self), magic == Self.magic,
            let checksum = reader.number(UInt32.self), let size = reader.number(UInt32.self),
            size >= fixedByteCount, size <= 1 << 20
        else { return .damaged }
        let byteCount = Int(size)
        guard bytes.count >= byteCount else { return .needs(byteCount) }
        let protected = UnsafeRawBufferPointer(rebasing: bytes[8..<byteCount])
        guard CRC32C.checksum(protected, after: salt) == checksum else { return .damaged }
        return fields(&reader, byteCount).map { .header($0) } ?? .damaged
    }

    private static func fields(_ reader: inout ByteReader, _ byteCount: Int) -> RecordHeader? {
        guard let payloadByteCount = reader.number(UInt32.self),
            payloadByteCount <= payloadByteCountMax,
            let payloadChecksum = reader.number(UInt32.self),
            let acceptedCount = reader.number(UInt32.self),
            let sequence = reader.number(Int64.self),
            let appendedAt = reader.number(Int64.self),
            let groupStart = reader.number(Int64.self),
            let frameCount = reader.number(UInt16.self),
            let keyByteCount = reader.number(UInt16.self), reader.number(UInt32.self) != nil
        else { return nil }
        var frames: [Frame] = []
        frames.reserveCapacity(Int(frameCount))
        for _ in 0..<frameCount {
            guard let partition = reader.number(UInt16.self),
                let kind = reader.number(UInt16.self), let count = reader.number(UInt32.self),
                let baseOffset = reader.number(Int64.self),
                let byteCount = reader.number(UInt32.self), reader.number(UInt32.self) != nil
            else { return nil }
            frames.append(
                Frame(
                    partition: Int(partition),
                    kind: kind,
                    count: Int(count),
                    baseOffset: baseOffset,
                    byteCount: Int(byteCount)
                )
            )
        }
        var key: IdempotencyKey?
        if keyByteCount != noKey {
            guard let bytes = reader.take(Int(keyByteCount)) else { return nil }
            key = IdempotencyKey(bytes: Array(bytes))
        }
        guard reader.position == byteCount,
            frames.reduce(0, { $0 + $1.byteCount }) == Int(payloadByteCount)
        else { return nil }
        return RecordHeader(
            byteCount: byteCount,
            payloadByteCount: Int(payloadByteCount),
            payloadChecksum: payloadChecksum,
            acceptedCount: Int(acceptedCount),
            sequence: sequence,
            appendedAt: Timestamp(microseconds: appendedAt),
            groupStart: Int(clamping: groupStart),
            frames: frames,
            key: key
        )
    }
}
