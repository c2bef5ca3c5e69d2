import Core

/// A partition's share of a record.
struct RecordFrame: Sendable {
    let partition: Int
    let kind: UInt16
    /// Offsets it takes: its events, or 1 for a control record.
    let count: Int
    let byteCount: Int
}

/// The events of a batch as the payload of a record: one frame per partition, columns in each.
///
/// Every frame has the names of its series; ``NumberedPayload`` is for series with numbers.
///
/// A frame holds, little-endian: the number of series and of bytes in their names (32 bits each),
/// the bytes of a time (32) and the first time (64); per series the lengths of device and sensor
/// (16 bits each), then the names; then a column each of series, times and values (64). A sensor
/// that is that of the series before has ``SeriesDictionary/sameSensor`` for a length and no name.
/// Series are numbered in order of appearance; ``FrameWidths`` says how wide the columns are.
///
/// ``EventBatch/split(partitionCount:)`` is the plain version of the same split.
struct FramePayload {
    /// Partitions without events have none.
    let frames: [RecordFrame]
    let bytes: [UInt8]

    /// - Throws: `.invalidArgument` when columns differ in length or an id is unknown.
    init(_ events: EventBatch, partitionCount: Int) throws {
        try events.checkColumns()
        let seriesCount = events.series.count
        (frames, bytes) = try withUnsafeTemporaryAllocation(
            of: FrameEncoder.Place.self,
            capacity: seriesCount
        ) { places in
            try withUnsafeTemporaryAllocation(of: UInt32.self, capacity: seriesCount) { order in
                try withUnsafeTemporaryAllocation(
                    of: FrameEncoder.Share.self,
                    capacity: partitionCount
                ) { shares in
                    var encoder = FrameEncoder(
                        places: places,
                        order: order,
                        shares: shares,
                        times: FrameTimes(of: events.times)
                    )
                    try encoder.count(events)
                    let bytes = encoder.layOut()
                    return (
                        encoder.frames,
                        [UInt8](unsafeUninitializedCapacity: bytes) { buffer, filled in
                            encoder.write(events, to: UnsafeMutableRawBufferPointer(buffer))
                            filled = bytes
                        }
                    )
                }
            }
        }
    }
}
