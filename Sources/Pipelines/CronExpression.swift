/// A cron expression of five fields: minute, hour, day of month, month, day of week.
///
/// A field is `*`, a value, a range `a-b`, a step `*/n` or `a-b/n`, or a list of these; months and
/// weekdays have English three-letter names, 0 and 7 are Sunday. When both days are restricted
/// either is enough. `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly` stand for their
/// expressions.
package struct CronExpression: Sendable, Equatable {
    /// The expression as it was written.
    package let text: String
    /// Bit n stands for the value n.
    let minutes: UInt64
    let hours: UInt64
    let days: UInt64
    let months: UInt64
    let weekdays: UInt64
    /// Whether every hour is selected: then the clock's minutes count, not single times of day.
    let isEveryHour: Bool
    private let restrictsDays: Bool
    private let restrictsWeekdays: Bool

    package static func == (left: CronExpression, right: CronExpression) -> Bool {
        left.text == right.text
    }

    /// Reads an expression; one that can never fire is refused.
    init(_ text: String) throws(ScalarProblem) {
        self.text = text
        var expression = text
        if text.hasPrefix("@") {
            guard let known = Self.macros.first(where: { $0.name == text }) else {
                throw ScalarProblem(
                    "\"\(text.prefix(40))\" is an "
                        + unknown(text, Self.macros.map(\.name), "macro")
                )
            }
            expression = known.expression
        }
        let fields = expression.split { $0 == " " || $0 == "\t" }
        guard fields.count == 5 else {
            throw ScalarProblem(
                "\"\(text.prefix(80))\" has \(fields.count) fields; "
                    + "write five: minute hour day-of-month month day-of-week"
            )
        }
        minutes = try CronField.minute.bits(fields[0])
        hours = try CronField.hour.bits(fields[1])
        days = try CronField.day.bits(fields[2])
        months = try CronField.month.bits(fields[3])
        weekdays = try CronField.weekday.bits(fields[4])
        isEveryHour = hours == CronField.hour.all
        restrictsDays = days != CronField.day.all
        restrictsWeekdays = weekdays != CronField.weekday.all
        guard canFire else {
            throw ScalarProblem(
                "\"\(text.prefix(80))\" never fires: no such day of the month exists"
            )
        }
    }

    /// Whether a date is selected.
    ///
    /// - Range: month 1...12, day 1...31, weekday 0...6 with 0 for Sunday.
    func matches(month: Int, day: Int, weekday: Int) -> Bool {
        guard Self.has(months, month) else { return false }
        let dayMatches = Self.has(days, day)
        let weekdayMatches = Self.has(weekdays, weekday)
        return restrictsDays && restrictsWeekdays
            ? dayMatches || weekdayMatches : dayMatches && weekdayMatches
    }

    /// Whether the bit of a value is set.
    static func has(_ bits: UInt64, _ value: Int) -> Bool { bits >> UInt64(value) & 1 == 1 }

    private var canFire: Bool {
        if !restrictsDays || restrictsWeekdays { return true }
        let lengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return lengths.enumerated().contains { index, length in
            Self.has(months, index + 1) && days.trailingZeroBitCount <= length
        }
    }

    private static let macros: [(name: String, expression: String)] = [
        ("@hourly", "0 * * * *"), ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"), ("@monthly", "0 0 1 * *"), ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
    ]
}

/// The name, values and words of one field of a cron expression.
struct CronField {
    let name: String
    let range: ClosedRange<Int>
    /// Words for values, the first for the lower bound.
    var words: [String] = []

    static let minute = CronField(name: "minute", range: 0...59)
    static let hour = CronField(name: "hour", range: 0...23)
    static let day = CronField(name: "day-of-month", range: 1...31)
    static let month = CronField(
        name: "month",
        range: 1...12,
        words: [
            "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
        ]
    )
    static let weekday = CronField(
        name: "day-of-week",
        range: 0...6,
        words: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
    )

    /// The bits of all values.
    var all: UInt64 { (1 << UInt64(range.upperBound + 1)) - (1 << UInt64(range.lowerBound)) }

    private var isWeekday: Bool { range == 0...6 }
    /// 7 is Sunday as well.
    private var valueMax: Int { isWeekday ? 7 : range.upperBound }

    /// Reads a field: a list of parts separated by commas.
    func bits(_ text: Substring) throws(ScalarProblem) -> UInt64 {
        var bits: UInt64 = 0
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            bits |= try partBits(part)
        }
        return bits
    }

    private func partBits(_ part: Substring) throws(ScalarProblem) -> UInt64 {
        let pieces = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let base = pieces.first, !base.isEmpty else { throw problem(part) }
        var step = 1
        if pieces.count == 2 {
            guard let value = number(pieces[1]), value >= 1 else {
                throw ScalarProblem(
                    "\(name) \"\(part.prefix(40))\": the step must be a whole number from 1 up"
                )
            }
            step = value
        }
        let values = try bounds(base, hasStep: pieces.count == 2, part)
        var bits: UInt64 = 0
        for value in stride(from: values.lowerBound, through: values.upperBound, by: step) {
            bits |= 1 << UInt64(isWeekday ? value % 7 : value)
        }
        return bits
    }

    private func bounds(
        _ base: Substring,
        hasStep: Bool,
        _ part: Substring
    ) throws(ScalarProblem) -> ClosedRange<Int> {
        if base == "*" { return range }
        let ends = base.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = ends.first, let low = value(first) else { throw problem(part) }
        guard ends.count == 2 else {
            // `5/10` means every tenth from 5 on.
            return low...(hasStep ? max(low, range.upperBound) : low)
        }
        guard var high = value(ends[1]) else { throw problem(part) }
        if isWeekday, high == 0, low > 0 { high = 7 }
        guard low <= high else {
            throw ScalarProblem(
                "\(name) \"\(part.prefix(40))\": the range ends before it begins; "
                    + "write two ranges, such as 22-23,0-2"
            )
        }
        return low...high
    }

    private func value(_ text: Substring) -> Int? {
        if let index = words.firstIndex(of: text.uppercased()) { return range.lowerBound + index }
        guard let value = number(text), value >= range.lowerBound, value <= valueMax else {
            return nil
        }
        return value
    }

    private func number(_ text: Substring) -> Int? {
        guard (1...4).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Int(text)
    }

    private func problem(_ part: Substring) -> ScalarProblem {
        let words = words.isEmpty ? "" : " or \(words[0]) to \(words[words.count - 1])"
        return ScalarProblem(
            "\(name) \"\(part.prefix(40))\" is not allowed; "
                + "must be \(range.lowerBound) to \(valueMax)\(words)"
        )
    }
}
