import Core

/// Writes the frames of a batch in a pass that counts and two that write, on memory of its caller.
///
/// Every event costs a few operations here, so nothing is looked up twice and no array is checked
/// for other owners.
struct FrameEncoder {
    /// Where a series of the batch goes.
    struct Place: BitwiseCopyable {
        var partition: UInt16
        /// Whether the sensor is that of the series before in the frame.
        var hasSameSensor: Bool
        /// Its number in the frame.
        var id: UInt32

        static let unknown = Place(partition: .max, hasSameSensor: false, id: 0)
    }

    /// What one partition gets, and where.
    struct Share: BitwiseCopyable {
        var count = 0
        var seriesCount = 0
        var nameByteCount = 0
        /// The series that appeared last, and whether there is one.
        var newest: UInt32 = 0
        var widths = FrameWidths(seriesCount: 0, eventCount: 0, time: 0)
        var byteCount = 0
        /// Where the frame, and the next value of each column, begin.
        var start = 0
        var nextName = 0
        var nextSeries = 0
        var nextTime = 0
        var nextValue = 0
    }

    private static let headerByteCount = 20

    /// Per series of the batch.
    private let places: UnsafeMutableBufferPointer<Place>
    /// The series in order of appearance.
    private let order: UnsafeMutableBufferPointer<UInt32>
    private var orderCount = 0
    /// Per partition.
    private let shares: UnsafeMutableBufferPointer<Share>
    private let times: FrameTimes

    /// Takes memory for each series of the batch, twice, and for each partition.
    init(
        places: UnsafeMutableBufferPointer<Place>,
        order: UnsafeMutableBufferPointer<UInt32>,
        shares: UnsafeMutableBufferPointer<Share>,
        times: FrameTimes
    ) {
        places.initialize(repeating: .unknown)
        shares.initialize(repeating: Share())
        self.places = places
        self.order = order
        self.shares = shares
        self.times = times
    }

    /// The frames that are not empty, after ``layOut()``.
    var frames: [RecordFrame] {
        shares.indices.compactMap { partition in
            let share = shares[partition]
            guard share.count > 0 else { return nil }
            return RecordFrame(
                partition: partition,
                kind: RecordHeader.Kind.events,
                count: share.count,
                byteCount: share.byteCount
            )
        }
    }

    /// Counts events, series and bytes of names per partition.
    ///
    /// - Throws: `.invalidArgument` when a series is not in the batch's dictionary.
    mutating func count(_ events: EventBatch) throws {
        try events.seriesIndex.withUnsafeBufferPointer { index in
            for row in index.indices {
                let id = Int(index[row])
                guard id < places.count else {
                    throw events.unknownSeries(id, row: row)
                }
                if places[id].partition == Place.unknown.partition {
                    appear(index[row], of: events.series)
                }
                shares[Int(places[id].partition)].count &+= 1
            }
        }
    }

    private mutating func appear(_ id: UInt32, of series: borrowing SeriesDictionary) {
        let partition = series.partition(of: id, of: shares.count)
        let hasSame =
            shares[partition].seriesCount > 0 && series.hasSameSensor(shares[partition].newest, id)
        places[Int(id)] = Place(
            partition: UInt16(truncatingIfNeeded: partition),
            hasSameSensor: hasSame,
            id: UInt32(truncatingIfNeeded: shares[partition].seriesCount)
        )
        order[orderCount] = id
        orderCount &+= 1
        let counts = series.nameByteCounts(of: id)
        shares[partition].newest = id
        shares[partition].seriesCount &+= 1
        shares[partition].nameByteCount &+= counts.device &+ (hasSame ? 0 : counts.sensor)
    }

    /// Decides where everything goes; answers the bytes of all frames.
    mutating func layOut() -> Int {
        var at = 0
        for partition in shares.indices where shares[partition].count > 0 {
            var share = shares[partition]
            share.widths = FrameWidths(
                seriesCount: share.seriesCount,
                eventCount: share.count,
                time: times.width
            )
            share.start = at
            share.nextName = at + Self.headerByteCount + share.seriesCount * 4
            share.nextSeries = share.nextName + share.nameByteCount
            share.nextTime = share.nextSeries + share.count * share.widths.series
            share.nextValue = share.nextTime + share.count * share.widths.time
            at = share.nextValue + share.count * 8
            share.byteCount = at - share.start
            shares[partition] = share
        }
        return at
    }

    /// Writes all frames to memory of the size that ``layOut()`` has answered; once.
    func write(_ events: EventBatch, to target: UnsafeMutableRawBufferPointer) {
        guard let base = target.baseAddress else { return }
        for share in shares where share.count > 0 {
            Self.store(UInt32(truncatingIfNeeded: share.seriesCount), base, share.start)
            Self.store(UInt32(truncatingIfNeeded: share.nameByteCount), base, share.start + 4)
            Self.store(UInt32(truncatingIfNeeded: times.width), base, share.start + 8)
            Self.store(times.first, base, share.start + 12)
        }
        writeNames(of: events.series, base)
        writeEvents(events, base)
    }

    private func writeNames(of series: SeriesDictionary, _ base: UnsafeMutableRawPointer) {
        for id in order[..<orderCount] {
            let place = places[Int(id)]
            let partition = Int(place.partition)
            let counts = series.nameByteCounts(of: id)
            let sensor = place.hasSameSensor ? Int(SeriesDictionary.sameSensor) : counts.sensor
            Self.store(
                UInt32(truncatingIfNeeded: counts.device | sensor << 16),
                base,
                shares[partition].start &+ Self.headerByteCount &+ Int(place.id) &* 4
            )
            let at = shares[partition].nextName
            // What follows in the frame is written later.
            shares[partition].nextName =
                at
                &+ series.copyNames(
                    of: id,
                    to: base + at,
                    room: shares[partition].start &+ shares[partition].byteCount &- at,
                    withSensor: !place.hasSameSensor
                )
        }
    }

    private func writeEvents(_ events: EventBatch, _ base: UnsafeMutableRawPointer) {
        let (first, timeWidth) = (times.first, times.width)
        events.seriesIndex.withUnsafeBufferPointer { index in
            events.times.withUnsafeBufferPointer { eventTimes in
                events.values.withUnsafeBufferPointer { values in
                    for row in index.indices {
                        let place = places[Int(index[row])]
                        let share = shares.baseAddress.unsafelyUnwrapped + Int(place.partition)
                        let seriesWidth = share.pointee.widths.series
                        if seriesWidth == 2 {
                            let id = UInt16(truncatingIfNeeded: place.id)
                            Self.store(id, base, share.pointee.nextSeries)
                        } else if seriesWidth == 4 {
                            Self.store(place.id, base, share.pointee.nextSeries)
                        }
                        let time = eventTimes[row] &- first
                        if timeWidth == 4 {
                            let time = UInt32(truncatingIfNeeded: time)
                            Self.store(time, base, share.pointee.nextTime)
                        } else if timeWidth == 8 {
                            Self.store(time, base, share.pointee.nextTime)
                        }
                        Self.store(values[row].bitPattern, base, share.pointee.nextValue)
                        share.pointee.nextSeries &+= seriesWidth
                        share.pointee.nextTime &+= timeWidth
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
