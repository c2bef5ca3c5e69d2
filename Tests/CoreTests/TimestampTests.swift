import Core
import Testing

@Suite("Timestamp and its text")
struct TimestampTests {
    struct Good: Sendable {
        let text: String
        let microseconds: Int64
    }

    static let goods = [
        Good(text: "1970-01-01T00:00:00Z", microseconds: 0),
        Good(text: "2018-08-28T23:00:05.000Z", microseconds: 1_535_497_205_000_000),
        Good(text: "2018-08-28 23:00:05z", microseconds: 1_535_497_205_000_000),
        Good(text: "2018-08-28t23:00Z", microseconds: 1_535_497_200_000_000),
        Good(text: "2018-08-29T01:00:05+02:00", microseconds: 1_535_497_205_000_000),
        Good(text: "2018-08-29T01:00:05+0200", microseconds: 1_535_497_205_000_000),
        Good(text: "2018-08-28T20:00:05-03", microseconds: 1_535_497_205_000_000),
        Good(text: "2018-08-28T23:00:05.1234567Z", microseconds: 1_535_497_205_123_456),
        Good(text: "2018-08-28T23:00:05,5Z", microseconds: 1_535_497_205_500_000),
        Good(text: "2016-12-31T23:59:60Z", microseconds: 1_483_228_800_000_000),
        Good(text: "2000-02-29T00:00:00Z", microseconds: 951_782_400_000_000),
        Good(text: "0001-01-01T00:00:00Z", microseconds: -62_135_596_800_000_000),
        Good(text: "9999-12-31T23:59:59.999999Z", microseconds: 253_402_300_799_999_999),
    ]

    @Test("RFC 3339 text is read", arguments: goods)
    func reads(_ row: Good) {
        #expect(Timestamp(rfc3339: row.text)?.microseconds == row.microseconds)
    }

    @Test(
        "other text is refused",
        arguments: [
            "", "2018", "2018-08-28", "2018-08-28T23:00:05", "2018-8-28T23:00:05Z",
            "2018-13-01T00:00:00Z", "2018-00-01T00:00:00Z", "2018-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z", "2018-04-31T00:00:00Z", "2018-01-01T24:00:00Z",
            "2018-01-01T00:60:00Z", "2018-01-01T00:00:61Z", "2018-01-01T00:00:00.Z",
            "2018-01-01T00:00:00ZZ", "2018-01-01T00:00:00+24:00", "2018-01-01T00:00:00+01:60",
            "2018-01-01T00:00:00+1", "2018-01-01T00:00:00+01:", "0000-01-01T00:00:00Z",
            "2018-01-01x00:00:00Z", " 2018-01-01T00:00:00Z", "2018-01-01T00:00:00Z ",
            "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "9999-12-31T23:59:60Z",
        ]
    )
    func refuses(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test("the text of any moment is read back, with no more digits than needed")
    func roundTrips() {
        var random = Random(seed: 7)
        let span = UInt64(
            Timestamp.distantFuture.microseconds - Timestamp.distantPast.microseconds
        )
        for scale in [1, 1000, 1_000_000] as [Int64] {
            for _ in 0..<300 {
                let any = Timestamp.distantPast.microseconds + Int64(random.next() % span)
                let time = Timestamp(microseconds: any.floorDivided(by: scale) * scale)
                guard time >= .distantPast else { continue }
                let text = time.description
                #expect(Timestamp(rfc3339: text) == time, "seed 7, \(text)")
                let count = [1: 27, 1000: 24, 1_000_000: 20][scale] ?? 0
                #expect(text.utf8.count <= count, "seed 7, \(text)")
            }
        }
        #expect(Timestamp(microseconds: 0).description == "1970-01-01T00:00:00Z")
        #expect(Timestamp(microseconds: 1_500_000).description == "1970-01-01T00:00:01.500Z")
        #expect(Timestamp(microseconds: -1).description == "1969-12-31T23:59:59.999999Z")
    }

    @Test("the compact text fits object names")
    func compact() {
        #expect(Timestamp(seconds: 1_535_497_200).compact == "20180828T230000Z")
        #expect(Timestamp(microseconds: 250_000).compact == "19700101T000000.250000Z")
    }

    @Test("no number of microseconds traps")
    func extremes() {
        for value in [Int64.min, .min + 1, .max, .max - 1] {
            #expect(!Timestamp(microseconds: value).description.isEmpty)
        }
    }

    @Test("civil text tells the fields written and whether there is a zone")
    func civilText() throws {
        func parse(_ text: String) -> CivilText? {
            Array(text.utf8).withUnsafeBytes { CivilText.parse($0) }
        }
        let local = try #require(parse("2018-08-28 23:00:05.25"))
        #expect(local.offsetSeconds == nil)
        #expect(
            local.date
                == CivilDateTime(
                    year: 2018,
                    month: 8,
                    day: 28,
                    hour: 23,
                    second: 5,
                    microsecond: 250_000
                )
        )
        #expect(parse("2018-08-28")?.date == CivilDateTime(year: 2018, month: 8, day: 28))
        #expect(parse("2018-08-28T01:02Z")?.offsetSeconds == 0)
        #expect(parse("2018-08-28T01:02-01:30")?.offsetSeconds == -5400)
        #expect(parse("2018-02-30") == nil)
        #expect(parse("2018-08-28T") == nil)
    }

    @Test("days and civil dates agree over four centuries, and so do weekdays")
    func calendar() {
        var day = CivilDateTime.days(year: 1800, month: 1, day: 1)
        var weekday = 3  // It was a Wednesday.
        for year in 1800...2200 {
            for month in 1...12 {
                for date in 1...CivilDateTime.daysIn(month: month, year: year) {
                    guard CivilDateTime.days(year: year, month: month, day: date) == day,
                        CivilDateTime.civil(fromDays: day) == (year, month, date),
                        CivilDateTime(year: year, month: month, day: date).weekday == weekday
                    else {
                        Issue.record("\(year)-\(month)-\(date)")
                        return
                    }
                    day += 1
                    weekday = (weekday + 1) % 7
                }
            }
        }
    }
}

/// A small seeded generator (SplitMix64), so that a failure can be repeated.
struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
