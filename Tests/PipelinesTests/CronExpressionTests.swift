import Core
import Testing

@testable import Pipelines

@Suite("Cron expression")
struct CronExpressionTests {
    struct Fields: Sendable {
        let text: String
        let minutes: [Int]?
        let hours: [Int]?
        let days: [Int]?
        let months: [Int]?
        let weekdays: [Int]?

        /// nil stands for all values.
        init(
            _ text: String,
            minutes: [Int]? = nil,
            hours: [Int]? = nil,
            days: [Int]? = nil,
            months: [Int]? = nil,
            weekdays: [Int]? = nil
        ) {
            self.text = text
            self.minutes = minutes
            self.hours = hours
            self.days = days
            self.months = months
            self.weekdays = weekdays
        }
    }

    @Test(
        "Fields are read",
        arguments: [
            Fields("* * * * *"),
            Fields("*/15 * * * *", minutes: [0, 15, 30, 45]),
            Fields("5 0 * * *", minutes: [5], hours: [0]),
            Fields(
                "1,2,10-12 22-23 1-10/3 * *",
                minutes: [1, 2, 10, 11, 12],
                hours: [22, 23],
                days: [1, 4, 7, 10]
            ),
            Fields("0 0 * jan,DEC *", minutes: [0], hours: [0], months: [1, 12]),
            Fields("0 0 * * 7", minutes: [0], hours: [0], weekdays: [0]),
            Fields("0 0 * * 5-7", minutes: [0], hours: [0], weekdays: [0, 5, 6]),
            Fields("0 0 * * Fri-Sun", minutes: [0], hours: [0], weekdays: [0, 5, 6]),
            Fields("0 0 * * 0-7", minutes: [0], hours: [0]),
            Fields("50/5 * * * *", minutes: [50, 55]),
            Fields("*/100 * * * *", minutes: [0]),
            Fields("@hourly", minutes: [0]),
            Fields("@daily", minutes: [0], hours: [0]),
            Fields("@weekly", minutes: [0], hours: [0], weekdays: [0]),
            Fields("@monthly", minutes: [0], hours: [0], days: [1]),
            Fields("  0\t0  29 2 *  ", minutes: [0], hours: [0], days: [29], months: [2]),
        ]
    )
    func reads(_ fields: Fields) throws {
        let cron = try CronExpression(fields.text)
        func bits(_ values: [Int]?, _ field: CronField) -> UInt64 {
            values?.reduce(0) { $0 | 1 << UInt64($1) } ?? field.all
        }
        #expect(cron.minutes == bits(fields.minutes, .minute))
        #expect(cron.hours == bits(fields.hours, .hour))
        #expect(cron.days == bits(fields.days, .day))
        #expect(cron.months == bits(fields.months, .month))
        #expect(cron.weekdays == bits(fields.weekdays, .weekday))
    }

    @Test(
        "Wrong expressions say which field and what is allowed",
        arguments: [
            ("60 * * * *", "minute \"60\" is not allowed; must be 0 to 59"),
            ("* 24 * * *", "hour \"24\" is not allowed; must be 0 to 23"),
            ("* * 0 * *", "day-of-month \"0\" is not allowed; must be 1 to 31"),
            ("* * * 13 *", "month \"13\" is not allowed; must be 1 to 12 or JAN to DEC"),
            ("* * * * 8", "day-of-week \"8\" is not allowed; must be 0 to 7 or SUN to SAT"),
            ("*/0 * * * *", "minute \"*/0\": the step must be a whole number from 1 up"),
            ("1,,2 * * * *", "minute \"\" is not allowed; must be 0 to 59"),
            (
                "* 22-2 * * *",
                "hour \"22-2\": the range ends before it begins; "
                    + "write two ranges, such as 22-23,0-2"
            ),
            (
                "* * * *",
                "\"* * * *\" has 4 fields; write five: minute hour day-of-month month day-of-week"
            ),
            (
                "0 * * * * *",
                "\"0 * * * * *\" has 6 fields; "
                    + "write five: minute hour day-of-month month day-of-week"
            ),
            ("@dayly", "\"@dayly\" is an unknown macro; did you mean \"@daily\"?"),
            (
                "0 0 31 4,6,9,11 *",
                "\"0 0 31 4,6,9,11 *\" never fires: no such day of the month exists"
            ),
            ("-1 * * * *", "minute \"-1\" is not allowed; must be 0 to 59"),
            (
                "99999999999999999999 * * * *",
                "minute \"99999999999999999999\" is not allowed; must be 0 to 59"
            ),
        ]
    )
    func wrong(_ text: String, _ message: String) {
        let error = #expect(throws: ScalarProblem.self) { try CronExpression(text) }
        #expect(error?.message == message)
    }

    @Test("Either day is enough when both are restricted")
    func eitherDay() throws {
        let cron = try CronExpression("0 0 13 * FRI")
        #expect(cron.matches(month: 1, day: 13, weekday: 1))
        #expect(cron.matches(month: 1, day: 2, weekday: 5))
        #expect(!cron.matches(month: 1, day: 2, weekday: 4))
    }
}
