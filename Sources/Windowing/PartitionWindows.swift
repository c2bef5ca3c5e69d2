public import Core

/// The event-time windows of one partition: events in, closed windows and unwindowed readings out.
///
/// Tumbling and hopping windows are aligned to the epoch. The watermark of a definition is the
/// newest event time of the partition, or of each device, less its allowed lateness; duplicate,
/// filtered and late events count for it too. A window closes when the watermark reaches its
/// end. A reading is late for a definition when, just before it, the ends of all its windows were
/// at or below the watermark or the *closed-through mark*, the largest end of a window closed so
/// far, even if its series had no window there; ``LatePolicy`` says what becomes of it. Of a
/// hopping definition a reading counts in those of its windows that are open. A reading is late
/// for sessions when it can join no open session and one of it alone would be closed. Events take
/// effect one at a time, in log order.
///
/// With ``LatePolicy/correct`` closed windows are kept until the watermark is `correctFor` above
/// their end. A reading for them counts there, and at the end of the call each window with new
/// readings is sent out once more, its revision raised by one; a window that was not sent out
/// before, because it had no reading, gets revision 0. Hopping windows go out earlier when one of
/// them can be corrected no longer, so that none shows what its panes took after that. Bounds of a
/// closed session stay: a reading within them corrects it, another one makes a closed session of
/// its own.
///
/// A reading with the time of one of the last eight distinct readings of its series is a
/// duplicate and goes nowhere. Every new reading is remembered, filtered and late ones too.
///
/// Everything follows from the events, their order and how they are cut into calls (which only
/// coalesces corrections): the same calls give the same bits.
///
/// - Range: times are taken as within 2^60 microseconds of the epoch, 36,000 years.
/// - Concurrency: a plain value without clock or I/O; one owner.
public struct PartitionWindows: Sendable {
    public let definitions: [WindowDefinition]
    /// The most series that are taken; readings of others are counted and reported.
    public let seriesCountMax: Int
    var states: [DefinitionWindows]
    var keys: PartitionKeys
    var clocks = SeriesClocks()
    /// `Int64.min` before the first event.
    var newestTime = Int64.min
    /// Per row of the current batch: the series id or ``BatchRows/skip``, and the time in range.
    private var ids = Column<UInt32>()
    private var times = Column<Int64>()
    /// Per series of the current batch: its id here, ``BatchRows/skip`` or ``unknown``.
    private var mapping = Column<UInt32>()
    private var wanted: [UInt32] = []
    private var found: [UInt32] = []
    private var numbered = NumberedSeries()

    private static let unknown = UInt32.max - 1
    /// More series than memory for them.
    public static let seriesCountLimit = 1 << 30
    /// The largest time, and less zero the smallest.
    static let timeMax: Int64 = (1 << 60) - 1

    /// Starts empty; names are distinct (``WindowDefinition/checkNamesAreDistinct(_:)``).
    public init(
        definitions: [WindowDefinition],
        seriesCountMax: Int = PartitionWindows.seriesCountLimit
    ) {
        precondition(
            Set(definitions.map(\.name)).count == definitions.count,
            "window definitions have distinct names"
        )
        self.definitions = definitions
        self.seriesCountMax = max(0, min(seriesCountMax, Self.seriesCountLimit))
        states = definitions.enumerated().map { DefinitionWindows($1, index: $0) }
        keys = PartitionKeys(needsDevices: definitions.contains { $0.watermark == .device })
    }

    /// Applies events in order; the offset of row i is `baseOffset + i`, beyond all before.
    ///
    /// - Complexity: amortised O(1) an event and definition, and O(1) a closed window; with
    ///   sessions, and with watermarks per device, O(log n) a window.
    public mutating func apply(
        events: EventBatch,
        baseOffset: Int64,
        output: inout WindowOutput
    ) {
        begin(eventCount: events.count, &output)
        resolve(events)
        apply(.named(events), baseOffset: baseOffset, &output)
    }

    /// As for events by name; all are of series of this partition.
    public mutating func apply(
        events: NumberedEvents,
        baseOffset: Int64,
        output: inout WindowOutput
    ) {
        begin(eventCount: events.count, &output)
        resolve(events)
        apply(.numbered(events), baseOffset: baseOffset, &output)
    }

    private mutating func begin(eventCount: Int, _ output: inout WindowOutput) {
        output.prepare(for: definitions)
        output.releaseKeys()
        output.counters.accepted &+= Int64(eventCount)
        ids.makeUnique()
        ids.grow(to: eventCount, filledWith: 0)
    }

    /// Applies events whose series have their ids.
    private mutating func apply(
        _ events: BatchEvents,
        baseOffset: Int64,
        _ output: inout WindowOutput
    ) {
        let before = newestTime
        clocks.makeUnique()
        clocks.grow(to: keys.series.count)
        findDuplicates(events, baseOffset: baseOffset, &output)
        keys.addDevices()
        prepareStates()
        events.values.withUnsafeBufferPointer { values in
            guard let values = values.baseAddress else { return }
            let rows = BatchRows(
                ids: ids.base,
                times: times.base,
                values: values,
                count: events.values.count,
                baseOffset: baseOffset
            )
            for index in states.indices {
                if states[index].isSession {
                    states[index].applySessions(rows, newest: before, &keys, &output)
                } else {
                    states[index].applyPanes(rows, newest: before, &keys, &output)
                }
                states[index].finish(newest: newestTime, &keys, &output)
            }
        }
        output.shareKeys(keys.series)
    }

    /// Closes the open windows of a quiet partition that end at or before a time.
    ///
    /// The closed-through mark, of the partition and of each device, rises to the largest end that
    /// closed and no further, and the watermark stays: closing quiet windows never makes a reading
    /// late whose window's end is above every closed window.
    public mutating func advanceIdle(until time: Timestamp, output: inout WindowOutput) {
        close(through: time.microseconds, &output)
    }

    /// Closes every open window, whatever its end; marks move as in ``advanceIdle(until:output:)``.
    public mutating func complete(output: inout WindowOutput) {
        close(through: Int64.max, &output)
    }

    private mutating func close(through mark: Int64, _ output: inout WindowOutput) {
        output.prepare(for: definitions)
        prepareStates()
        for index in states.indices {
            states[index].close(through: mark, &keys, &output)
            states[index].finish(newest: newestTime, &keys, &output)
        }
        output.shareKeys(keys.series)
    }

    private mutating func prepareStates() {
        for index in states.indices {
            states[index].prepare(
                seriesCount: keys.series.count,
                deviceCount: keys.devices.count
            )
        }
    }

    /// Gives every row its series id here, in stages so that reading from memory overlaps.
    private mutating func resolve(_ events: EventBatch) {
        mapping.makeUnique()
        mapping.removeAll()
        mapping.grow(to: events.series.count, filledWith: Self.unknown)
        wanted.removeAll(keepingCapacity: true)
        // Only series with readings are added, in the order of their first one.
        for source in events.seriesIndex where mapping[Int(source)] == Self.unknown {
            mapping.base[Int(source)] = BatchRows.skip
            wanted.append(source)
        }
        keys.series.insert(wanted, of: events.series, limit: seriesCountMax, into: &found)
        for (source, id) in zip(wanted, found) { mapping.base[Int(source)] = id }
        events.seriesIndex.withUnsafeBufferPointer { sources in
            for row in 0..<sources.count {
                let id = mapping[Int(sources[row])]
                ids.base[row] = id
            }
        }
    }

    /// As by name, which is asked for only where a number is new here.
    private mutating func resolve(_ events: NumberedEvents) {
        let fresh = numbered.find(events, into: ids.base)
        guard !fresh.isEmpty else { return }
        keys.series.insert(
            Array(0..<UInt32(fresh.count)),
            of: events.numbering.names(of: fresh),
            limit: seriesCountMax,
            into: &found
        )
        numbered.note(fresh, found)
        _ = numbered.find(events, into: ids.base)
    }

    /// Skips repeats and what is over the limit; the newest time rises.
    private mutating func findDuplicates(
        _ events: BatchEvents,
        baseOffset: Int64,
        _ output: inout WindowOutput
    ) {
        let eventTimes = events.times
        let count = eventTimes.count
        times.makeUnique()
        times.grow(to: count, filledWith: 0)
        var newest = newestTime
        for row in 0..<min(BatchRows.lookahead, count) { prefetchClocks(row) }
        for row in 0..<count {
            if row &+ BatchRows.lookahead < count {
                prefetchClocks(row &+ BatchRows.lookahead)
            }
            let id = ids[row]
            let time = max(-Self.timeMax, min(Self.timeMax, eventTimes[row]))
            times.base[row] = time
            guard id != BatchRows.skip else {
                output.counters.overLimit &+= 1
                report(.overLimit, events, row, baseOffset, &output)
                continue
            }
            if clocks.insert(time, series: Int(id)) {
                if time > newest { newest = time }
            } else {
                ids.base[row] = BatchRows.skip
                output.counters.duplicates &+= 1
                report(.duplicate, events, row, baseOffset, &output)
            }
        }
        newestTime = newest
    }

    @inline(__always)
    private func prefetchClocks(_ row: Int) {
        let id = ids[row]
        if id != BatchRows.skip { clocks.prefetch(Int(id)) }
    }

    @inline(never)
    private func report(
        _ reason: Unwindowed.Reason,
        _ events: BatchEvents,
        _ row: Int,
        _ baseOffset: Int64,
        _ output: inout WindowOutput
    ) {
        guard output.hasRoom(for: reason) else { return }
        output.report(
            Unwindowed(
                reason: reason,
                definition: nil,
                key: events.key(of: row),
                time: Timestamp(microseconds: events.times[row]),
                value: events.values[row],
                offset: baseOffset &+ Int64(row)
            )
        )
    }
}
