import Core

/// The date as HTTP writes it (RFC 9110, section 5.6.7), made anew once a second.
struct HTTPDate {
    private var second = Int64.min
    private var last = ""

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    mutating func text(at time: Timestamp) -> String {
        let second = time.microseconds / 1_000_000
        guard second != self.second else { return last }
        let date = CivilDateTime(time)
        let day = "\(Self.weekdays[date.weekday]), \(Self.two(date.day))"
        let clock = [date.hour, date.minute, date.second].map(Self.two).joined(separator: ":")
        self.second = second
        last = "\(day) \(Self.months[date.month - 1]) \(date.year) \(clock) GMT"
        return last
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
