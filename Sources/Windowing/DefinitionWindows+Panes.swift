import Core

/// What one batch did to a definition.
struct RowCounts {
    var windowed: Int64 = 0
    var filtered: Int64 = 0
    var late: Int64 = 0
    var adjusted: Int64 = 0
    var corrected: Int64 = 0

    /// Adds itself to the counters of a definition.
    func add(to counters: inout WindowCounters.Definition) {
        counters.windowed &+= windowed
        counters.filtered &+= filtered
        counters.late &+= late
        counters.adjusted &+= adjusted
        counters.corrected &+= corrected
    }
}

extension DefinitionWindows {
    /// Applies the events of a batch in order to tumbling or hopping windows.
    mutating func applyPanes(
        _ rows: BatchRows,
        newest before: Int64,
        _ keys: inout PartitionKeys,
        _ output: inout WindowOutput
    ) {
        let filter = definition.filter
        let pane = geometry.pane
        var newest = before
        var mark = mark(newest)
        var start: Int64 = 0
        var lastEnd = geometry.lastEnd(ofPane: 0)
        var counts = RowCounts()
        var low = 0
        while low < rows.count {
            let step = rows.step(at: low)
            prefetch(rows, rows.comingIntoView(with: step))
            for row in step where rows.ids[row] != BatchRows.skip {
                let id = rows.ids[row]
                let time = rows.times[row]
                let value = rows.values[row]
                let device = isPerDevice ? keys.deviceOf[Int(id)] : 0
                if isPerDevice { mark = self.mark(ofDevice: device) }
                if let filter, !filter.accepts(value) {
                    counts.filtered &+= 1
                } else {
                    if UInt64(bitPattern: time &- start) >= UInt64(bitPattern: pane) {
                        start = geometry.paneStart(of: time)
                        lastEnd = geometry.lastEnd(ofPane: start)
                    }
                    if lastEnd > mark {
                        counts.windowed &+= 1
                        addToPane(id, start, time, value, mark: mark, device: device)
                        if keepsClosed { noteClosedWindows(of: id, start, mark, device) }
                    } else {
                        addLate(rows, row, start, lastEnd, mark, device, &counts, keys, &output)
                    }
                }
                if isPerDevice {
                    advance(device, to: time, &keys, &output)
                } else if time > newest {
                    newest = time
                    mark = max(mark, watermark(newest))
                    if mark >= open.earliest { close(through: mark, &keys, &output) }
                    sendDueCorrections(at: mark, &keys, &output)
                }
            }
            low = step.upperBound
        }
        counts.add(to: &output.counters.definitions[index])
    }

    /// Starts reading the newest window of each row's series.
    @inline(__always)
    func prefetch(_ rows: BatchRows, _ range: Range<Int>) {
        for row in range where rows.ids[row] != BatchRows.skip {
            let slot = pool.latest[Int(rows.ids[row])]
            if slot >= 0 { pool.prefetch(slot) }
        }
    }

    /// Moves the clock of a device, and closes what that ends.
    @inline(__always)
    mutating func advance(
        _ device: UInt32,
        to time: Int64,
        _ keys: inout PartitionKeys,
        _ output: inout WindowOutput
    ) {
        guard time > devices[Int(device)].newest else { return }
        devices.base[Int(device)].newest = time
        let mark = mark(ofDevice: device)
        if mark >= open.earliest(of: device) {
            close(device: device, through: mark, &keys, &output)
        }
        sendDueCorrections(at: mark, &keys, &output)
        if keepsClosed, mark >= min(kept.earliest(of: device), sentQueue.earliest(of: device)) {
            movedDevices.append(device)
        }
    }

    @inline(__always)
    private mutating func addToPane(
        _ series: UInt32,
        _ start: Int64,
        _ time: Int64,
        _ value: Double,
        mark: Int64,
        device: UInt32
    ) {
        let slot = pool.latest[Int(series)]
        if slot >= 0 {
            let window = pool.slots.base + Int(slot)
            if window.pointee.series == series, window.pointee.start == start {
                insert(time, value, into: slot)
                return
            }
        }
        insert(time, value, into: pane(of: series, start, mark: mark, device: device))
    }

    /// The pane of a series that starts at a time, made when there is none.
    @inline(never)
    mutating func pane(of series: UInt32, _ start: Int64, mark: Int64, device: UInt32) -> Int32 {
        let newest = pool.newest(of: series)
        if newest >= 0 {
            let newestStart = pool[newest].start
            if newestStart == start { return newest }
            if start < newestStart {
                let found = table.find(series, start, pool)
                if found >= 0 { return found }
            }
        }
        let slot = pool.add(series: series, start: start)
        if newest < 0 || pool[newest].start < start {
            if newest >= 0 { table.insert(newest, pool) }
            pool.latest.base[Int(series)] = slot
        } else {
            table.insert(slot, pool)
        }
        schedule(slot, mark: mark, device: device)
        return slot
    }

    /// Schedules a pane for the first of its windows that ends above a mark, or to be forgotten.
    mutating func schedule(_ slot: Int32, mark: Int64, device: UInt32) {
        let start = pool[slot].start
        let lastEnd = geometry.lastEnd(ofPane: start)
        if lastEnd > mark {
            let end = geometry.end(from: geometry.firstEnd(ofPane: start), above: mark)
            open.schedule(slot, at: end, device: device)
        } else {
            kept.schedule(slot, at: lastEnd &+ correctFor, device: device)
        }
    }

    /// The pane of a series that starts at a time; -1 when there is none.
    func findPane(_ series: UInt32, _ start: Int64) -> Int32 {
        let newest = pool.newest(of: series)
        if newest >= 0, pool[newest].start == start { return newest }
        return table.find(series, start, pool)
    }

    mutating func removeFromTable(_ slot: Int32) {
        if pool.latest[Int(pool[slot].series)] != slot { table.remove(slot, pool) }
    }

    /// Counts or reports a reading whose windows are all closed.
    @inline(never)
    private mutating func addLate(
        _ rows: BatchRows,
        _ row: Int,
        _ start: Int64,
        _ lastEnd: Int64,
        _ mark: Int64,
        _ device: UInt32,
        _ counts: inout RowCounts,
        _ keys: borrowing PartitionKeys,
        _ output: inout WindowOutput
    ) {
        let id = rows.ids[row]
        let value = rows.values[row]
        switch definition.latePolicy {
        case .adjust:
            let start = geometry.paneStart(of: mark)
            counts.adjusted &+= 1
            addToPane(id, start, mark, value, mark: mark, device: device)
        case .correct
        where lastEnd &+ correctFor > mark
            && lastEnd &- geometry.size > missedThrough(device):
            counts.corrected &+= 1
            addToPane(id, start, rows.times[row], value, mark: mark, device: device)
            noteClosedWindows(of: id, start, mark, device)
            if isPerDevice { movedDevices.append(device) }
        case .drop, .correct:
            counts.late &+= 1
            reportLate(rows, row, keys, &output)
        }
    }

    func reportLate(
        _ rows: BatchRows,
        _ row: Int,
        _ keys: borrowing PartitionKeys,
        _ output: inout WindowOutput
    ) {
        guard output.hasRoom(for: .late) else { return }
        output.report(
            Unwindowed(
                reason: .late,
                definition: definition.name,
                key: keys.series.keys[Int(rows.ids[row])],
                time: Timestamp(microseconds: rows.times[row]),
                value: rows.values[row],
                offset: rows.baseOffset &+ Int64(row)
            )
        )
    }

    /// Marks the closed windows of a pane that can still be corrected.
    @inline(__always)
    private mutating func noteClosedWindows(
        of series: UInt32,
        _ start: Int64,
        _ mark: Int64,
        _ device: UInt32
    ) {
        let first = geometry.firstEnd(ofPane: start)
        if first <= mark { noteClosedWindows(of: series, start, from: first, mark, device) }
    }

    @inline(never)
    private mutating func noteClosedWindows(
        of series: UInt32,
        _ start: Int64,
        from first: Int64,
        _ mark: Int64,
        _ device: UInt32
    ) {
        let lastEnd = min(geometry.lastEnd(ofPane: start), mark)
        let tooEarly = max(mark &- correctFor, missedThrough(device) &+ geometry.size)
        var end = geometry.end(from: first, above: tooEarly)
        while end <= lastEnd {
            // A tumbling window counts its own emissions.
            let slot =
                isHopping
                ? sentCounter(of: series, end: end, device: device) : findPane(series, start)
            let counter = (isHopping ? sent.slots.base : pool.slots.base) + Int(slot)
            if counter.pointee.emissions & Slot.dirty == 0 {
                counter.pointee.emissions |= Slot.dirty
                corrections.append(slot)
                if isHopping { correctionsDue = min(correctionsDue, end &+ correctFor) }
            }
            end &+= geometry.slide
        }
    }
}
