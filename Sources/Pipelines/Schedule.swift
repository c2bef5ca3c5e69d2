package import Core

/// When a pipeline runs.
///
/// `every` counts from 1970-01-01T00:00:00Z. Cron counts in its zone's local time:
/// - with fixed hours a time of day fires once a day: when clocks go back its first occurrence
///   counts; when clocks go forward over it, it fires at the moment after the jump, once for all
///   times that were skipped;
/// - with every hour selected (`*/5 * * * *`) it fires at each moment whose local time fits, so
///   the hour that clocks repeat has all its fire times twice and the hour they skip has none.
package enum Schedule: Sendable {
    case every(Duration)
    case cron(CronExpression, TimeZoneRules)

    package static let everyRange: ClosedRange<Duration> = .seconds(1) ... .seconds(31 * 86_400)
    /// Intervals that one look at the clock answers at most.
    package static let dueCountMax = 1000

    /// The IANA name of the zone that fire times are counted in.
    package var timeZone: String {
        switch self {
        case .every: "UTC"
        case .cron(_, let zone): zone.identifier
        }
    }

    /// The first fire time later than a moment; nil past the year 9999.
    package func next(after time: Timestamp) -> Timestamp? {
        switch self {
        case .every(let period):
            let step = max(1, period.microseconds)
            let index = time.microseconds.floorDivided(by: step)
            let (value, overflow) = (index &+ 1).multipliedReportingOverflow(by: step)
            let next = Timestamp(microseconds: value)
            return overflow || next > .distantFuture ? nil : next
        case .cron(let cron, let zone):
            var search = CronSearch(cron: cron, zone: zone)
            return search.next(after: time)
        }
    }

    /// The last fire time at or before a moment; nil when there is none since the year 1.
    package func previous(atOrBefore time: Timestamp) -> Timestamp? {
        switch self {
        case .every(let period):
            let step = max(1, period.microseconds)
            let (value, overflow) = time.microseconds.floorDivided(by: step)
                .multipliedReportingOverflow(by: step)
            let previous = Timestamp(microseconds: value)
            return overflow || previous < .distantPast ? nil : previous
        case .cron(let cron, let zone):
            var search = CronSearch(cron: cron, zone: zone)
            return search.previous(atOrBefore: time)
        }
    }

    /// The next fire times later than a moment, ascending.
    package func fireTimes(after time: Timestamp, count: Int) -> [Timestamp] {
        var times: [Timestamp] = []
        var current = time
        while times.count < count, let next = next(after: current) {
            times.append(next)
            current = next
        }
        return times
    }

    /// The data interval that a fire time closes: from the fire time before it; nil for the first.
    package func interval(endingAt fireTime: Timestamp) -> TimeInterval? {
        guard let start = previous(atOrBefore: fireTime - .microseconds(1)) else { return nil }
        return Self.interval(start, fireTime)
    }

    /// The data intervals that lie between two moments, oldest first.
    ///
    /// Only whole intervals between fire times count; the newest are kept when there are more
    /// than `countMax`.
    package func intervals(
        from start: Timestamp,
        through end: Timestamp,
        countMax: Int = dueCountMax
    ) -> [TimeInterval] {
        var intervals: [TimeInterval] = []
        guard var upper = previous(atOrBefore: end) else { return [] }
        while intervals.count < countMax, upper > start,
            let lower = previous(atOrBefore: upper - .microseconds(1)), lower >= start,
            let interval = Self.interval(lower, upper)
        {
            intervals.append(interval)
            upper = lower
        }
        return intervals.reversed()
    }

    /// The intervals whose runs are due: contiguous, oldest first, the last ending at or before
    /// now.
    ///
    /// The first begins at `scheduledThrough`, wherever that lies, so that no window is covered
    /// twice or left out when a schedule changes. When more than `countMax` are due only the
    /// newest are answered; then the first begins later than `scheduledThrough`.
    package func intervalsDue(
        scheduledThrough: Timestamp,
        now: Timestamp,
        countMax: Int = dueCountMax
    ) -> [TimeInterval] {
        var intervals: [TimeInterval] = []
        guard countMax > 0, var upper = previous(atOrBefore: now) else { return [] }
        while intervals.count < countMax, upper > scheduledThrough {
            let before = previous(atOrBefore: upper - .microseconds(1)) ?? scheduledThrough
            let lower = max(before, scheduledThrough)
            guard let interval = Self.interval(lower, upper) else { break }
            intervals.append(interval)
            upper = lower
        }
        return intervals.reversed()
    }

    private static func interval(_ start: Timestamp, _ end: Timestamp) -> TimeInterval? {
        do {
            return try TimeInterval(start: start, end: end)
        } catch {
            // Fire times ascend, so this is only a moment paired with itself.
            return nil
        }
    }
}

extension Schedule: Equatable {
    package static func == (left: Schedule, right: Schedule) -> Bool {
        switch (left, right) {
        case (.every(let one), .every(let other)): one == other
        case (.cron(let one, let zone), .cron(let other, let otherZone)):
            one == other && zone.identifier == otherZone.identifier
        default: false
        }
    }
}
