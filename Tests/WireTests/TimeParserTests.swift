import Core
import Testing

@testable import Wire

@Suite("Time parser")
struct TimeParserTests {
    private func parse(_ text: String, _ options: DecodeOptions = DecodeOptions()) -> Int64? {
        var parser = TimeParser(options)
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.flatMap { start in
                let time = parser.parse(start, buffer.count)
                return time < 0 ? nil : time
            }
        }
    }

    @Test("times of every form are read")
    func forms() {
        let rows: [(String, Int64)] = [
            ("1535497205", noon), ("1535497205000", noon), ("1535497205000000", noon),
            ("1535497205000000000", noon), ("1535497205.5", noon + 500_000),
            ("1535497205.1234567", noon + 123_456), ("1535497205000.25", noon + 250),
            ("1535497205000000.9", noon), ("1535497205000000999", noon),
            ("1.535497205e9", noon), ("1.535497205123e12", noon + 123_000), ("0", 0),
            ("0.000001", 1),
            ("2018-08-28 23:00:05.000", noon), ("2018-08-28T23:00:05Z", noon),
            ("2018-08-28T23:00:05z", noon), ("2018-08-28t23:00:05", noon),
            ("2018-08-29T01:00:05+02:00", noon), ("2018-08-28 23:00:05.1234567", noon + 123_456),
            ("2018-08-28 23:00:05,5", noon + 500_000), ("2018-08-28", 1_535_414_400_000_000),
            ("2018-08-28 23:00", noon - 5_000_000), ("1970-01-01T00:00:00Z", 0),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
            ("2262-04-11T23:47:16.854775Z", TimeParser.microsecondsMax),
            ("9223372036854775807", TimeParser.microsecondsMax),
            ("9223372036", 9_223_372_036_000_000),
        ]
        for (text, expected) in rows {
            #expect(parse(text) == expected, "\(text)")
        }
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "x", "-1", "+1", "-1535497205", "1 ", "1.", ".5", "1e", "1e400", "1e-", "0x10",
            "nan",
            "inf", "99999999999", "9223372037", "9223372036854775808", "18446744073709551616",
            "2262-04-11T23:47:16.854776Z", "2263-01-01T00:00:00Z", "1969-12-31T23:59:59Z",
            "2018-02-29 00:00:00", "2018-08-28 24:00:00", "2018-08-28 23:60:00",
            "2018-08-28 23:00:61", "2018-08-28 23:00:05.", "2018-08-28 23:00:05Zx",
            "2018-08-28 23:00:05.1x", "2018-08-28T23:00:05+", "2018-08-28x23:00:05",
            "2018-8-28 23:00:05", "0000-00-00 00:00:00", "28.08.2018 23:00", "2018/08/28 23:00:05",
        ]
    )
    func refused(_ text: String) {
        #expect(parse(text) == nil)
    }

    @Test("a unit given is used whatever the magnitude")
    func units() {
        var options = DecodeOptions()
        let rows: [(EpochUnit, String, Int64?)] = [
            (.seconds, "1535497205", noon), (.seconds, "1535497205000", nil),
            (.milliseconds, "5", 5000), (.milliseconds, "0.5", 500), (.microseconds, "5", 5),
            (.nanoseconds, "5999", 5), (.milliseconds, "2018-08-28 23:00:05", noon),
            (.milliseconds, "1.5e3", 1_500_000),
        ]
        for (unit, text, expected) in rows {
            options.timeUnit = unit
            #expect(parse(text, options) == expected, "\(unit) \(text)")
        }
    }

    // Skipped where tzdata is not installed.
    @Test(
        "times without a zone are local, the earliest where they are ambiguous",
        .enabled(if: (try? TimeZoneRules.load("Europe/Berlin")) != nil)
    )
    func zones() throws {
        var options = DecodeOptions()
        options.timeZone = try TimeZoneRules.load("Europe/Berlin")
        var parser = TimeParser(options)
        let rows = [
            ("2018-08-29 01:00:05", "2018-08-28T23:00:05Z"),
            ("2018-08-29 01:59:59.5", "2018-08-28T23:59:59.500Z"),
            ("2018-08-29 01:00:05Z", "2018-08-29T01:00:05Z"),
            ("2018-08-29", "2018-08-28T22:00:00Z"),
            ("2018-03-25 01:59:59", "2018-03-25T00:59:59Z"),
            ("2018-03-25 02:30:00", "2018-03-25T01:00:00Z"),
            ("2018-03-25 03:00:00", "2018-03-25T01:00:00Z"),
            ("2018-10-28 02:30:00", "2018-10-28T00:30:00Z"),
            ("2018-10-28 03:00:00", "2018-10-28T02:00:00Z"),
            ("2018-10-28 01:59:59", "2018-10-27T23:59:59Z"),
        ]
        for (text, expected) in rows + rows.reversed() {
            let time = Array(text.utf8).withUnsafeBufferPointer { buffer in
                buffer.baseAddress.flatMap { start in
                    let time = parser.parse(start, buffer.count)
                    return time < 0 ? nil : time
                }
            }
            #expect(time == Timestamp(rfc3339: expected)?.microseconds, "\(text)")
        }
    }

    @Test("the short way and the long way agree on mutated times")
    func property() throws {
        var random = Random(seed: 4)
        let alphabet = Array("0123456789-:T .,Zz+".utf8)
        for _ in 0..<20_000 {
            var bytes = Array("2018-08-28T23:00:05.123456Z".utf8)
            for _ in 0..<(random.next() % 3) {
                bytes[Int(random.next() % UInt64(bytes.count))] = random.pick(alphabet)
            }
            bytes.removeLast(Int(random.next() % 12))
            let text = String(decoding: bytes, as: UTF8.self)
            guard bytes[4] == 0x2D, bytes[7] == 0x2D else { continue }
            let civil = bytes.withUnsafeBytes { CivilText.parse($0) }
            let expected = civil.map {
                $0.date.utc.microseconds - Int64($0.offsetSeconds ?? 0) * 1_000_000
            }.flatMap { (0...TimeParser.microsecondsMax).contains($0) ? $0 : nil }
            if parse(text) != expected { Issue.record("seed 4, \(text)") }
        }
    }
}
