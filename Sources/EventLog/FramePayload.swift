import Core

/// What the process calls the series of a record; it is never written.
struct RecordNumbers: Sendable {
    let numbering: SeriesNumbering
    /// One for each series of each frame, in their order.
    let numbers: [SeriesNumber]
}

/// The events of a batch as the payload of a record: one frame per partition, columns in each.
///
/// A frame holds, little-endian: the number of series and of bytes in their names (32 bits each),
/// the bytes of a time (32) and the first time (64); per series the lengths of device and sensor (16
/// bits each), then the names; then a column each of series, times and values (64). A sensor that is
/// that of the series before has ``SeriesDictionary/sameSensor`` for a length and no name. Series
/// are numbered in order of appearance; ``FrameWidths`` says how wide the columns are.
///
/// ``EventBatch/split(partitionCount:)`` is the plain version of the same split.
struct FramePayload {
    /// A partition's share.
    struct Frame {
        let partition: Int
        /// Events in it.
        var count = 0
        var byteCount = 0
        fileprivate var seriesCount = 0
        fileprivate var nameByteCount = 0
        /// The series that appeared last.
        fileprivate var newest: UInt32?

        fileprivate init(partition: Int) {
            self.partition = partition
        }

        fileprivate static let headerByteCount = 20

        /// Bytes before the columns.
        fileprivate var columnStart: Int {
            Self.headerByteCount + seriesCount * 4 + nameByteCount
        }

        fileprivate func widths(_ times: FrameTimes) -> FrameWidths {
            FrameWidths(seriesCount: seriesCount, eventCount: count, time: times.width)
        }
    }

    /// Partitions without events have none.
    private(set) var frames: [Frame]
    private(set) var bytes: [UInt8] = []
    /// What the process calls the series of each frame, one frame after another.
    private(set) var numbers: RecordNumbers?
    /// Per series of the batch: its partition, or ``unknown`` while no event has it.
    private var partitionOf: [UInt16]
    /// Per series: its number in the frame.
    private var localID: [UInt32]
    /// The series in order of appearance.
    private var order: [Appearance] = []
    private let times: FrameTimes

    private struct Appearance {
        let id: UInt32
        /// Whether the sensor is that of the series before in the frame.
        let hasSameSensor: Bool
    }

    private static let unknown = UInt16.max

    /// - Throws: `.invalidArgument` when columns differ in length or an id is unknown.
    init(_ events: EventBatch, partitionCount: Int) throws {
        try events.checkColumns()
        frames = (0..<partitionCount).map(Frame.init)
        partitionOf = Array(repeating: Self.unknown, count: events.series.count)
        localID = Array(repeating: 0, count: events.series.count)
        times = FrameTimes(of: events.times)
        order.reserveCapacity(events.series.count)
        try count(events)
        var byteCount = 0
        for index in frames.indices where frames[index].count > 0 {
            frames[index].byteCount =
                frames[index].columnStart + frames[index].widths(times).byteCount
                * frames[index].count
            byteCount += frames[index].byteCount
        }
        bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, filled in
            let target = UnsafeMutableRawBufferPointer(buffer)
            writeNames(of: events.series, to: target)
            writeEvents(events, to: target)
            filled = byteCount
        }
        numbers = numbers(of: events.series)
        frames.removeAll { $0.count == 0 }
    }

    /// Counts events, series and bytes of names per partition.
    private mutating func count(_ events: EventBatch) throws {
        // Numbers know the partition, and spare the hash of the name.
        let isNumbered = events.series.numbering?.partitionCount == frames.count
        for row in 0..<events.count {
            let id = Int(events.seriesIndex[row])
            guard id < partitionOf.count else { throw events.unknownSeries(id, row: row) }
            var partition = partitionOf[id]
            if partition == Self.unknown {
                let series = UInt32(truncatingIfNeeded: id)
                let known = isNumbered ? events.series.number(of: series)?.partition : nil
                partition = UInt16(
                    known ?? events.series.partition(of: series, of: frames.count)
                )
                partitionOf[id] = partition
                localID[id] = UInt32(frames[Int(partition)].seriesCount)
                order.append(add(series, of: events.series, to: Int(partition)))
            }
            frames[Int(partition)].count &+= 1
        }
    }

    private mutating func add(
        _ id: UInt32,
        of series: SeriesDictionary,
        to partition: Int
    ) -> Appearance {
        let hasSame =
            frames[partition].newest.map { series.hasSameSensor($0, id) } ?? false
        let counts = series.nameByteCounts(of: id)
        frames[partition].newest = id
        frames[partition].seriesCount &+= 1
        frames[partition].nameByteCount &+= counts.device &+ (hasSame ? 0 : counts.sensor)
        return Appearance(id: id, hasSameSensor: hasSame)
    }

    /// Where the frame of each partition starts, and 0 where there is none.
    private var starts: [Int] {
        var start = 0
        return frames.map { frame in
            defer { start += frame.byteCount }
            return start
        }
    }

    private func numbers(of series: SeriesDictionary) -> RecordNumbers? {
        guard let numbering = series.numbering else { return nil }
        var next = 0
        var places = frames.map { frame in
            defer { next += frame.seriesCount }
            return next
        }
        let numbers = [SeriesNumber](unsafeUninitializedCapacity: next) { numbers, count in
            for appearance in order {
                let partition = Int(partitionOf[Int(appearance.id)])
                numbers[places[partition]] = series.numberOrNone(of: appearance.id)
                places[partition] &+= 1
            }
            count = next
        }
        return RecordNumbers(numbering: numbering, numbers: numbers)
    }

    private func writeNames(
        of series: SeriesDictionary,
        to target: UnsafeMutableRawBufferPointer
    ) {
        guard let base = target.baseAddress else { return }
        var lengthAt = starts
        var nameAt = lengthAt
        for (index, frame) in frames.enumerated() where frame.count > 0 {
            let start = lengthAt[index]
            Self.store(UInt32(frame.seriesCount), target, start)
            Self.store(UInt32(frame.nameByteCount), target, start + 4)
            Self.store(UInt32(times.width), target, start + 8)
            Self.store(times.first, target, start + 12)
            lengthAt[index] = start + Frame.headerByteCount
            nameAt[index] = lengthAt[index] + frame.seriesCount * 4
        }
        for appearance in order {
            let id = appearance.id
            let partition = Int(partitionOf[Int(id)])
            let counts = series.nameByteCounts(of: id)
            let sensor =
                appearance.hasSameSensor
                ? SeriesDictionary.sameSensor : UInt16(truncatingIfNeeded: counts.sensor)
            Self.store(UInt16(truncatingIfNeeded: counts.device), target, lengthAt[partition])
            Self.store(sensor, target, lengthAt[partition] &+ 2)
            nameAt[partition] &+= series.copyNames(
                of: id,
                to: base + nameAt[partition],
                withSensor: !appearance.hasSameSensor
            )
            lengthAt[partition] &+= 4
        }
    }

    private func writeEvents(_ events: EventBatch, to target: UnsafeMutableRawBufferPointer) {
        /// Where the next value of each column of a partition goes, and how wide its series are.
        struct Cursor {
            var series: Int
            var time: Int
            var value: Int
            let seriesWidth: Int
        }
        let starts = starts
        var cursors = frames.indices.map { index in
            let frame = frames[index]
            let widths = frame.widths(times)
            let series = starts[index] + frame.columnStart
            let time = series + frame.count * widths.series
            return Cursor(
                series: series,
                time: time,
                value: time + frame.count * widths.time,
                seriesWidth: widths.series
            )
        }
        let (first, timeWidth) = (times.first, times.width)
        cursors.withUnsafeMutableBufferPointer { cursors in
            for row in 0..<events.count {
                let id = Int(events.seriesIndex[row])
                let partition = Int(partitionOf[id])
                let cursor = cursors[partition]
                if cursor.seriesWidth == 2 {
                    let series = UInt16(truncatingIfNeeded: localID[id])
                    Self.store(series, target, cursor.series)
                } else if cursor.seriesWidth == 4 {
                    Self.store(localID[id], target, cursor.series)
                }
                let time = events.times[row] &- first
                if timeWidth == 4 {
                    Self.store(UInt32(truncatingIfNeeded: time), target, cursor.time)
                } else if timeWidth == 8 {
                    Self.store(time, target, cursor.time)
                }
                Self.store(events.values[row].bitPattern, target, cursor.value)
                cursors[partition].series = cursor.series &+ cursor.seriesWidth
                cursors[partition].time = cursor.time &+ timeWidth
                cursors[partition].value = cursor.value &+ 8
            }
        }
    }

    @inline(__always)
    private static func store<Value: FixedWidthInteger & BitwiseCopyable>(
        _ value: Value,
        _ target: UnsafeMutableRawBufferPointer,
        _ offset: Int
    ) {
        target.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
    }
}
