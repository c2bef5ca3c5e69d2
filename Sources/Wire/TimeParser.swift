internal import CBytes
internal import Core

/// Parses the times of events; remembers the last date and local hour, which mostly repeat.
///
/// - Range: 1970-01-01 to 2262-04-11, where nanoseconds still fit 64 bits.
struct TimeParser {
    private let unit: EpochUnit?
    private let zone: TimeZoneRules
    private let isUTC: Bool
    private let latest: Int64
    /// The last date as its ten bytes (eight and two), and its midnight.
    private var dateHead: UInt64 = 0
    private var dateTail: UInt16 = 0
    private var midnight: Int64 = 0
    /// The last date, hour and minute as their sixteen bytes, and when that is in UTC.
    ///
    /// At first 1970-01-01T00:00: no word is one that input cannot have.
    private var minuteHead: UInt64 = 0x2D31_302D_3037_3931
    private var minuteTail: UInt64 = 0x3030_3A30_3054_3130
    private var minute: Int64 = 0
    /// The last time that was read the short way.
    private var last = LastTime()
    /// The last local hour all of which had one offset.
    private var localHour = Int64.min
    private var localOffset: Int64 = 0

    static let microsecondsMax: Int64 = .max / 1000
    /// What parsing gives for text that is no time, or out of range.
    static let bad: Int64 = -1
    /// What parsing gives for a time later than the options allow.
    static let early: Int64 = -2

    /// Makes a parser; the unit is that of numbers when the options name none.
    init(_ options: DecodeOptions, unit: EpochUnit? = nil) {
        self.unit = options.timeUnit ?? unit
        zone = options.timeZone
        isUTC = options.timeZone.isUTC
        latest = min(options.latestTime?.microseconds ?? .max, Self.microsecondsMax)
    }

    /// Microseconds since the epoch; ``bad`` or ``early`` when there is no such time.
    mutating func parse(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int64 {
        let isDate = count >= 10 && text[4] == 0x2D && text[7] == 0x2D
        return checked(isDate ? civil(text, count) : number(text, count))
    }

    /// The reason to reject an event with what parsing gave.
    static func reason(for time: Int64) -> RejectReason { time == early ? .early : .badTime }

    private func checked(_ time: Int64?) -> Int64 {
        guard let time, time >= 0, time <= Self.microsecondsMax else { return Self.bad }
        return time <= latest ? time : Self.early
    }

    /// The common shape `YYYY-MM-DD[T ]HH:MM:SS[.f…][Z]`; every other one takes the long way.
    private mutating func civil(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int64? {
        guard count >= 19, text[10] == 0x54 || text[10] == 0x20, text[13] == 0x3A, text[16] == 0x3A,
            let hour = Self.twoDigits(text + 11), hour < 24,
            let minute = Self.twoDigits(text + 14), minute < 60,
            let second = Self.twoDigits(text + 17), second < 60
        else { return anyCivil(text, count) }
        var at = 19
        var fraction: Int64 = 0
        if at < count, text[at] == 0x2E {
            at &+= 1
            let start = at
            var scale: Int64 = 100_000
            while at < count, text[at] &- 0x30 < 10 {
                fraction &+= Int64(text[at] &- 0x30) &* scale
                scale /= 10
                at &+= 1
            }
            guard at > start else { return nil }
        }
        let isLocal = at == count
        guard isLocal || (at &+ 1 == count && text[at] | 0x20 == 0x7A) else {
            return anyCivil(text, count)
        }
        guard let midnight = date(text) else { return nil }
        let start = midnight &+ (hour &* 3600 &+ minute &* 60) &* 1_000_000
        let raw = UnsafeRawPointer(text)
        minuteHead = raw.loadUnaligned(as: UInt64.self)
        minuteTail = raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        self.minute = start
        let time = start &+ second &* 1_000_000 &+ fraction
        return isLocal && !isUTC ? local(time) : time
    }

    private mutating func anyCivil(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int64? {
        guard let parsed = CivilText.parse(UnsafeRawBufferPointer(start: text, count: count)) else {
            return nil
        }
        let time = parsed.date.utc.microseconds
        if let offset = parsed.offsetSeconds { return time &- Int64(offset) &* 1_000_000 }
        return isUTC ? time : local(time)
    }

    /// Midnight of the date in the first ten bytes; nil when there is no such date.
    private mutating func date(_ text: UnsafePointer<UInt8>) -> Int64? {
        let raw = UnsafeRawPointer(text)
        let head = raw.loadUnaligned(as: UInt64.self)
        let tail = raw.loadUnaligned(fromByteOffset: 8, as: UInt16.self)
        if head == dateHead, tail == dateTail { return midnight }
        guard let century = Self.twoDigits(text), let year = Self.twoDigits(text + 2),
            let month = Self.twoDigits(text + 5), let day = Self.twoDigits(text + 8)
        else { return nil }
        let date = CivilDateTime(
            year: Int(century * 100 + year),
            month: Int(month),
            day: Int(day)
        )
        guard date.isValid else { return nil }
        dateHead = head
        dateTail = tail
        midnight = date.utc.microseconds
        return midnight
    }

    /// The moment at which clocks in the zone show a time.
    private mutating func local(_ time: Int64) -> Int64 {
        let hour = time.floorDivided(by: 3_600_000_000)
        if hour == localHour { return time &- localOffset }
        let start = hour &* 3_600_000_000
        let first = zone.timestamps(of: CivilDateTime(Timestamp(microseconds: start)))
        let last = zone.timestamps(
            of: CivilDateTime(Timestamp(microseconds: start &+ 3_599_999_999))
        )
        if first.count == 1, last.count == 1 {
            let offset = start &- first[0].microseconds
            if start &+ 3_599_999_999 &- last[0].microseconds == offset {
                localHour = hour
                localOffset = offset
                return time &- offset
            }
        }
        return zone.firstTimestamp(of: CivilDateTime(Timestamp(microseconds: time))).microseconds
    }

    @inline(__always)
    private static func twoDigits(_ text: UnsafePointer<UInt8>) -> Int64? {
        let tens = text[0] &- 0x30
        let ones = text[1] &- 0x30
        return tens < 10 && ones < 10 ? Int64(tens &* 10 &+ ones) : nil
    }
}

/// A time as it was written, 16 to 24 bytes, and what it is.
private struct LastTime {
    var head: UInt64 = 0
    var tail: UInt64 = 0
    /// The last eight bytes.
    var more: UInt64 = 0
    /// Below 0 when there is none, which no text has.
    var count = -1
    var time: Int64 = 0
}

extension TimeParser {
    /// A number since the epoch in the unit given, else told by the size of its whole part.
    ///
    /// Below 1e11 it is seconds, below 1e14 milliseconds, below 1e17 microseconds, else
    /// nanoseconds: each unit's numbers from 1973 on are told right.
    private func number(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int64? {
        var at = 0
        var whole: Int64 = 0
        while at < count, text[at] &- 0x30 < 10 {
            guard at < 19 else { return nil }
            whole = whole &* 10 &+ Int64(text[at] &- 0x30)
            at &+= 1
        }
        guard at > 0, whole >= 0 else { return nil }  // 19 digits can pass 2^63 and wrap.
        var nanos: Int64 = 0
        if at < count, text[at] == 0x2E {
            at &+= 1
            let start = at
            var scale: Int64 = 100_000_000
            while at < count, text[at] &- 0x30 < 10 {
                nanos &+= Int64(text[at] &- 0x30) &* scale
                scale /= 10
                at &+= 1
            }
            guard at > start else { return nil }
        }
        guard at == count else { return scientific(text, count) }
        let unit = unit ?? Self.unit(of: whole)
        let scale = unit.nanoseconds
        let (product, overflow) = whole.multipliedReportingOverflow(by: scale)
        guard overflow else { return product / 1000 &+ nanos / 1000 &* scale / 1_000_000_000 }
        // Seconds and milliseconds beyond 2^63 nanoseconds are out of range anyway.
        return nil
    }

    /// A number with an exponent, as some JSON writers give floats; to the nearest microsecond.
    private func scientific(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int64? {
        guard case .finite(let value) = NumberParser.parse(text, count), value >= 0, value < 9.3e18
        else { return nil }
        let unit = unit ?? Self.unit(of: Int64(exactly: value.rounded(.towardZero)) ?? .max)
        let scaled = value * Double(unit.nanoseconds) / 1000
        return Int64(exactly: scaled.rounded())
    }

    private static func unit(of number: Int64) -> EpochUnit {
        switch number {
        case ..<100_000_000_000: .seconds
        case ..<100_000_000_000_000: .milliseconds
        case ..<100_000_000_000_000_000: .microseconds
        default: .nanoseconds
        }
    }
}

extension TimeParser {
    /// As ``parse(_:_:)``, faster for what most times are like.
    ///
    /// - Range: 32 bytes can be read from the text on.
    @inline(__always)
    mutating func parsePadded(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int64 {
        let raw = UnsafeRawPointer(text)
        let words = (
            raw.loadUnaligned(as: UInt64.self),
            raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        )
        // The last eight bytes, which overlap those before: times have from 16 to 24 mostly.
        let end = count &- 16 <= 8 && count >= 16 ? count &- 8 : 8
        let more = raw.loadUnaligned(fromByteOffset: end, as: UInt64.self)
        if words == (last.head, last.tail), more == last.more, count == last.count {
            return last.time
        }
        var time: Int64 = -1
        if words == (minuteHead, minuteTail) {
            time = secondPadded(text, count)
        } else if count <= 19 {
            time = epochPadded(text, count)
        }
        guard time >= 0, time <= latest else { return parse(text, count) }
        if count &- 16 <= 8, count >= 16 {
            last = LastTime(head: words.0, tail: words.1, more: more, count: count, time: time)
        }
        return time
    }

    /// The rest of a time whose minute is the last one's; negative when it is not as usual.
    @inline(__always)
    private func secondPadded(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int64 {
        let tens = text[17] &- 0x30
        let ones = text[18] &- 0x30
        guard text[16] == 0x3A, tens < 6, ones < 10 else { return -1 }
        var time = minute &+ (Int64(tens) &* 10 &+ Int64(ones)) &* 1_000_000
        var end = 19
        if text[19] == 0x2E {
            let digits = (~bytes_digits(text + 20) | 0x80).trailingZeroBitCount
            guard digits &- 1 < 6, digits > 0 else { return -1 }
            let fraction = bytes_decimal(text + 20, Int32(digits))
            let scale = bytes_whole_power(Int32(6 &- digits))
            time &+= Int64(truncatingIfNeeded: fraction &* scale)
            end = 20 &+ digits
        }
        if end &+ 1 == count { return text[end] | 0x20 == 0x7A ? time : -1 }
        return end == count && isUTC ? time : -1
    }

    /// A number since the epoch that has digits only; negative when it has more than that.
    @inline(__always)
    private func epochPadded(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int64 {
        let digits = (~bytes_digits(text) | 1 << 16).trailingZeroBitCount
        guard digits > 0, count == digits || (digits == 16 && count > 16) else { return -1 }
        var number: Int64
        if digits > 8 {
            let low = bytes_decimal(text + 8, Int32(digits &- 8))
            let scale = bytes_whole_power(Int32(digits &- 8))
            let high = bytes_decimal(text, 8) &* scale
            number = Int64(truncatingIfNeeded: high &+ low)
        } else {
            number = Int64(truncatingIfNeeded: bytes_decimal(text, Int32(digits)))
        }
        if count > 16 {
            guard bytes_digits(text + (count &- 16)) == 0xFFFF, number < 9_200_000_000_000_000
            else { return -1 }
            let more = Int32(count &- 16)
            number &*= Int64(truncatingIfNeeded: bytes_whole_power(more))
            number &+= Int64(truncatingIfNeeded: bytes_decimal(text + 16, more))
        }
        switch unit ?? Self.unit(of: number) {
        case .nanoseconds: return number / 1000
        case .microseconds: return number
        case .milliseconds: return number < 1 << 50 ? number &* 1000 : -1
        case .seconds: return number < 1 << 40 ? number &* 1_000_000 : -1
        case .minutes, .hours: return -1
        }
    }
}
