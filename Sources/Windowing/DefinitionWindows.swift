import Core

/// The windows of one definition in one partition.
struct DefinitionWindows: Sendable {
    let definition: WindowDefinition
    let index: Int
    let size: Int64
    let lateness: Int64
    /// The largest end of a closed window; no window that ends at or before it opens again.
    var closedThrough = Int64.min
    var open = OpenWindows()
    private var closing: [Int32] = []

    init(_ definition: WindowDefinition, index: Int) {
        self.definition = definition
        self.index = index
        size = definition.size.microseconds
        lateness = definition.allowedLateness.microseconds
    }

    /// The newest event time less the lateness; the smallest number before the first event.
    @inline(__always)
    func watermark(_ maxEventTime: Int64) -> Int64 {
        maxEventTime < Int64.min &+ lateness ? Int64.min : maxEventTime &- lateness
    }

    /// Applies the events of a batch in order; `ids` are the partition's, `skip` for duplicates.
    mutating func apply(
        _ events: EventBatch,
        ids: [UInt32],
        baseOffset: Int64,
        maxEventTime: Int64,
        order: inout KeyOrder,
        keys: SeriesKeys,
        output: inout WindowOutput
    ) {
        open.grow(to: keys.count)
        let filter = definition.filter
        var newest = maxEventTime
        var mark = max(closedThrough, watermark(newest))
        var earliestEnd = self.earliestEnd
        var start: Int64 = 0
        var counts = output.counters.definitions[index]
        for row in 0..<events.count where ids[row] != PartitionWindows.skip {
            let time = events.times[row]
            let value = events.values[row]
            if let filter, !filter.accepts(value) {
                counts.filtered &+= 1
            } else {
                if UInt64(bitPattern: time &- start) >= UInt64(bitPattern: size) {
                    start = windowStart(of: time)
                }
                if start &+ size <= mark {
                    counts.late &+= 1
                    output.late.append(
                        LateReading(
                            definition: definition.name,
                            key: keys[Int(ids[row])],
                            time: Timestamp(microseconds: time),
                            value: value,
                            offset: baseOffset &+ Int64(row)
                        )
                    )
                } else {
                    counts.windowed &+= 1
                    let opened = open.insert(
                        series: ids[row],
                        start: start,
                        time: time,
                        value: value
                    )
                    if opened { earliestEnd = min(earliestEnd, start &+ size) }
                }
            }
            guard time > newest else { continue }
            newest = time
            mark = max(mark, watermark(newest))
            if mark >= earliestEnd {
                close(through: mark, order: &order, keys: keys, output: &output)
                earliestEnd = self.earliestEnd
            }
        }
        counts.closed = output.counters.definitions[index].closed
        output.counters.definitions[index] = counts
    }

    /// Closes every open window that ends at or before a mark, by end, then key.
    mutating func close(
        through mark: Int64,
        order: inout KeyOrder,
        keys: SeriesKeys,
        output: inout WindowOutput
    ) {
        while let start = open.earliestStart, start &+ size <= mark {
            order.update(keys)
            open.earliestSlots(into: &closing)
            closing.sort { left, right in
                order.ranks[Int(open.slots[Int(left)].series)]
                    < order.ranks[Int(open.slots[Int(right)].series)]
            }
            for slot in closing { emit(open.slots[Int(slot)], keys, &output) }
            output.counters.definitions[index].closed &+= Int64(closing.count)
            open.removeEarliest(closing)
            closedThrough = max(closedThrough, start &+ size)
        }
    }

    private func emit(
        _ window: OpenWindow,
        _ keys: SeriesKeys,
        _ output: inout WindowOutput
    ) {
        let result = window.accumulator
        let id = output.closed[index].windows.series.insert(keys[Int(window.series)])
        output.closed[index].windows.append(
            series: id,
            start: window.start,
            end: window.start &+ size,
            count: result.count,
            sum: result.sum,
            mean: result.mean,
            min: result.min,
            max: result.max,
            stddev: result.stddev,
            first: result.first,
            last: result.last
        )
    }

    private var earliestEnd: Int64 {
        open.earliestStart.map { $0 &+ size } ?? Int64.max
    }

    /// The multiple of the size at or below a time, for negative times too.
    private func windowStart(of time: Int64) -> Int64 {
        let (quotient, remainder) = time.quotientAndRemainder(dividingBy: size)
        return (remainder < 0 ? quotient &- 1 : quotient) &* size
    }
}
