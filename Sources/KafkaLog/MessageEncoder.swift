import Core

/// A message ready to be produced.
struct EncodedMessage: Sendable {
    let partition: Int
    /// Its number among the messages of its batch and partition, from 0.
    let part: Int
    let eventCount: Int
    let payload: [UInt8]
}

/// Cuts a batch into messages: by partition, in order, none above the size limit.
///
/// The cut depends on the batch and the partition count alone, so that a batch sent again gives
/// the same parts.
struct MessageEncoder {
    private let events: EventBatch
    private let partitionCount: Int
    /// Rows grouped by partition, in order.
    private var rows: [UInt32]
    /// Where the rows of each partition begin; one more entry ends the last.
    private var starts: [Int]
    /// Per series of the batch: its id in the message being cut, valid when stamped with it.
    private var localID: [UInt32]
    private var stamp: [UInt32]
    private var messageNumber: UInt32 = 0

    /// The messages of a batch.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when columns differ in length, an id is unknown
    ///   or a name is not allowed.
    static func messages(
        of events: EventBatch,
        partitionCount: Int
    ) throws -> [EncodedMessage] {
        var encoder = try MessageEncoder(events, partitionCount)
        var messages: [EncodedMessage] = []
        for partition in 0..<partitionCount {
            var part = 0
            var row = encoder.starts[partition]
            let end = encoder.starts[partition + 1]
            while row < end {
                let cut = encoder.cut(from: row, to: end)
                messages.append(
                    EncodedMessage(
                        partition: partition,
                        part: part,
                        eventCount: cut.end - row,
                        payload: encoder.payload(row..<cut.end, cut)
                    )
                )
                row = cut.end
                part += 1
            }
        }
        return messages
    }

    private init(_ events: EventBatch, _ partitionCount: Int) throws {
        guard events.seriesIndex.count == events.count, events.times.count == events.count else {
            throw FleetError(
                .invalidArgument,
                "an event batch has \(events.seriesIndex.count) series, \(events.times.count) "
                    + "times and \(events.count) values; the columns must be equally long"
            )
        }
        guard events.count <= Int(UInt32.max) else {
            throw FleetError(.invalidArgument, "a batch of \(events.count) events is too large")
        }
        self.events = events
        self.partitionCount = partitionCount
        localID = [UInt32](repeating: 0, count: events.series.count)
        stamp = [UInt32](repeating: 0, count: events.series.count)
        starts = [Int](repeating: 0, count: partitionCount + 1)
        rows = []
        let partitionOf = try Self.partitions(of: events, partitionCount)
        for id in events.seriesIndex { starts[Int(partitionOf[Int(id)]) + 1] += 1 }
        for partition in 0..<partitionCount { starts[partition + 1] += starts[partition] }
        var next = starts
        rows = [UInt32](unsafeUninitializedCapacity: events.count) { rows, filled in
            for (row, id) in events.seriesIndex.enumerated() {
                let partition = Int(partitionOf[Int(id)])
                rows[next[partition]] = UInt32(truncatingIfNeeded: row)
                next[partition] += 1
            }
            filled = events.count
        }
    }

    /// The partition of each series that is used.
    private static func partitions(
        of events: EventBatch,
        _ partitionCount: Int
    ) throws -> [UInt32] {
        let unknown = UInt32.max
        var partitionOf = [UInt32](repeating: unknown, count: events.series.count)
        for (row, id) in events.seriesIndex.enumerated() {
            guard Int(id) < partitionOf.count else {
                throw FleetError(
                    .invalidArgument,
                    "event \(row) of a batch has the unknown series id \(id)"
                )
            }
            guard partitionOf[Int(id)] == unknown else { continue }
            let key = events.series.keys[Int(id)]
            guard isAllowed(key.device), isAllowed(key.sensor) else {
                throw FleetError(
                    .invalidArgument,
                    "the series name \"\(key.description.prefix(80))\" is not allowed",
                    hint: "use 1 to 256 bytes of UTF-8 without control characters and without /"
                )
            }
            partitionOf[Int(id)] = UInt32(key.partition(of: partitionCount))
        }
        return partitionOf
    }

    private static func isAllowed(_ name: String) -> Bool {
        var name = name
        return name.withUTF8 { SeriesKey.isAllowed(UnsafeRawBufferPointer($0)) }
    }

    /// The rows and series of one message.
    private struct Cut {
        var end: Int
        var series: [UInt32] = []
        var nameByteCount = 0
        var firstTime = Int64.max
        var lastTime = Int64.min
    }

    /// Takes rows until the message is full; numbers its series.
    private mutating func cut(from start: Int, to end: Int) -> Cut {
        messageNumber += 1
        var cut = Cut(end: start)
        // Columns are counted at their widest, so that the cut does not depend on the values.
        var byteCount = MessageFormat.eventsHeaderByteCount
        for position in start..<end {
            let row = Int(rows[position])
            let id = Int(events.seriesIndex[row])
            var needed = 20
            if stamp[id] != messageNumber {
                let key = events.series.keys[id]
                let nameByteCount = 4 + key.device.utf8.count + key.sensor.utf8.count
                needed += nameByteCount
                if byteCount + needed > MessageFormat.byteCountMax { break }
                stamp[id] = messageNumber
                localID[id] = UInt32(cut.series.count)
                cut.series.append(UInt32(id))
                cut.nameByteCount += nameByteCount
            } else if byteCount + needed > MessageFormat.byteCountMax {
                break
            }
            byteCount += needed
            cut.firstTime = min(cut.firstTime, events.times[row])
            cut.lastTime = max(cut.lastTime, events.times[row])
            cut.end = position + 1
        }
        return cut
    }

    private func payload(_ range: Range<Int>, _ cut: Cut) -> [UInt8] {
        let span = cut.lastTime.subtractingReportingOverflow(cut.firstTime)
        let hasWideTimes = span.overflow || span.partialValue > Int64(UInt32.max)
        let indexWidthLog: UInt8 =
            cut.series.count <= 1 << 8 ? 0 : cut.series.count <= 1 << 16 ? 1 : 2
        let columnBytes = (1 << Int(indexWidthLog)) + (hasWideTimes ? 8 : 4) + 8
        let total =
            MessageFormat.eventsHeaderByteCount + cut.nameByteCount + range.count * columnBytes
        return [UInt8](unsafeUninitializedCapacity: total) { buffer, filled in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            var writer = ColumnWriter(bytes, position: MessageFormat.prefixByteCount)
            writer.put(UInt32(range.count))
            writer.put(UInt32(cut.series.count))
            writer.put(UInt32(cut.nameByteCount))
            writer.put(UInt32(0))
            writer.put(cut.firstTime)
            for id in cut.series { writer.put(events.series.keys[Int(id)]) }
            rows.withUnsafeBufferPointer { rows in
                let rows = UnsafeBufferPointer(rebasing: rows[range])
                write(rows, indexWidthLog, hasWideTimes, cut.firstTime, &writer)
            }
            MessageFormat.seal(
                bytes,
                kind: MessageFormat.Kind.events,
                widths: indexWidthLog | (hasWideTimes ? MessageFormat.wideTimes : 0)
            )
            filled = total
        }
    }

    private func write(
        _ rows: UnsafeBufferPointer<UInt32>,
        _ indexWidthLog: UInt8,
        _ hasWideTimes: Bool,
        _ firstTime: Int64,
        _ writer: inout ColumnWriter
    ) {
        localID.withUnsafeBufferPointer { ids in
            events.seriesIndex.withUnsafeBufferPointer { index in
                for row in rows {
                    let id = ids[Int(index[Int(row)])]
                    switch indexWidthLog {
                    case 0: writer.put(UInt8(truncatingIfNeeded: id))
                    case 1: writer.put(UInt16(truncatingIfNeeded: id))
                    default: writer.put(id)
                    }
                }
            }
        }
        events.times.withUnsafeBufferPointer { times in
            for row in rows {
                let delta = times[Int(row)] &- firstTime
                if hasWideTimes {
                    writer.put(delta)
                } else {
                    writer.put(UInt32(truncatingIfNeeded: delta))
                }
            }
        }
        events.values.withUnsafeBufferPointer { values in
            for row in rows { writer.put(values[Int(row)].bitPattern) }
        }
    }
}

/// Writes numbers one after another into memory that is large enough.
private struct ColumnWriter {
    private let bytes: UnsafeMutableRawBufferPointer
    private var position: Int

    init(_ bytes: UnsafeMutableRawBufferPointer, position: Int) {
        self.bytes = bytes
        self.position = position
    }

    @inline(__always)
    mutating func put<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
        bytes.storeBytes(of: value.littleEndian, toByteOffset: position, as: Value.self)
        position &+= MemoryLayout<Value>.size
    }

    /// Writes the names of a series with their lengths.
    mutating func put(_ key: SeriesKey) {
        put(UInt16(truncatingIfNeeded: key.device.utf8.count))
        put(UInt16(truncatingIfNeeded: key.sensor.utf8.count))
        put(key.device)
        put(key.sensor)
    }

    private mutating func put(_ text: String) {
        var text = text
        text.withUTF8 { name in
            UnsafeMutableRawBufferPointer(rebasing: bytes[position...])
                .copyMemory(from: UnsafeRawBufferPointer(name))
            position += name.count
        }
    }
}
