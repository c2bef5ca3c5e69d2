import Core

/// Finds the fire times of a cron expression around a moment.
///
/// It walks local hours and asks the zone what moments their minutes are. Clocks that go back
/// make local time and real time differ in order, by less than `slack` hours.
struct CronSearch {
    let cron: CronExpression
    let zone: TimeZoneRules

    /// More than any zone has set its clock back since 1970 (7 hours, Antarctica/Vostok).
    private static let slack: Int64 = 8

    /// The day looked at last, and its offset in microseconds if it is the same all around it.
    private var known: (day: Int64, steadyOffset: Int64?)?

    init(cron: CronExpression, zone: TimeZoneRules) {
        self.cron = cron
        self.zone = zone
    }

    /// The first fire time later than a moment.
    mutating func next(after time: Timestamp) -> Timestamp? {
        if cron.isEveryHour, let near = nearby(time, direction: 1) { return near }
        var found: Timestamp?
        var hour = localHour(time) - Self.slack
        var last = Self.hourRange.upperBound
        while hour <= last {
            if let day = dayWithoutMatch(hour) {
                hour = (day + 1) * 24
                continue
            }
            for moment in moments(inHour: hour) where moment > time {
                if moment < found ?? .distantFuture { found = moment }
            }
            // With every hour a few later local hours can hold earlier moments.
            if found != nil { last = min(last, cron.isEveryHour ? hour + Self.slack : hour) }
            hour += 1
        }
        return found
    }

    /// The last fire time at or before a moment.
    mutating func previous(atOrBefore time: Timestamp) -> Timestamp? {
        if cron.isEveryHour, let near = nearby(time, direction: -1) { return near }
        var found: Timestamp?
        var hour = localHour(time) + Self.slack
        var last = Self.hourRange.lowerBound
        while hour >= last {
            if let day = dayWithoutMatch(hour) {
                hour = day * 24 - 1
                continue
            }
            for moment in moments(inHour: hour) where moment <= time {
                if moment > found ?? .distantPast { found = moment }
            }
            if found != nil { last = max(last, cron.isEveryHour ? hour - Self.slack : hour) }
            hour -= 1
        }
        return found
    }

    /// Local hours since the epoch that are searched: the years 1 to 9999 without their edges.
    private static let hourRange: ClosedRange<Int64> = {
        let first = Timestamp.distantPast.microseconds / 3_600_000_000 + 48
        let last = Timestamp.distantFuture.microseconds / 3_600_000_000 - 48
        return first...last
    }()

    private func localHour(_ time: Timestamp) -> Int64 {
        let clamped = min(max(time, .distantPast), .distantFuture)
        let local = clamped.microseconds + offset(at: clamped)
        let hour = local.floorDivided(by: 3_600_000_000)
        return min(max(hour, Self.hourRange.lowerBound), Self.hourRange.upperBound)
    }

    private func offset(at time: Timestamp) -> Int64 {
        Int64(zone.offsetSeconds(at: time)) * 1_000_000
    }

    /// The day of a local hour when the expression selects no time on it.
    private func dayWithoutMatch(_ hour: Int64) -> Int64? {
        let day = hour.floorDivided(by: 24)
        return matches(day: day) ? nil : day
    }

    private func matches(day: Int64) -> Bool {
        let date = CivilDateTime.civil(fromDays: day)
        let weekday = day + 4 - (day + 4).floorDivided(by: 7) * 7
        return cron.matches(month: date.month, day: date.day, weekday: Int(weekday))
    }

    /// The fire times of one local hour.
    private mutating func moments(inHour hour: Int64) -> [Timestamp] {
        let day = hour.floorDivided(by: 24)
        let hourOfDay = Int(hour - day * 24)
        guard CronExpression.has(cron.hours, hourOfDay) else { return [] }
        let date = CivilDateTime.civil(fromDays: day)
        let steady = steadyOffset(day)
        var moments: [Timestamp] = []
        for minute in 0..<60 where CronExpression.has(cron.minutes, minute) {
            let civil = CivilDateTime(
                year: date.year,
                month: date.month,
                day: date.day,
                hour: hourOfDay,
                minute: minute
            )
            if let steady {
                moments.append(civil.utc - .microseconds(steady))
            } else if cron.isEveryHour {
                moments.append(contentsOf: zone.timestamps(of: civil))
            } else {
                moments.append(zone.firstTimestamp(of: civil))
            }
        }
        return moments
    }

    /// The offset of a local day if no clock change is near it; nil where the zone must be asked.
    ///
    /// The samples are 39 hours apart; no zone changes twice within a week.
    private mutating func steadyOffset(_ day: Int64) -> Int64? {
        if let known, known.day == day { return known.steadyOffset }
        let noon = Timestamp(seconds: day * 86_400 + 43_200)
        let offset = offset(at: noon)
        let reach = Duration.seconds(39 * 3600)
        let isSteady =
            self.offset(at: noon - reach) == offset
            && self.offset(at: noon + reach) == offset
        known = (day, isSteady ? offset : nil)
        return isSteady ? offset : nil
    }

    /// The nearest fire time within two hours if the zone's offset does not change on the way.
    ///
    /// No zone changes its offset twice within two hours, so comparing both ends is enough.
    private func nearby(_ time: Timestamp, direction: Int64) -> Timestamp? {
        guard time > .distantPast + .seconds(200_000), time < .distantFuture - .seconds(200_000)
        else { return nil }
        let offset = offset(at: time)
        let local = (time.microseconds + offset).floorDivided(by: 60_000_000)
        for step in 0..<Int64(120) {
            let minute = local + (direction > 0 ? step + 1 : -step)
            let hour = minute.floorDivided(by: 60)
            guard CronExpression.has(cron.minutes, Int(minute - hour * 60)),
                matches(day: hour.floorDivided(by: 24))
            else { continue }
            let moment = Timestamp(microseconds: minute * 60_000_000 - offset)
            return self.offset(at: moment) == offset ? moment : nil
        }
        return nil
    }
}
