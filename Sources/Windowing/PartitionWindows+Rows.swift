import Core

// The rows of a batch on their way to the definitions.
//
// A reading that is late for every definition must not be remembered, and whether it is shows
// only when the definitions have taken all before it. So a batch is taken in stretches that end
// before a reading that may be one; that is rare, and a stretch is mostly the whole batch.
extension PartitionWindows {
    /// The definition that gives up a reading last, as far as that can be told.
    ///
    /// - Returns: nil when a definition drops nothing that is late.
    static func judge(of definitions: [WindowDefinition]) -> Int? {
        guard definitions.allSatisfy({ $0.latePolicy != .adjust }) else { return nil }
        let patience = definitions.map { definition -> (isPerDevice: Int, time: Duration) in
            let corrects = definition.latePolicy == .correct
            return (
                definition.watermark == .device ? 1 : 0,
                definition.allowedLateness + definition.size
                    + (corrects ? definition.correctFor : .zero)
            )
        }
        return definitions.indices.max { patience[$0] < patience[$1] }
    }

    /// Skips repeats and what is over the limit, and gives the rest to the definitions.
    mutating func takeRows(
        of events: EventBatch,
        baseOffset: Int64,
        _ output: inout WindowOutput
    ) {
        times.makeUnique()
        times.grow(to: events.count, filledWith: 0)
        growDeviceTimes()
        var start = 0
        while start < events.count {
            let newest = newestTime
            let end = findDuplicates(events, from: start, baseOffset, &output)
            apply(start..<end, of: events, baseOffset, newest: newest, &output)
            if end < events.count { takeAlone(end, of: events, baseOffset, &output) }
            start = end + 1
        }
    }

    /// Finds repeats and what is over the limit, and remembers the rest; the newest time rises.
    ///
    /// - Returns: the first row that may be late for every definition, else the end.
    private mutating func findDuplicates(
        _ events: EventBatch,
        from start: Int,
        _ baseOffset: Int64,
        _ output: inout WindowOutput
    ) -> Int {
        var newest = newestTime
        var mark = judge.map { states[$0].mark(newest) } ?? Int64.min
        let lateness = judge.map { states[$0].lateness } ?? Int64.max
        let tracksDevices = deviceTimes.count > 0
        defer { newestTime = newest }
        for row in start..<min(start &+ BatchRows.lookahead, events.count) { prefetchClocks(row) }
        for row in start..<events.count {
            if row &+ BatchRows.lookahead < events.count {
                prefetchClocks(row &+ BatchRows.lookahead)
            }
            let id = ids[row]
            let time = max(-Self.timeMax, min(Self.timeMax, events.times[row]))
            times.base[row] = time
            guard id != BatchRows.skip else {
                output.counters.overLimit &+= 1
                report(.overLimit, events, row, baseOffset, &output)
                continue
            }
            if time < mark, mayBeLate(time, id, mark: mark) { return row }
            guard clocks.insert(time, series: Int(id)) else {
                skipDuplicate(row, of: events, baseOffset, &output)
                continue
            }
            if tracksDevices { raiseDeviceTime(of: id, to: time) }
            guard time > newest else { continue }
            newest = time
            mark = max(mark, time < Int64.min &+ lateness ? Int64.min : time &- lateness)
        }
        return events.count
    }

    /// Takes a reading that may be late for every definition: then it is not remembered.
    @inline(never)
    private mutating func takeAlone(
        _ row: Int,
        of events: EventBatch,
        _ baseOffset: Int64,
        _ output: inout WindowOutput
    ) {
        let series = Int(ids[row])
        let time = times[row]
        guard !clocks.contains(time, series: series) else {
            return skipDuplicate(row, of: events, baseOffset, &output)
        }
        let before = lateCount(output)
        apply(row..<(row + 1), of: events, baseOffset, newest: newestTime, &output)
        if lateCount(output) &- before == Int64(definitions.count) {
            clocks.raise(to: time, series: series)
        } else {
            _ = clocks.insert(time, series: series)
        }
        if deviceTimes.count > 0 { raiseDeviceTime(of: ids[row], to: time) }
        newestTime = max(newestTime, time)
    }

    private func lateCount(_ output: borrowing WindowOutput) -> Int64 {
        output.counters.definitions.reduce(0) { $0 &+ $1.late }
    }

    /// Gives rows to the definitions, whose newest event before them is known.
    private mutating func apply(
        _ range: Range<Int>,
        of events: EventBatch,
        _ baseOffset: Int64,
        newest: Int64,
        _ output: inout WindowOutput
    ) {
        guard !range.isEmpty else { return }
        events.values.withUnsafeBufferPointer { values in
            guard let values = values.baseAddress else { return }
            let rows = BatchRows(
                ids: ids.base + range.lowerBound,
                times: times.base + range.lowerBound,
                values: values + range.lowerBound,
                count: range.count,
                baseOffset: baseOffset &+ Int64(range.lowerBound)
            )
            for index in states.indices {
                if states[index].isSession {
                    states[index].applySessions(rows, newest: newest, &keys, &output)
                } else {
                    states[index].applyPanes(rows, newest: newest, &keys, &output)
                }
            }
        }
    }

    /// Whether a reading may be late for the judge; `mark` is that of the partition.
    @inline(never)
    private func mayBeLate(_ time: Int64, _ id: UInt32, mark: Int64) -> Bool {
        guard let judge else { return false }
        guard deviceTimes.count > 0 else { return states[judge].mayBeLate(time, mark: mark, 0) }
        let device = keys.deviceOf[Int(id)]
        let own = max(
            states[judge].devices[Int(device)].closedThrough,
            states[judge].watermark(deviceTimes[Int(device)])
        )
        return states[judge].mayBeLate(time, mark: own, device)
    }

    /// Makes room for new devices, and reads those of a snapshot.
    private mutating func growDeviceTimes() {
        guard let judge, states[judge].isPerDevice else { return }
        deviceTimes.makeUnique()
        while deviceTimes.count < keys.devices.count {
            deviceTimes.append(states[judge].devices[deviceTimes.count].newest)
        }
    }

    @inline(__always)
    private func raiseDeviceTime(of id: UInt32, to time: Int64) {
        let device = deviceTimes.base + Int(keys.deviceOf[Int(id)])
        if time > device.pointee { device.pointee = time }
    }

    @inline(__always)
    private func prefetchClocks(_ row: Int) {
        let id = ids[row]
        if id != BatchRows.skip { clocks.prefetch(Int(id)) }
    }

    @inline(never)
    private mutating func skipDuplicate(
        _ row: Int,
        of events: EventBatch,
        _ baseOffset: Int64,
        _ output: inout WindowOutput
    ) {
        ids.base[row] = BatchRows.skip
        output.counters.duplicates &+= 1
        report(.duplicate, events, row, baseOffset, &output)
    }

    @inline(never)
    private func report(
        _ reason: Unwindowed.Reason,
        _ events: EventBatch,
        _ row: Int,
        _ baseOffset: Int64,
        _ output: inout WindowOutput
    ) {
        guard output.hasRoom(for: reason) else { return }
        output.report(
            Unwindowed(
                reason: reason,
                definition: nil,
                key: events.series.keys[Int(events.seriesIndex[row])],
                time: Timestamp(microseconds: events.times[row]),
                value: events.values[row],
                offset: baseOffset &+ Int64(row)
            )
        )
    }
}

extension DefinitionWindows {
    /// Whether a reading can be late at a mark: only a session that is open may still take it.
    func mayBeLate(_ time: Int64, mark: Int64, _ device: UInt32) -> Bool {
        let end = isSession ? time &+ gap : geometry.lastEnd(ofPane: geometry.paneStart(of: time))
        guard keepsClosed, end <= mark else { return end <= mark }
        let start = (isSession ? time : end) &- geometry.size
        return end &+ correctFor <= mark || start <= missedThrough(device)
    }
}
