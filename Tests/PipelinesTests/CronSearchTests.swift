import Core
import Testing

@testable import Pipelines

@Suite("Cron search against a minute-by-minute scan")
struct CronSearchTests {
    /// Every minute of a stretch of real time with what clocks show.
    private struct Minute {
        let time: Timestamp
        /// Local minutes since the epoch.
        let local: Int
    }

    private static func minutes(_ zone: TimeZoneRules, from: Int64, days: Int) -> [Minute] {
        // Clocks change on quarters of an hour, so one look at the zone serves fifteen minutes.
        (0..<(days * 96)).flatMap { quarter in
            let seconds = from + Int64(quarter) * 900
            let offset = zone.offsetSeconds(at: Timestamp(seconds: seconds))
            return (0..<15).map { minute in
                let time = seconds + Int64(minute) * 60
                return Minute(
                    time: Timestamp(seconds: time),
                    local: Int(time + Int64(offset)) / 60
                )
            }
        }
    }

    private static func matches(_ cron: CronExpression, _ local: Int) -> Bool {
        guard CronExpression.has(cron.minutes, local % 60),
            CronExpression.has(cron.hours, local / 60 % 24)
        else { return false }
        let day = Int64(local / 1440)
        let date = CivilDateTime.civil(fromDays: day)
        return cron.matches(month: date.month, day: date.day, weekday: Int((day + 4) % 7))
    }

    /// What the documentation says, word by word.
    private static func scan(_ cron: CronExpression, _ minutes: [Minute]) -> [Timestamp] {
        var fires: [Timestamp] = []
        guard var latest = minutes.first.map({ $0.local - 1 }) else { return [] }
        for minute in minutes {
            if cron.isEveryHour || minute.local == latest + 1 {
                latest = max(latest, minute.local)
                if matches(cron, minute.local) { fires.append(minute.time) }
            } else if minute.local > latest {
                // The clock reaches these minutes for the first time, or jumps over them.
                let reached = (latest + 1)...minute.local
                if reached.contains(where: { matches(cron, $0) }) { fires.append(minute.time) }
                latest = minute.local
            }
        }
        return fires
    }

    private static func expression(_ generator: inout SeededGenerator) -> String {
        func field(_ range: ClosedRange<Int>, _ starChance: Int) -> String {
            if generator.below(10) < starChance { return "*" }
            let low = Int.random(in: range, using: &generator)
            let high = Int.random(in: low...range.upperBound, using: &generator)
            switch generator.below(4) {
            case 0: return "\(low)"
            case 1: return "\(low)-\(high)"
            case 2: return "\(low)-\(high)/\(1 + generator.below(6))"
            default: return "*/\(1 + generator.below(range.upperBound)),\(high)"
            }
        }
        return [
            field(0...59, 1), field(0...23, 5), field(1...31, 6), field(1...12, 7), field(0...7, 6),
        ].joined(separator: " ")
    }

    @Test(
        "Random expressions agree over a year with both clock changes",
        arguments: ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]
    )
    func agrees(_ zoneName: String) throws {
        let seed: UInt64 = 0xC20_4711
        var generator = SeededGenerator(seed: seed)
        let zone = try TimeZoneRules.load(zoneName)
        // 2024-01-15, so that no clock change is near the edges.
        let start: Int64 = 1_705_276_800
        let minutes = Self.minutes(zone, from: start, days: 340)
        let changes = zip(minutes.dropFirst(), minutes)
            .filter { $0.local != $1.local + 1 }.map(\.0.time)
        try #require(changes.count == 2)
        let end = Timestamp(seconds: start + 340 * 86_400)
        for _ in 0..<12 {
            let text = Self.expression(&generator)
            let cron: CronExpression
            do {
                cron = try CronExpression(text)
            } catch {
                // Such as February 30.
                continue
            }
            let expected = Self.scan(cron, minutes)
            let schedule = Schedule.cron(cron, zone)
            // All of a sparse expression; of a dense one a stretch anywhere, or at a clock change.
            let change = changes[generator.below(changes.count)]
            let nearChange = max(0, (expected.firstIndex { $0 >= change } ?? 0) - 100)
            let anywhere = expected.count > 200 ? generator.below(expected.count - 200) : 0
            let first =
                expected.count <= 200
                ? 0
                : Bool.random(using: &generator)
                    ? anywhere : nearChange
            let slice = Array(expected.dropFirst(first).prefix(200))
            let from = first == 0 ? Timestamp(seconds: start - 1) : expected[first - 1]
            let times = schedule.fireTimes(after: from, count: slice.count)
                .filter { $0 < end }
            #expect(times == slice, "seed \(seed): \(text)")
            for (time, earlier) in zip(slice.dropFirst(), slice) {
                let found = schedule.previous(atOrBefore: time - .seconds(1))
                #expect(found == earlier, "seed \(seed): \(text) before \(time)")
            }
        }
    }
}
