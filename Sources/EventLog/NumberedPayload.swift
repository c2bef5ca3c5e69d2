import Core

/// The events of a batch as the payload of a record: one frame per partition, series as numbers.
///
/// A frame holds, little-endian: the epoch (64 bits), the bytes of a time (32) and the first time
/// (64); then a column each of numbers (32), times and values (64). Numbers mean something together
/// with the epoch only: ``SeriesNames`` says what.
struct NumberedPayload {
    /// Partitions without events have none.
    let frames: [RecordFrame]
    let bytes: [UInt8]

    static let headerByteCount = 20

    /// What one partition gets, and where its next values go.
    private struct Share: BitwiseCopyable {
        var count = 0
        var start = 0
        var nextNumber = 0
        var nextTime = 0
        var nextValue = 0
    }

    /// - Throws: `.invalidArgument` when columns differ in length or a partition does not exist.
    init(_ events: NumberedEvents, epoch: UInt64, partitionCount: Int) throws {
        guard events.numbers.count == events.count, events.times.count == events.count,
            events.numbers.allSatisfy({ $0.partition < partitionCount })
        else {
            throw FleetError(
                .invalidArgument,
                "the columns of a batch do not fit each other: \(events.numbers.count) numbers, "
                    + "\(events.times.count) times, \(events.count) values"
            )
        }
        let times = FrameTimes(of: events.times)
        (frames, bytes) = withUnsafeTemporaryAllocation(
            of: Share.self,
            capacity: partitionCount
        ) { shares in
            shares.initialize(repeating: Share())
            for number in events.numbers { shares[number.partition].count &+= 1 }
            let byteCount = Self.layOut(shares, timeWidth: times.width)
            let frames = shares.indices.filter { shares[$0].count > 0 }.map { partition in
                RecordFrame(
                    partition: partition,
                    kind: RecordHeader.Kind.numberedEvents,
                    count: shares[partition].count,
                    byteCount: Self.headerByteCount + shares[partition].count * (12 + times.width)
                )
            }
            let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, filled in
                if let base = UnsafeMutableRawPointer(buffer.baseAddress) {
                    Self.write(events, epoch, times, shares, base)
                }
                filled = byteCount
            }
            return (frames, bytes)
        }
    }

    /// Decides where everything goes; answers the bytes of all frames.
    private static func layOut(
        _ shares: UnsafeMutableBufferPointer<Share>,
        timeWidth: Int
    ) -> Int {
        var at = 0
        for partition in shares.indices where shares[partition].count > 0 {
            let count = shares[partition].count
            shares[partition].start = at
            shares[partition].nextNumber = at + headerByteCount
            shares[partition].nextTime = shares[partition].nextNumber + count * 4
            shares[partition].nextValue = shares[partition].nextTime + count * timeWidth
            at = shares[partition].nextValue + count * 8
        }
        return at
    }

    private static func write(
        _ events: NumberedEvents,
        _ epoch: UInt64,
        _ times: FrameTimes,
        _ shares: UnsafeMutableBufferPointer<Share>,
        _ base: UnsafeMutableRawPointer
    ) {
        for share in shares where share.count > 0 {
            store(epoch, base, share.start)
            store(UInt32(truncatingIfNeeded: times.width), base, share.start + 8)
            store(times.first, base, share.start + 12)
        }
        let (first, width) = (times.first, times.width)
        events.numbers.withUnsafeBufferPointer { numbers in
            events.times.withUnsafeBufferPointer { eventTimes in
                events.values.withUnsafeBufferPointer { values in
                    for row in values.indices {
                        let number = numbers[row]
                        let share = shares.baseAddress.unsafelyUnwrapped + number.partition
                        store(number.bits, base, share.pointee.nextNumber)
                        let time = eventTimes[row] &- first
                        if width == 4 {
                            let time = UInt32(truncatingIfNeeded: time)
                            store(time, base, share.pointee.nextTime)
                        } else if width == 8 {
                            store(time, base, share.pointee.nextTime)
                        }
                        store(values[row].bitPattern, base, share.pointee.nextValue)
                        share.pointee.nextNumber &+= 4
                        share.pointee.nextTime &+= width
                        share.pointee.nextValue &+= 8
                    }
                }
            }
        }
    }

    @inline(__always)
    private static func store<Value: FixedWidthInteger & BitwiseCopyable>(
        _ value: Value,
        _ base: UnsafeMutableRawPointer,
        _ offset: Int
    ) {
        base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
    }
}

extension NumberedEvents {
    /// Appends the events of a frame; false when its bytes are malformed.
    ///
    /// `reader` stands behind the epoch, which tells that the numbers are those of ``numbering``.
    mutating func append(_ reader: inout ByteReader, count: Int) -> Bool {
        guard let timeWidth = reader.number(UInt32.self),
            let firstTime = reader.number(Int64.self),
            let source = reader.take(count &* 4)
        else { return false }
        numbers.append(
            contentsOf: (0..<count).lazy.map { row in
                SeriesNumber(bits: source.loadUnaligned(fromByteOffset: row &* 4, as: UInt32.self))
            }
        )
        return reader.appendTimes(Int(timeWidth), from: firstTime, count: count, to: &times)
            && reader.appendValues(count: count, to: &values)
            && reader.remaining == 0
    }
}
