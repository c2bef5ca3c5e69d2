import Core

extension PartitionWindows {
    static let snapshotMagic: UInt64 = 0x3130_574E_4957_5346  // "FSWINW01"
    static let snapshotVersion: UInt64 = 3

    /// The whole state as bytes; the same state gives the same bytes on every machine.
    ///
    /// Decoding between any two calls gives bit-identical later output; the times that
    /// ``takeNewestTimes()`` has yet to give are not part of it. Layout, numbers little-endian or
    /// LEB128: magic, version, newest time; series with their recent times, oldest first, as
    /// differences, and their newest time; definitions with their devices' clocks and their windows
    /// by series and start; XXHash64 of all that.
    public func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.fixed(Self.snapshotMagic)
        writer.varint(Self.snapshotVersion)
        writer.fixed(newestTime)
        encodeSeries(&writer)
        writer.varint(UInt64(states.count))
        for state in states { state.encode(&writer, seriesCount: keys.series.count) }
        writer.fixed(XXHash64.hash(writer.bytes))
        return Array(writer.bytes)
    }

    private func encodeSeries(_ writer: inout ByteWriter) {
        writer.varint(UInt64(keys.series.count))
        for id in 0..<keys.series.count {
            keys.series.withBytes(of: UInt32(id)) { device, sensor in
                writer.text(device)
                writer.text(sensor)
            }
            let (times, count) = clocks.times(of: id)
            writer.varint(UInt64(count))
            var previous: Int64 = 0
            for index in 0..<count {
                writer.zigzag(times[index] &- previous)
                previous = times[index]
            }
            writer.zigzag(clocks.newest(of: id) &- previous)
        }
    }
}

extension DefinitionWindows {
    func encode(_ writer: inout ByteWriter, seriesCount: Int) {
        writer.text(definition.name)
        writer.varint(shape.kind)
        writer.fixed(shape.size)
        writer.fixed(shape.step)
        writer.varint(shape.isPerDevice ? 1 : 0)
        writer.varint(shape.hasSketches ? 1 : 0)
        writer.fixed(lateness)
        writer.fixed(terms)
        writer.fixed(closedThrough)
        writer.fixed(missedThrough)
        writer.varint(UInt64(devices.count))
        for device in 0..<devices.count {
            writer.fixed(devices[device].newest)
            writer.fixed(devices[device].closedThrough)
            writer.fixed(devices[device].missedThrough)
        }
        let slots = sortedSlots(seriesCount: seriesCount)
        writer.varint(UInt64(slots.count))
        for slot in slots { encode(slot, &writer) }
        let counters = sent.sortedSlots(seriesCount: seriesCount)
        writer.varint(UInt64(counters.count))
        for slot in counters {
            writer.varint(UInt64(sent[slot].series))
            writer.fixed(sent[slot].start)
            writer.varint(UInt64(sent[slot].emissions))
        }
    }

    /// The windows by series, then start; of sessions that start together, by end.
    private func sortedSlots(seriesCount: Int) -> [Int32] {
        var slots = pool.sortedSlots(seriesCount: seriesCount)
        guard isSession, keepsClosed else { return slots }
        var index = 1
        while index < slots.count {
            let (left, right) = (pool[slots[index - 1]], pool[slots[index]])
            if left.series == right.series, left.start == right.start,
                end(ofSession: slots[index - 1]) > end(ofSession: slots[index])
            {
                slots.swapAt(index - 1, index)
                index = max(1, index - 1)
            } else {
                index += 1
            }
        }
        return slots
    }

    private func end(ofSession slot: Int32) -> Int64 {
        pool[slot].emissions > 0
            ? kept.time(of: slot) &- correctFor
            : pool[slot].accumulator.ends.lastTime &+ gap
    }

    private func encode(_ slot: Int32, _ writer: inout ByteWriter) {
        let window = pool.slots.base + Int(slot)
        writer.varint(UInt64(window.pointee.series))
        writer.fixed(window.pointee.start)
        writer.varint(UInt64(window.pointee.emissions))
        if isSession, window.pointee.emissions > 0 { writer.fixed(end(ofSession: slot)) }
        window.pointee.accumulator.encode(from: window.pointee.start, &writer)
        guard hasSketches, !window.pointee.accumulator.isEmpty else { return }
        sketches.encode(pool.sketches[Int(slot)], &writer)
    }
}

extension Accumulator {
    /// Writes the aggregates; values that repeat the first reading or are zero take a bit.
    func encode(from start: Int64, _ writer: inout ByteWriter) {
        writer.varint(UInt64(moments.count))
        guard !isEmpty else { return }
        writer.zigzag(ends.firstTime &- start)
        writer.zigzag(ends.lastTime &- ends.firstTime)
        writer.fixed(moments.shift)
        let values = packed
        var mask: UInt64 = 0
        for index in 0..<8 where values[index].bitPattern != reference(index) {
            mask |= 1 << UInt64(index)
        }
        writer.varint(mask)
        for index in 0..<8 where mask >> UInt64(index) & 1 != 0 { writer.fixed(values[index]) }
    }

    /// Reads what ``encode(from:_:)`` wrote.
    init(from start: Int64, _ reader: inout ByteReader) throws {
        let count = try reader.varint()
        guard count <= UInt64(Int64.max) else { throw ByteReader.damaged("a count is too large") }
        guard count > 0 else {
            self = .empty
            return
        }
        let firstTime = start &+ (try reader.zigzag())
        let lastTime = firstTime &+ (try reader.zigzag())
        let range = -PartitionWindows.timeMax...PartitionWindows.timeMax
        guard range.contains(firstTime), range.contains(lastTime), firstTime <= lastTime else {
            throw ByteReader.damaged("a time is out of range")
        }
        self.init(time: firstTime, value: try reader.double())
        ends.lastTime = lastTime
        moments.count = Int64(count)
        let mask = try reader.varint()
        var values = packed
        for index in 0..<8 {
            values[index] =
                mask >> UInt64(index) & 1 != 0
                ? try reader.double() : Double(bitPattern: reference(index))
        }
        packed = values
    }

    private var packed: SIMD8<Double> {
        get {
            SIMD8(
                extremes.min,
                extremes.max,
                ends.first,
                ends.last,
                moments.high.x,
                moments.low.x,
                moments.high.y,
                moments.low.y
            )
        }
        set {
            extremes.min = newValue[0]
            extremes.max = newValue[1]
            ends.first = newValue[2]
            ends.last = newValue[3]
            moments.high = SIMD2(newValue[4], newValue[6])
            moments.low = SIMD2(newValue[5], newValue[7])
        }
    }

    /// What a value of the packed ones usually is.
    private func reference(_ index: Int) -> UInt64 { index < 4 ? moments.shift.bitPattern : 0 }
}

extension SketchPool {
    func encode(_ sketch: Int32, _ writer: inout ByteWriter) {
        writer.varint(UInt64(sketches[Int(sketch)].level))
        writer.varint(UInt64(sketches[Int(sketch)].count))
        var previous: Int64 = 0
        forEach(sketch) { key, count in
            writer.zigzag(Int64(key) - previous)
            writer.varint(count)
            previous = Int64(key)
        }
    }

    /// Reads a sketch that has at least one entry into an empty one.
    mutating func decode(into sketch: Int32, _ reader: inout ByteReader) throws {
        let level = try reader.varint()
        let count = try reader.varint()
        guard level <= UInt64(QuantileBuckets.levelMax), (1...512).contains(count) else {
            throw ByteReader.damaged("a sketch is not valid")
        }
        var key: Int64 = 0
        for index in 0..<count {
            let step = try reader.zigzag()
            let readings = try reader.varint()
            key &+= step
            guard index == 0 || step > 0, (-131_071...131_071).contains(key),
                readings > 0, readings < 1 << 45
            else { throw ByteReader.damaged("a sketch is not valid") }
            insert(key: Int32(key), level: Int(level), count: readings, into: sketch)
        }
    }
}
