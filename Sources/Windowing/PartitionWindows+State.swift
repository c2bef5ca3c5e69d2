public import Core

extension PartitionWindows {
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
    /// With watermarks per device slow devices may still open windows below it; it then stays
    /// below the end of every open window.
    ///
    /// - Returns: nil before the first event, and for an unknown definition.
    public func closedThrough(of definition: String) -> Timestamp? {
        guard let state = state(of: definition) else { return nil }
        var mark = state.mark(newestTime)
        if state.isPerDevice, state.open.earliest <= mark { mark = state.open.earliest - 1 }
        return mark == Int64.min ? nil : Timestamp(microseconds: mark)
    }

    /// The open windows, sessions and panes of all definitions, and those kept for corrections.
    public var openWindowCount: Int { states.reduce(0) { $0 + $1.pool.count } }

    /// The earliest end of an open window over all definitions; nil when none is open.
    ///
    /// A session that grew may end later than this says, until its turn has come.
    public var earliestOpenEnd: Timestamp? {
        let earliest = states.reduce(Int64.max) { min($0, $1.open.earliest) }
        return earliest == .max ? nil : Timestamp(microseconds: earliest)
    }

    /// Whether ``advanceIdle(until:output:)`` with this time would close anything.
    public func hasOpenWindow(endingBy time: Timestamp) -> Bool {
        earliestOpenEnd.map { $0 <= time } ?? false
    }

    /// The distinct series seen.
    public var seriesCount: Int { keys.series.count }

    /// The series of the partition: `windows.seriesIndex` of the output are ids in it.
    public var series: SeriesDictionary { keys.series }

    /// The newest event time of a series, late and filtered readings included.
    public func newestTime(of key: SeriesKey) -> Timestamp? {
        guard let id = keys.series.id(of: key), Int(id) < clocks.count else { return nil }
        let time = clocks.newest(of: Int(id))
        return time == SeriesClocks.none ? nil : Timestamp(microseconds: time)
    }

    /// The series whose newest event is before a time, the longest silent first.
    ///
    /// - Complexity: O(n) in the series of the partition, about 2 ns each.
    public func silentSeries(
        before time: Timestamp,
        limit: Int
    ) -> [(key: SeriesKey, lastEventAt: Timestamp)] {
        clocks.silent(before: time.microseconds, limit: limit).map {
            (keys.series.keys[Int($0.id)], Timestamp(microseconds: $0.time))
        }
    }

    /// The series with a newer event since the last call, or since the snapshot, by id.
    ///
    /// - Units: microseconds since the epoch. Complexity: O(n / 64) and O(1) a result.
    public mutating func takeNewestTimes() -> [(id: UInt32, time: Int64)] {
        clocks.takeChanged()
    }

    private func state(of definition: String) -> DefinitionWindows? {
        states.first { $0.definition.name == definition }
    }
}
