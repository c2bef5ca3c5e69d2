import Core

extension DefinitionWindows {
    var shape: WindowShape { WindowShape(definition) }

    /// Windows of a saved shape that no definition has any more, to read past them.
    init(ignoring shape: WindowShape) throws {
        do {
            let size = Duration.microseconds(shape.size)
            let step = Duration.microseconds(shape.step)
            let kinds: [WindowKind] = [
                .tumbling, .hopping(slide: step), .session(gap: step, maxSize: size),
            ]
            let definition = try WindowDefinition(
                name: "ignored",
                kind: kinds[Int(shape.kind)],
                size: size,
                quantiles: shape.hasSketches ? [0.5] : []
            )
            self.init(definition, index: 0)
        } catch {
            throw ByteReader.damaged("a definition is not valid")
        }
    }

    /// Reads the windows of a shape that this definition continues.
    @discardableResult
    mutating func decode(
        _ reader: inout ByteReader,
        _ saved: WindowShape,
        version: UInt64,
        _ keys: borrowing PartitionKeys,
        newest: Int64
    ) throws -> SavedMarks {
        let limit = PartitionWindows.timeMax * 2
        // Where windows were closed follows from the lateness they were closed with.
        var lateness = self.lateness
        var isUnchanged = false
        if version > 1 {
            lateness = try reader.signed()
            guard (0...WindowDefinition.durationMax.microseconds).contains(lateness) else {
                throw ByteReader.damaged("a lateness is out of range")
            }
        }
        if version > 2 { isUnchanged = try reader.fixed() == terms }
        closedThrough =
            version == 1
            ? max(-limit, try reader.signed()) : try reader.time(within: limit)
        if version == 1, closedThrough == -limit { closedThrough = Int64.min }
        if version > 2 { missedThrough = try reader.time(within: PartitionWindows.timeMax) }
        var marks = SavedMarks(closedThrough: closedThrough)
        if version > 1 {
            marks.devices = try decodeDevices(&reader, saved, limit, version: version)
        }
        if !isUnchanged { miss(through: newest) }
        let mark = version == 1 ? closedThrough : Self.mark(closedThrough, newest, lateness)
        for _ in 0..<(try reader.count()) {
            try decodeWindow(
                &reader,
                saved,
                version: version,
                keys,
                mark: mark,
                lateness: lateness
            )
        }
        if version > 1 { try decodeSent(&reader, keys) }
        return marks
    }

    /// Reads how often closed hopping windows were sent out.
    private mutating func decodeSent(
        _ reader: inout ByteReader,
        _ keys: borrowing PartitionKeys
    ) throws {
        for _ in 0..<(try reader.count()) {
            let id = try reader.varint()
            let end = try reader.time(within: PartitionWindows.timeMax * 2)
            let emissions = try reader.varint()
            guard id < UInt64(keys.series.count), isHopping, end != Int64.min,
                (1...UInt64(Slot.emissionsMax)).contains(emissions),
                geometry.paneStart(of: end) == end,
                sentTable.find(UInt32(id), end, sent) < 0
            else { throw ByteReader.damaged("a sent window is not valid") }
            guard keepsClosed else { continue }
            let device = isPerDevice ? keys.deviceOf[Int(id)] : 0
            let slot = sentCounter(of: UInt32(id), end: end, device: device)
            sent.slots.base[Int(slot)].emissions = UInt32(emissions)
        }
    }

    private static func mark(_ closedThrough: Int64, _ newest: Int64, _ lateness: Int64) -> Int64 {
        max(closedThrough, newest < Int64.min &+ lateness ? Int64.min : newest &- lateness)
    }

    private mutating func decodeDevices(
        _ reader: inout ByteReader,
        _ saved: WindowShape,
        _ limit: Int64,
        version: UInt64
    ) throws -> [DeviceMark] {
        let count = try reader.count()
        var marks: [DeviceMark] = []
        guard saved.isPerDevice || count == 0, !isPerDevice || count <= devices.count else {
            throw ByteReader.damaged("there are too many devices")
        }
        for device in 0..<count {
            let mark = DeviceMark(
                newest: try reader.time(within: PartitionWindows.timeMax),
                closedThrough: try reader.time(within: limit),
                missedThrough: version > 2
                    ? try reader.time(within: PartitionWindows.timeMax) : Int64.min
            )
            if isPerDevice { devices.base[device] = mark }
            marks.append(mark)
        }
        return marks
    }

    private mutating func decodeWindow(
        _ reader: inout ByteReader,
        _ saved: WindowShape,
        version: UInt64,
        _ keys: borrowing PartitionKeys,
        mark partitionMark: Int64,
        lateness: Int64
    ) throws {
        let id = try reader.varint()
        let start = try reader.signed()
        let emissions = version == 1 ? 0 : try reader.varint()
        guard id < UInt64(keys.series.count), emissions <= UInt64(Slot.emissionsMax),
            abs(start / 2) <= PartitionWindows.timeMax,
            isSession || geometry.paneStart(of: start) == start
        else { throw ByteReader.damaged("a window is not valid") }
        let series = UInt32(id)
        var closedEnd: Int64?
        if isSession, emissions > 0 {
            closedEnd = try reader.time(within: PartitionWindows.timeMax * 2)
        }
        let window =
            try version == 1
            ? Accumulator(version1: &reader) : Accumulator(from: start, &reader)
        guard !isSession || !window.isEmpty else {
            throw ByteReader.damaged("a session is empty")
        }
        let slot = pool.add(series: series, start: start)
        pool.slots.base[Int(slot)].emissions = UInt32(emissions)
        pool.slots.base[Int(slot)].accumulator = window
        if saved.hasSketches, !window.isEmpty {
            let sketch = sketches.add()
            try sketches.decode(into: sketch, &reader)
            if hasSketches { pool.sketches.base[Int(slot)] = sketch } else { sketches.free(sketch) }
        }
        let device = isPerDevice ? keys.deviceOf[Int(series)] : 0
        let isNew: Bool
        if isSession {
            isNew = restoreSession(slot, closedEnd: closedEnd, device: device)
        } else {
            let clock = isPerDevice ? devices[Int(device)] : DeviceMark()
            let mark =
                isPerDevice
                ? Self.mark(clock.closedThrough, clock.newest, lateness) : partitionMark
            isNew = restorePane(slot, mark: mark, device: device)
        }
        guard isNew else { throw ByteReader.damaged("a window is there twice") }
    }

    private mutating func restorePane(_ slot: Int32, mark: Int64, device: UInt32) -> Bool {
        let window = pool[slot]
        let lastEnd = geometry.lastEnd(ofPane: window.start)
        let isClosed = lastEnd <= mark
        if isClosed, !keepsClosed {
            free(slot)
            return true
        }
        let newest = pool.newest(of: window.series)
        if newest >= 0 {
            guard pool[newest].start < window.start else { return false }
            table.insert(newest, pool)
        }
        pool.latest.base[Int(window.series)] = slot
        if isClosed {
            kept.schedule(slot, at: lastEnd &+ correctFor, device: device)
        } else {
            let first = geometry.firstEnd(ofPane: window.start)
            let end = min(lastEnd, geometry.end(from: first, above: mark))
            open.schedule(slot, at: end, device: device)
        }
        return true
    }

    private mutating func restoreSession(
        _ slot: Int32,
        closedEnd: Int64?,
        device: UInt32
    ) -> Bool {
        let window = pool[slot]
        if let closedEnd {
            guard keepsClosed else {
                free(slot)
                return true
            }
            closedSessions.insert(slot, pool)
            kept.schedule(slot, at: closedEnd &+ correctFor, device: device)
            return true
        }
        let newest = pool.newest(of: window.series)
        if newest >= 0 {
            guard pool[newest].start < window.start else { return false }
            older.insert(newest, pool)
        }
        pool.latest.base[Int(window.series)] = slot
        open.schedule(slot, at: window.accumulator.ends.lastTime &+ gap, device: device)
        return true
    }
}

extension Accumulator {
    /// Reads the aggregates as version 1 of the snapshot has them.
    init(version1 reader: inout ByteReader) throws {
        let count = try reader.varint()
        guard count >= 1, count <= UInt64(Int64.max) else {
            throw ByteReader.damaged("a count is out of range")
        }
        self.init(time: try reader.signed(), value: 0)
        moments.count = Int64(count)
        ends.lastTime = try reader.signed()
        extremes.min = try reader.double()
        extremes.max = try reader.double()
        ends.first = try reader.double()
        ends.last = try reader.double()
        moments.shift = try reader.double()
        (moments.high.x, moments.low.x) = (try reader.double(), try reader.double())
        (moments.high.y, moments.low.y) = (try reader.double(), try reader.double())
    }
}
