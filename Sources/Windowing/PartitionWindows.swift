public import Core

/// The tumbling event-time windows of one partition: events in, closed windows and late ones out.
///
/// Windows are aligned to the epoch: `start = floor(time / size) * size`. The watermark of a
/// definition is the newest event time of the partition less its allowed lateness; duplicate,
/// filtered and late events count for it too. A window closes when the watermark reaches its
/// end. A reading is late for a definition when, just before it, its window's end was at or
/// below the watermark or the *closed-through mark*, the largest end of a window closed so far,
/// even if its series had no window there. Events take effect one at a time, in log order.
///
/// A reading with the time of one of the last eight distinct readings of its series is a
/// duplicate and goes nowhere. Every new reading is remembered, filtered and late ones too.
///
/// - Concurrency: a plain value without clock or I/O; one owner.
public struct PartitionWindows: Sendable {
    public let definitions: [WindowDefinition]
    var states: [DefinitionWindows]
    var series = SeriesDictionary()
    var recent = RecentTimes()
    /// `Int64.min` before the first event.
    var newestTime = Int64.min
    private var order = KeyOrder()
    /// Per row of the current batch: the series id, or ``skip`` for a duplicate.
    private var ids: [UInt32] = []
    /// Per series of the current batch: its id here, or ``skip`` while unknown.
    private var mapping: [UInt32] = []

    static let skip = UInt32.max

    /// Starts empty; names are distinct (``WindowDefinition/checkNamesAreDistinct(_:)``).
    public init(definitions: [WindowDefinition]) {
        precondition(
            Set(definitions.map(\.name)).count == definitions.count,
            "window definitions have distinct names"
        )
        self.definitions = definitions
        states = definitions.enumerated().map { DefinitionWindows($1, index: $0) }
    }

    /// Applies events in order; the offset of row i is `baseOffset + i`, beyond all before.
    ///
    /// - Complexity: amortised O(1) an event and definition, O(log n) a closed window.
    public mutating func apply(
        events: EventBatch,
        baseOffset: Int64,
        output: inout WindowOutput
    ) {
        output.prepare(for: definitions)
        let before = newestTime
        let duplicates = resolve(events)
        output.counters.accepted &+= Int64(events.count)
        output.counters.duplicates &+= Int64(duplicates)
        for index in states.indices {
            states[index].apply(
                events,
                ids: ids,
                baseOffset: baseOffset,
                maxEventTime: before,
                order: &order,
                keys: series.keys,
                output: &output
            )
        }
    }

    /// Closes the open windows of a quiet partition that end at or before a time.
    ///
    /// The closed-through mark rises to the largest end that closed and no further, and the
    /// watermark stays: closing quiet windows never makes a reading late whose window's end is
    /// above every closed window.
    public mutating func advanceIdle(until time: Timestamp, output: inout WindowOutput) {
        close(through: time.microseconds, &output)
    }

    /// Closes every open window, whatever its end; marks move as in ``advanceIdle(until:output:)``.
    public mutating func complete(output: inout WindowOutput) {
        close(through: Int64.max, &output)
    }

    /// The newest event time; nil before the first event.
    public var maxEventTime: Timestamp? {
        newestTime == Int64.min ? nil : Timestamp(microseconds: newestTime)
    }

    /// The newest event time less the definition's lateness; nil before the first event.
    public func watermark(of definition: String) -> Timestamp? {
        guard newestTime != Int64.min, let state = state(of: definition) else { return nil }
        return Timestamp(microseconds: state.watermark(newestTime))
    }

    /// The time at or below which no window is open or opens: the higher of watermark and mark.
    ///
    /// - Returns: nil before the first event, and for an unknown definition.
    public func closedThrough(of definition: String) -> Timestamp? {
        guard let state = state(of: definition) else { return nil }
        let mark = max(state.closedThrough, state.watermark(newestTime))
        return mark == Int64.min ? nil : Timestamp(microseconds: mark)
    }

    /// The open windows of all definitions.
    public var openWindowCount: Int { states.reduce(0) { $0 + $1.open.count } }

    /// The earliest end of an open window over all definitions; nil when none is open.
    public var earliestOpenEnd: Timestamp? {
        let ends = states.compactMap { state in state.open.earliestStart.map { $0 &+ state.size } }
        return ends.min().map(Timestamp.init(microseconds:))
    }

    /// Whether ``advanceIdle(until:output:)`` with this time would close anything.
    public func hasOpenWindow(endingBy time: Timestamp) -> Bool {
        earliestOpenEnd.map { $0 <= time } ?? false
    }

    /// The distinct series seen.
    public var seriesCount: Int { series.count }

    private func state(of definition: String) -> DefinitionWindows? {
        states.first { $0.definition.name == definition }
    }

    private mutating func close(through mark: Int64, _ output: inout WindowOutput) {
        output.prepare(for: definitions)
        for index in states.indices {
            states[index].close(
                through: mark,
                order: &order,
                keys: series.keys,
                output: &output
            )
        }
    }

    /// Gives every row its series id and finds duplicates; the newest time rises.
    private mutating func resolve(_ events: EventBatch) -> Int {
        mapping.removeAll(keepingCapacity: true)
        mapping.append(contentsOf: repeatElement(Self.skip, count: events.series.count))
        ids.removeAll(keepingCapacity: true)
        ids.reserveCapacity(events.count)
        var newest = newestTime
        var duplicates = 0
        for row in 0..<events.count {
            let source = Int(events.seriesIndex[row])
            var id = mapping[source]
            if id == Self.skip {
                id = series.insert(events.series.keys[source])
                mapping[source] = id
                recent.grow(to: series.count)
            }
            let time = events.times[row]
            if recent.insert(time, series: Int(id)) {
                ids.append(id)
                if time > newest { newest = time }
            } else {
                ids.append(Self.skip)
                duplicates &+= 1
            }
        }
        newestTime = newest
        return duplicates
    }
}
