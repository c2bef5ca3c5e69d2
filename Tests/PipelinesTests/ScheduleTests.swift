import Core
import Testing

@testable import Pipelines

@Suite("Schedule")
struct ScheduleTests {
    struct Case: Sendable {
        let cron: String
        let zone: String
        let after: String
        let expected: [String]

        init(_ cron: String, _ zone: String, after: String, _ expected: [String]) {
            self.cron = cron
            self.zone = zone
            self.after = after
            self.expected = expected
        }
    }

    @Test(
        "Cron fires when it should",
        arguments: [
            Case(
                "*/20 * * * *",
                "UTC",
                after: "2024-02-28T23:50:00Z",
                ["2024-02-29T00:00:00Z", "2024-02-29T00:20:00Z"]
            ),
            Case(
                "0 0 29 2 *",
                "UTC",
                after: "2096-02-29T00:00:00Z",
                ["2104-02-29T00:00:00Z", "2108-02-29T00:00:00Z"]
            ),
            Case(
                "0 0 13 * FRI",
                "UTC",
                after: "2024-09-06T00:00:00Z",
                ["2024-09-13T00:00:00Z", "2024-09-20T00:00:00Z"]
            ),
            Case(
                "59 23 31 12 *",
                "UTC",
                after: "2023-12-31T23:59:00Z",
                ["2024-12-31T23:59:00Z"]
            ),
            // Berlin: 02:00 to 03:00 is skipped on 2024-03-31, repeated on 2024-10-27.
            Case(
                "30 2 * * *",
                "Europe/Berlin",
                after: "2024-03-29T12:00:00Z",
                ["2024-03-30T01:30:00Z", "2024-03-31T01:00:00Z", "2024-04-01T00:30:00Z"]
            ),
            Case(
                "0,15,30 2,3 * * *",
                "Europe/Berlin",
                after: "2024-03-31T00:00:00Z",
                [
                    "2024-03-31T01:00:00Z", "2024-03-31T01:15:00Z", "2024-03-31T01:30:00Z",
                    "2024-04-01T00:00:00Z",
                ]
            ),
            Case(
                "30 2 * * *",
                "Europe/Berlin",
                after: "2024-10-26T12:00:00Z",
                ["2024-10-27T00:30:00Z", "2024-10-28T01:30:00Z"]
            ),
            Case(
                "*/30 * * * *",
                "Europe/Berlin",
                after: "2024-10-26T23:45:00Z",
                [
                    "2024-10-27T00:00:00Z", "2024-10-27T00:30:00Z", "2024-10-27T01:00:00Z",
                    "2024-10-27T01:30:00Z", "2024-10-27T02:00:00Z",
                ]
            ),
            Case(
                "*/30 * * * *",
                "Europe/Berlin",
                after: "2024-03-31T00:15:00Z",
                ["2024-03-31T00:30:00Z", "2024-03-31T01:00:00Z", "2024-03-31T01:30:00Z"]
            ),
            // New York: 02:00 to 03:00 is skipped on 2024-03-10, 01:00 to 02:00 repeated on 11-03.
            Case(
                "15 2 * * *",
                "America/New_York",
                after: "2024-03-09T12:00:00Z",
                ["2024-03-10T07:00:00Z", "2024-03-11T06:15:00Z"]
            ),
            Case(
                "30 1 * * *",
                "America/New_York",
                after: "2024-11-02T12:00:00Z",
                ["2024-11-03T05:30:00Z", "2024-11-04T06:30:00Z"]
            ),
            Case(
                "@hourly",
                "America/New_York",
                after: "2024-11-03T04:30:00Z",
                ["2024-11-03T05:00:00Z", "2024-11-03T06:00:00Z", "2024-11-03T07:00:00Z"]
            ),
            Case(
                "@daily",
                "America/New_York",
                after: "2024-03-10T05:00:00Z",
                ["2024-03-11T04:00:00Z"]
            ),
            // Clocks went back at 00:01 to 23:01 of the day before.
            Case(
                "*/30 * * * *",
                "America/St_Johns",
                after: "2010-11-07T01:50:00Z",
                [
                    "2010-11-07T02:00:00Z", "2010-11-07T02:30:00Z", "2010-11-07T03:00:00Z",
                    "2010-11-07T03:30:00Z", "2010-11-07T04:00:00Z",
                ]
            ),
            // Samoa had no 2011-12-30.
            Case(
                "0 12 * * *",
                "Pacific/Apia",
                after: "2011-12-29T00:00:00Z",
                ["2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"]
            ),
        ]
    )
    func fires(_ item: Case) throws {
        let schedule = Schedule.cron(
            try CronExpression(item.cron),
            try TimeZoneRules.load(item.zone)
        )
        let after = try #require(Timestamp(rfc3339: item.after))
        let times = schedule.fireTimes(after: after, count: item.expected.count)
        #expect(times.map(\.description) == item.expected)
        for (time, earlier) in zip(times.dropFirst(), times) {
            #expect(schedule.previous(atOrBefore: time) == time)
            #expect(schedule.previous(atOrBefore: time - .microseconds(1)) == earlier)
            #expect(schedule.interval(endingAt: time)?.start == earlier)
        }
    }

    @Test("Every counts from the epoch")
    func every() throws {
        let schedule = Schedule.every(.seconds(300))
        let time = try #require(Timestamp(rfc3339: "2024-01-01T00:07:00.5Z"))
        #expect(
            schedule.fireTimes(after: time, count: 2).map(\.description)
                == ["2024-01-01T00:10:00Z", "2024-01-01T00:15:00Z"]
        )
        #expect(schedule.previous(atOrBefore: time)?.description == "2024-01-01T00:05:00Z")
        #expect(schedule.next(after: Timestamp(seconds: -1)) == Timestamp(seconds: 0))
        #expect(schedule.next(after: Timestamp(seconds: 0)) == Timestamp(seconds: 300))
    }

    @Test("The edges of time end the search")
    func edges() throws {
        let cron = Schedule.cron(try CronExpression("0 0 29 2 *"), .utc)
        for schedule in [cron, .every(.seconds(7)), .cron(try CronExpression("* * * * *"), .utc)] {
            #expect(schedule.next(after: Timestamp(microseconds: .max)) == nil)
            #expect(schedule.previous(atOrBefore: Timestamp(microseconds: .min)) == nil)
            #expect(schedule.next(after: .distantFuture) == nil)
        }
    }

    @Test("Due intervals are contiguous from the mark to the last fire time")
    func due() throws {
        let seed: UInt64 = 0x5EED_0004
        var generator = SeededGenerator(seed: seed)
        let berlin = try TimeZoneRules.load("Europe/Berlin")
        let schedules: [Schedule] = [
            .every(.seconds(420)), .cron(try CronExpression("*/7 * * * *"), berlin),
            .cron(try CronExpression("30 2,14 * * *"), berlin),
        ]
        for round in 0..<30 {
            let schedule = schedules[round % schedules.count]
            let start = Timestamp(seconds: Int64(1_711_700_000 + generator.below(400_000)))
            let now = start + .seconds(generator.below(2 * 86_400))
            let intervals = schedule.intervalsDue(scheduledThrough: start, now: now)
            let fires = schedule.fireTimes(after: start, count: 450).filter { $0 <= now }
            #expect(intervals.map(\.end) == fires, "seed \(seed), round \(round)")
            #expect(intervals.map(\.start) == [start].prefix(fires.count) + fires.dropLast())
            let whole = schedule.intervals(from: start, through: now)
            #expect(whole == Array(intervals.drop { $0.start != whole.first?.start }))
        }
    }

    @Test("Only the newest due intervals are answered")
    func bounded() {
        let schedule = Schedule.every(.seconds(60))
        let now = Timestamp(seconds: 1_700_000_000)
        let intervals = schedule.intervalsDue(scheduledThrough: .distantPast, now: now)
        #expect(intervals.count == 1000)
        #expect(intervals.last?.end == schedule.previous(atOrBefore: now))
        #expect(schedule.intervalsDue(scheduledThrough: now, now: now).isEmpty)
        #expect(schedule.intervalsDue(scheduledThrough: now, now: now - .seconds(99)).isEmpty)
    }
}
