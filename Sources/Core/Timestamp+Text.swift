extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC, with as many fractional digits as needed (0, 3 or 6).
    public var description: String {
        let date = CivilDateTime(self)
        var text = pad(date.year, 4) + "-" + pad(date.month, 2) + "-" + pad(date.day, 2) + "T"
        text += pad(date.hour, 2) + ":" + pad(date.minute, 2) + ":" + pad(date.second, 2)
        if date.microsecond % 1000 != 0 {
            text += "." + pad(date.microsecond, 6)
        } else if date.microsecond != 0 {
            text += "." + pad(date.microsecond / 1000, 3)
        }
        return text + "Z"
    }

    /// The form used in object names: `20180828T230000Z`, with `.ffffff` only when needed.
    public var compact: String {
        let date = CivilDateTime(self)
        var text = pad(date.year, 4) + pad(date.month, 2) + pad(date.day, 2) + "T"
        text += pad(date.hour, 2) + pad(date.minute, 2) + pad(date.second, 2)
        if date.microsecond != 0 { text += "." + pad(date.microsecond, 6) }
        return text + "Z"
    }

    /// Parses RFC 3339 with a zone; a space may stand for the `T`.
    ///
    /// Digits beyond microseconds are cut. `nil` when the text is anything else.
    public init?(rfc3339 text: String) {
        var copy = text
        let parsed = copy.withUTF8 { CivilText.parse(UnsafeRawBufferPointer($0)) }
        guard let parsed, let offset = parsed.offsetSeconds else { return nil }
        let time = parsed.date.utc - .seconds(offset)
        guard time >= .distantPast, time <= .distantFuture else { return nil }
        self = time
    }
}

/// The parts of a date and time as written, and its zone offset when one is written.
public struct CivilText: Sendable {
    public let date: CivilDateTime
    /// Seconds east of UTC; nil when the text names no zone.
    public let offsetSeconds: Int?

    /// Parses `YYYY-MM-DD[T ]HH:MM[:SS[.f…]][Z|±HH:MM|±HHMM|±HH]` or `YYYY-MM-DD`, over bytes.
    ///
    /// - Returns: nil when the text is not such a time or a field is out of range.
    public static func parse(_ text: UnsafeRawBufferPointer) -> CivilText? {
        var scanner = Scanner(text: text)
        guard let year = scanner.digits(4), scanner.skip(0x2D), let month = scanner.digits(2),
            scanner.skip(0x2D), let day = scanner.digits(2)
        else { return nil }
        var date = CivilDateTime(year: year, month: month, day: day)
        if scanner.isAtEnd { return date.isValid ? CivilText(date: date, offsetSeconds: nil) : nil }
        guard scanner.skip(0x54) || scanner.skip(0x74) || scanner.skip(0x20),
            let hour = scanner.digits(2), scanner.skip(0x3A), let minute = scanner.digits(2)
        else { return nil }
        date.hour = hour
        date.minute = minute
        if scanner.skip(0x3A) {
            guard let second = scanner.digits(2) else { return nil }
            date.second = second
            if scanner.skip(0x2E) || scanner.skip(0x2C) {
                guard let fraction = scanner.fraction() else { return nil }
                date.microsecond = fraction
            }
        }
        var extra: Int64 = 0
        if date.second == 60 {  // A leap second is the next minute's first second.
            date.second = 59
            extra = 1_000_000
        }
        guard let offset = scanner.zone(), scanner.isAtEnd, date.isValid else { return nil }
        if extra != 0 {
            date = CivilDateTime(Timestamp(microseconds: date.utc.microseconds + extra))
            guard date.isValid else { return nil }
        }
        return CivilText(date: date, offsetSeconds: offset.seconds)
    }
}

private struct Scanner {
    let text: UnsafeRawBufferPointer
    var position = 0

    init(text: UnsafeRawBufferPointer) {
        self.text = text
    }

    var isAtEnd: Bool { position == text.count }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard position < text.count, text[position] == byte else { return false }
        position += 1
        return true
    }

    mutating func digits(_ count: Int) -> Int? {
        guard position + count <= text.count else { return nil }
        var value = 0
        for index in position..<(position + count) {
            let digit = Int(text[index]) - 0x30
            guard digit >= 0, digit <= 9 else { return nil }
            value = value * 10 + digit
        }
        position += count
        return value
    }

    mutating func fraction() -> Int? {
        var value = 0
        var scale = 100_000
        let start = position
        while position < text.count {
            let digit = Int(text[position]) - 0x30
            guard digit >= 0, digit <= 9 else { break }
            value += digit * scale
            scale /= 10
            position += 1
        }
        return position > start ? value : nil
    }

    /// The zone: `.some(nil)` seconds when there is none, nil when it is malformed.
    mutating func zone() -> (seconds: Int?, Void)? {
        if isAtEnd { return (nil, ()) }
        if skip(0x5A) || skip(0x7A) { return (0, ()) }
        let sign: Int
        if skip(0x2B) { sign = 1 } else if skip(0x2D) { sign = -1 } else { return nil }
        guard let hours = digits(2), hours <= 23 else { return nil }
        var minutes = 0
        if !isAtEnd {
            _ = skip(0x3A)
            guard let value = digits(2), value <= 59 else { return nil }
            minutes = value
        }
        return (sign * (hours * 3600 + minutes * 60), ())
    }
}

func pad(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}
