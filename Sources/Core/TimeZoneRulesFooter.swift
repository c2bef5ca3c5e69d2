/// The yearly rule of a time zone, as POSIX writes it: `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// - Source: POSIX.1 section 8.3 "TZ", with the extensions of RFC 9636 section 3.3.1.
struct PosixTimeZone: Sendable, Equatable {
    /// Seconds east of UTC outside daylight saving time.
    let standardOffset: Int
    let daylight: Daylight?

    /// Daylight saving time: its offset and when it starts and ends.
    struct Daylight: Sendable, Equatable {
        let offset: Int
        let start: Rule
        let end: Rule
    }

    /// A day of the year and a time of day on it.
    struct Rule: Sendable, Equatable {
        let day: Day
        /// Seconds after local midnight, may be negative or beyond a day.
        let time: Int

        /// The ways POSIX names a day.
        enum Day: Sendable, Equatable {
            /// The week-th (5: last) weekday (0: Sunday) of a month.
            case weekday(month: Int, week: Int, weekday: Int)
            /// Day 1...365, where February 29 has no number.
            case withoutLeapDay(Int)
            /// Day 0...365.
            case ofYear(Int)
        }

        /// The local second, counted as if it were UTC, at which the rule applies in a year.
        func localSecond(inYear year: Int) -> Int64 {
            days(inYear: year) * 86_400 + Int64(time)
        }

        private func days(inYear year: Int) -> Int64 {
            let newYear = CivilDateTime.days(year: year, month: 1, day: 1)
            switch day {
            case .ofYear(let number):
                return newYear + Int64(number)
            case .withoutLeapDay(let number):
                let isLeap = CivilDateTime.daysIn(month: 2, year: year) == 29
                return newYear + Int64(number - 1 + (isLeap && number >= 60 ? 1 : 0))
            case .weekday(let month, let week, let weekday):
                let first = CivilDateTime(year: year, month: month, day: 1)
                var day = 1 + (weekday - first.weekday + 7) % 7 + (week - 1) * 7
                if day > CivilDateTime.daysIn(month: month, year: year) { day -= 7 }
                return CivilDateTime.days(year: year, month: month, day: day)
            }
        }
    }

    /// The offset in effect at a second since the epoch.
    func offset(atSecond second: Int64) -> Int {
        changes(around: second).last { $0.at <= second }?.offset ?? standardOffset
    }

    /// The changes of offset in the year of a second and the years beside it, ascending.
    func changes(around second: Int64) -> [(at: Int64, offset: Int)] {
        guard let daylight else { return [] }
        let year = CivilDateTime.civil(fromDays: second.floorDivided(by: 86_400)).year
        var list: [(at: Int64, offset: Int)] = []
        for year in (year - 1)...(year + 1) {
            let start = daylight.start.localSecond(inYear: year) - Int64(standardOffset)
            let end = daylight.end.localSecond(inYear: year) - Int64(daylight.offset)
            list.append((start, daylight.offset))
            list.append((end, standardOffset))
        }
        // Where one year's end meets the next year's start, daylight saving time goes on.
        list.sort {
            ($0.at, $0.offset == daylight.offset ? 1 : 0) < (
                $1.at, $1.offset == daylight.offset ? 1 : 0
            )
        }
        return list
    }
}

extension PosixTimeZone {
    /// Parses the rule; nil when the text is not one.
    init?(parsing text: ArraySlice<UInt8>) {
        var scanner = FooterScanner(rest: text)
        guard scanner.name(), let west = scanner.offset(hourMax: 24) else { return nil }
        standardOffset = -west
        guard !scanner.rest.isEmpty else {
            daylight = nil
            return
        }
        guard scanner.name() else { return nil }
        var offset = standardOffset + 3600
        if let next = scanner.rest.first, next != 0x2C {
            guard let west = scanner.offset(hourMax: 24) else { return nil }
            offset = -west
        }
        if scanner.rest.isEmpty { scanner.rest = Array(",M3.2.0,M11.1.0".utf8)[...] }
        guard let start = scanner.rule(), let end = scanner.rule(), scanner.rest.isEmpty else {
            return nil
        }
        daylight = Daylight(offset: offset, start: start, end: end)
    }
}

private struct FooterScanner {
    var rest: ArraySlice<UInt8>

    mutating func skip(_ byte: UInt8) -> Bool {
        guard rest.first == byte else { return false }
        rest.removeFirst()
        return true
    }

    mutating func name() -> Bool {
        if skip(0x3C) {
            guard let end = rest.firstIndex(of: 0x3E) else { return false }
            rest = rest[(end + 1)...]
            return true
        }
        let letters = rest.prefix { ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A }
        rest = rest.dropFirst(letters.count)
        return letters.count >= 3
    }

    mutating func number(max: Int) -> Int? {
        var value = 0
        var count = 0
        while let byte = rest.first, byte >= 0x30, byte <= 0x39, count < 4 {
            value = value * 10 + Int(byte) - 0x30
            rest.removeFirst()
            count += 1
        }
        return count > 0 && value <= max ? value : nil
    }

    /// `[+-]hh[:mm[:ss]]` in seconds, with POSIX's own sign.
    mutating func offset(hourMax: Int) -> Int? {
        let sign = skip(0x2D) ? -1 : 1
        if sign == 1 { _ = skip(0x2B) }
        guard let hours = number(max: hourMax) else { return nil }
        var seconds = hours * 3600
        if skip(0x3A) {
            guard let minutes = number(max: 59) else { return nil }
            seconds += minutes * 60
            if skip(0x3A) {
                guard let rest = number(max: 59) else { return nil }
                seconds += rest
            }
        }
        return sign * seconds
    }

    mutating func rule() -> PosixTimeZone.Rule? {
        guard skip(0x2C), let day = day() else { return nil }
        guard skip(0x2F) else { return PosixTimeZone.Rule(day: day, time: 7200) }
        guard let time = offset(hourMax: 167) else { return nil }
        return PosixTimeZone.Rule(day: day, time: time)
    }

    private mutating func day() -> PosixTimeZone.Rule.Day? {
        if skip(0x4D) {
            guard let month = number(max: 12), month >= 1, skip(0x2E),
                let week = number(max: 5), week >= 1, skip(0x2E), let weekday = number(max: 6)
            else { return nil }
            return .weekday(month: month, week: week, weekday: weekday)
        }
        if skip(0x4A) {
            guard let number = number(max: 365), number >= 1 else { return nil }
            return .withoutLeapDay(number)
        }
        return number(max: 365).map { .ofYear($0) }
    }
}
