import Core

extension DefinitionWindows {
    /// Sends out the windows that end at a time, made of these panes, and moves the panes on.
    mutating func closePanes(
        _ slots: inout [Int32],
        end: Int64,
        _ keys: inout PartitionKeys,
        _ output: inout WindowOutput
    ) {
        sortByKey(&slots, &keys)
        if isHopping {
            sendMerged(&slots, end: end, keys, &output)
        } else {
            send(slots, &output) { _, slot in (slot.start, end) }
        }
        if !isHopping, !keepsClosed {
            freeAll(slots, end: end, keys)
            return
        }
        for slot in slots {
            let series = pool[slot].series
            let device = isPerDevice ? keys.deviceOf[Int(series)] : 0
            raiseMark(to: end, series: series, keys)
            let lastEnd = geometry.lastEnd(ofPane: pool[slot].start)
            if end < lastEnd {
                open.schedule(slot, at: end &+ geometry.slide, device: device)
            } else if keepsClosed {
                pool.slots.base[Int(slot)].emissions = 1
                kept.schedule(slot, at: lastEnd &+ correctFor, device: device)
            } else {
                removeFromTable(slot)
                free(slot)
            }
        }
    }

    /// Gives back the slots of tumbling windows.
    private mutating func freeAll(
        _ slots: [Int32],
        end: Int64,
        _ keys: borrowing PartitionKeys
    ) {
        closedThrough = max(closedThrough, end)
        for slot in slots {
            if isPerDevice { raiseMark(to: end, series: pool[slot].series, keys) }
            removeFromTable(slot)
            free(slot)
        }
    }

    func sortByKey(_ slots: inout [Int32], _ keys: inout PartitionKeys) {
        keys.order.sort(&slots, keys.series) { pool.slots.base[Int($0)].series }
    }

    /// Sends out slots that are windows, for the first time.
    mutating func send(
        _ slots: [Int32],
        _ output: inout WindowOutput,
        bounds: (Int32, borrowing Slot) -> (start: Int64, end: Int64)
    ) {
        for (position, slot) in slots.enumerated() {
            if position &+ 8 < slots.count { pool.prefetch(slots[position &+ 8]) }
            let window = pool.slots.base + Int(slot)
            let (start, end) = bounds(slot, window.pointee)
            if hasSketches {
                writeQuantiles(window.pointee.accumulator, sketch: pool.sketches[Int(slot)])
            }
            block.append(
                series: window.pointee.series,
                start: start,
                end: end,
                window.pointee.accumulator,
                revision: 0
            )
            flush(whenAbove: RowBlock.rowCountMax - 1, &output)
        }
        flush(whenAbove: 0, &output)
        output.counters.definitions[index].closed &+= Int64(slots.count)
    }

    /// Sends out the window of each series that is made of these panes, which are sorted by key.
    private mutating func sendMerged(
        _ slots: inout [Int32],
        end: Int64,
        _ keys: borrowing PartitionKeys,
        _ output: inout WindowOutput
    ) {
        pool.sortByStart(&slots)
        var low = 0
        var closed: Int64 = 0
        while low < slots.count {
            let series = pool[slots[low]].series
            var high = low + 1
            while high < slots.count, pool[slots[high]].series == series { high += 1 }
            sendMerged(slots[low..<high], end: end, revision: 0, &output)
            closed &+= 1
            if keepsClosed {
                let device = isPerDevice ? keys.deviceOf[Int(series)] : 0
                let counter = sentCounter(of: series, end: end, device: device)
                sent.slots.base[Int(counter)].emissions = 1
            }
            low = high
        }
        flush(whenAbove: 0, &output)
        output.counters.definitions[index].closed &+= closed
    }

    /// The slot that counts the emissions of a hopping window, made when there is none.
    mutating func sentCounter(of series: UInt32, end: Int64, device: UInt32) -> Int32 {
        let found = sentTable.find(series, end, sent)
        if found >= 0 { return found }
        let slot = sent.add(series: series, start: end)
        sentTable.insert(slot, sent)
        sentQueue.schedule(slot, at: end &+ correctFor, device: device)
        return slot
    }

    /// Sends out one window made of panes; there is at least one.
    private mutating func sendMerged(
        _ panes: ArraySlice<Int32>,
        end: Int64,
        revision: Int32,
        _ output: inout WindowOutput
    ) {
        guard let first = panes.first else { return }
        var window = Accumulator.empty
        for slot in panes { window.merge(pool.slots.base[Int(slot)].accumulator) }
        if hasSketches {
            let merged = sketches.add()
            for slot in panes where pool.sketches[Int(slot)] >= 0 {
                sketches.merge(pool.sketches[Int(slot)], into: merged)
            }
            writeQuantiles(window, sketch: merged)
            sketches.free(merged)
        }
        block.append(
            series: pool[first].series,
            start: end &- geometry.size,
            end: end,
            window,
            revision: revision
        )
        flush(whenAbove: RowBlock.rowCountMax - 1, &output)
    }

    /// Sends out the corrected windows again, by end, then key.
    mutating func sendCorrections(
        _ keys: inout PartitionKeys,
        _ output: inout WindowOutput
    ) {
        var slots = corrections
        corrections.removeAll(keepingCapacity: true)
        correctionsDue = Int64.max
        let counters = isHopping ? sent.slots.base : pool.slots.base
        keys.order.sort(&slots, keys.series) { counters[Int($0)].series }
        let ordered = slots.enumerated()
            .map { (position: $0.offset, slot: $0.element, end: endOfClosed($0.element)) }
            .sorted { ($0.end, $0.position) < ($1.end, $1.position) }
        for (_, slot, end) in ordered {
            let emissions = counters[Int(slot)].emissions & ~Slot.dirty
            counters[Int(slot)].emissions = min(emissions + 1, Slot.emissionsMax)
            sendCorrected(slot, end: end, revision: Int32(emissions), &output)
            output.counters.definitions[index].closed &+= emissions == 0 ? 1 : 0
            output.counters.definitions[index].revised &+= emissions == 0 ? 0 : 1
        }
        flush(whenAbove: 0, &output)
    }

    /// The end of the window whose emissions a slot counts.
    private func endOfClosed(_ slot: Int32) -> Int64 {
        if isSession { return kept.time(of: slot) &- correctFor }
        return isHopping ? sent[slot].start : pool[slot].start &+ geometry.size
    }

    private mutating func sendCorrected(
        _ slot: Int32,
        end: Int64,
        revision: Int32,
        _ output: inout WindowOutput
    ) {
        if isHopping {
            var panes: [Int32] = []
            var start = end &- geometry.size
            while start < end {
                let pane = findPane(sent[slot].series, start)
                if pane >= 0 { panes.append(pane) }
                start &+= geometry.pane
            }
            sendMerged(panes[...], end: end, revision: revision, &output)
            return
        }
        let window = pool[slot]
        if hasSketches {
            writeQuantiles(window.accumulator, sketch: pool.sketches[Int(slot)])
        }
        block.append(
            series: window.series,
            start: window.start,
            end: end,
            window.accumulator,
            revision: revision
        )
        flush(whenAbove: RowBlock.rowCountMax - 1, &output)
    }

    private func writeQuantiles(_ window: borrowing Accumulator, sketch: Int32) {
        sketches.quantiles(
            definition.quantiles,
            of: sketch,
            count: window.moments.count,
            min: window.extremes.min,
            max: window.extremes.max,
            into: block.nextQuantiles
        )
    }

    @inline(__always)
    private mutating func flush(whenAbove count: Int, _ output: inout WindowOutput) {
        if block.count > count { block.flush(to: &output.closed[index].windows) }
    }
}
