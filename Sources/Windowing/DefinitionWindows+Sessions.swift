import Core

extension DefinitionWindows {
    private var maxSize: Int64 { geometry.size }

    /// Applies the events of a batch in order to sessions.
    mutating func applySessions(
        _ rows: BatchRows,
        newest before: Int64,
        _ keys: inout PartitionKeys,
        _ output: inout WindowOutput
    ) {
        let filter = definition.filter
        var newest = before
        var mark = mark(newest)
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
                } else if addToSession(id, time, value, mark: mark, device: device) {
                    counts.windowed &+= 1
                } else {
                    addLate(rows, row, mark, device, &counts, keys, &output)
                }
                if isPerDevice {
                    advance(device, to: time, &keys, &output)
                } else if time > newest {
                    newest = time
                    mark = max(mark, watermark(newest))
                    if mark >= open.earliest { close(through: mark, &keys, &output) }
                }
            }
            low = step.upperBound
        }
        counts.add(to: &output.counters.definitions[index])
    }

    /// Adds a reading to an open session or a new one; false when that would be closed already.
    private mutating func addToSession(
        _ series: UInt32,
        _ time: Int64,
        _ value: Double,
        mark: Int64,
        device: UInt32
    ) -> Bool {
        let newest = pool.newest(of: series)
        var before: Int32 = -1
        var after: Int32 = -1
        if newest >= 0 {
            if pool.slots.base[Int(newest)].start <= time {
                before = newest
            } else {
                after = newest
                if !older.isEmpty {
                    before = older.last(of: series, through: time, pool)
                    let next = older.first(of: series, after: time, pool)
                    if next >= 0 { after = next }
                }
            }
        }
        if before >= 0 {
            let session = pool.slots.base + Int(before)
            let last = session.pointee.accumulator.ends.lastTime
            if time <= last {
                insert(time, value, into: before)
                return true
            }
            if time &- last < gap, time &+ gap &- session.pointee.start <= maxSize {
                insert(time, value, into: before)
                if after >= 0 { join(before, after) }
                return true
            }
        }
        if after >= 0 {
            let session = pool.slots.base + Int(after)
            let end = session.pointee.accumulator.ends.lastTime &+ gap
            if session.pointee.start &- time < gap, end &- time <= maxSize {
                session.pointee.start = time
                insert(time, value, into: after)
                return true
            }
        }
        guard time &+ gap > mark else { return false }
        openSession(series, time, value, device: device)
        return true
    }

    private mutating func openSession(
        _ series: UInt32,
        _ time: Int64,
        _ value: Double,
        device: UInt32
    ) {
        let newest = pool.newest(of: series)
        let slot = pool.add(series: series, start: time)
        insert(time, value, into: slot)
        if newest < 0 || pool[newest].start < time {
            if newest >= 0 { older.insert(newest, pool) }
            pool.latest.base[Int(series)] = slot
        } else {
            older.insert(slot, pool)
        }
        open.schedule(slot, at: time &+ gap, device: device)
    }

    /// Joins two neighbouring sessions when the gap and the longest session allow it.
    private mutating func join(_ before: Int32, _ after: Int32) {
        let left = pool.slots.base + Int(before)
        let right = pool.slots.base + Int(after)
        let end = right.pointee.accumulator.ends.lastTime &+ gap
        guard right.pointee.start &- left.pointee.accumulator.ends.lastTime < gap,
            end &- left.pointee.start <= maxSize
        else { return }
        left.pointee.accumulator.merge(right.pointee.accumulator)
        if hasSketches { sketches.merge(sketch(of: after), into: sketch(of: before)) }
        open.remove(after)
        let series = Int(right.pointee.series)
        if pool.latest[series] == after {
            older.remove(before)
            pool.latest.base[series] = before
        } else {
            older.remove(after)
        }
        free(after)
    }

    /// Closes the sessions that end when they are due and schedules the others, which grew, again.
    ///
    /// All that end at a time are due then at the latest, so rows come by end.
    mutating func closeSessions(
        _ slots: inout [Int32],
        end due: Int64,
        _ keys: inout PartitionKeys,
        _ output: inout WindowOutput
    ) {
        var ended: [Int32] = []
        for slot in slots {
            let window = pool.slots.base + Int(slot)
            let end = window.pointee.accumulator.ends.lastTime &+ gap
            if end > due {
                let device = isPerDevice ? keys.deviceOf[Int(window.pointee.series)] : 0
                open.schedule(slot, at: end, device: device)
            } else {
                ended.append(slot)
            }
        }
        guard !ended.isEmpty else { return }
        sortByKey(&ended, &keys)
        send(ended, &output) { _, slot in (slot.start, due) }
        for slot in ended { settle(slot, end: due, keys) }
    }

    /// Takes a closed session out of the open ones, and keeps it when it can be corrected.
    private mutating func settle(
        _ slot: Int32,
        end: Int64,
        _ keys: borrowing PartitionKeys
    ) {
        let window = pool.slots.base + Int(slot)
        let series = window.pointee.series
        raiseMark(to: end, series: series, keys)
        if pool.latest[Int(series)] == slot {
            pool.latest.base[Int(series)] = -1
        } else {
            older.remove(slot)
        }
        guard keepsClosed else {
            free(slot)
            return
        }
        window.pointee.emissions = 1
        closedSessions.insert(slot, pool)
        let device = isPerDevice ? keys.deviceOf[Int(series)] : 0
        kept.schedule(slot, at: end &+ correctFor, device: device)
    }

    /// Counts or reports a reading that can join no open session and is too late for its own.
    @inline(never)
    private mutating func addLate(
        _ rows: BatchRows,
        _ row: Int,
        _ mark: Int64,
        _ device: UInt32,
        _ counts: inout RowCounts,
        _ keys: borrowing PartitionKeys,
        _ output: inout WindowOutput
    ) {
        let id = rows.ids[row]
        let value = rows.values[row]
        if definition.latePolicy == .adjust {
            counts.adjusted &+= 1
            _ = addToSession(id, mark, value, mark: mark, device: device)
        } else if keepsClosed, correct(id, rows.times[row], value, mark, device) {
            counts.corrected &+= 1
            if isPerDevice { movedDevices.append(device) }
        } else {
            counts.late &+= 1
            reportLate(rows, row, keys, &output)
        }
    }

    /// Counts a reading in the closed session it lies in, or in a closed one of its own.
    private mutating func correct(
        _ series: UInt32,
        _ time: Int64,
        _ value: Double,
        _ mark: Int64,
        _ device: UInt32
    ) -> Bool {
        let missed = missedThrough(device)
        // A reading that is missing here may lie in its gap.
        guard missed == Int64.min || time &- gap > missed else { return false }
        var slot = closedSessions.last(of: series, through: time, pool)
        while slot >= 0 {
            let expiry = kept.time(of: slot)
            if time < expiry &- correctFor, expiry > mark {
                guard pool[slot].start > missed else { return false }
                insert(time, value, into: slot)
                noteCorrection(slot)
                return true
            }
            guard time &- pool[slot].start < maxSize else { break }
            slot = closedSessions.previous(slot, pool)
        }
        guard time &+ gap &+ correctFor > mark else { return false }
        let added = pool.add(series: series, start: time)
        insert(time, value, into: added)
        closedSessions.insert(added, pool)
        kept.schedule(added, at: time &+ gap &+ correctFor, device: device)
        noteCorrection(added)
        return true
    }

    private mutating func noteCorrection(_ slot: Int32) {
        guard pool[slot].emissions & Slot.dirty == 0 else { return }
        pool.slots.base[Int(slot)].emissions |= Slot.dirty
        corrections.append(slot)
    }
}
