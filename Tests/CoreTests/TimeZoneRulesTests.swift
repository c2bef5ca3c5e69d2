import Testing

@testable import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

private let hasZones = access("/usr/share/zoneinfo/Europe/Berlin", R_OK) == 0

@Suite("Time zone rules")
struct TimeZoneRulesTests {
    struct Moment: Sendable {
        let zone: String
        let utc: String
        let offset: Int
    }

    static let moments = [
        Moment(zone: "Europe/Berlin", utc: "2018-03-25T00:59:59Z", offset: 3600),
        Moment(zone: "Europe/Berlin", utc: "2018-03-25T01:00:00Z", offset: 7200),
        Moment(zone: "Europe/Berlin", utc: "2018-10-28T00:59:59Z", offset: 7200),
        Moment(zone: "Europe/Berlin", utc: "2018-10-28T01:00:00Z", offset: 3600),
        Moment(zone: "Europe/Berlin", utc: "1975-07-01T00:00:00Z", offset: 3600),
        Moment(zone: "Europe/Berlin", utc: "2100-03-28T00:59:59Z", offset: 3600),
        Moment(zone: "Europe/Berlin", utc: "2100-03-28T01:00:00Z", offset: 7200),
        Moment(zone: "Europe/Berlin", utc: "2500-07-01T00:00:00Z", offset: 7200),
        Moment(zone: "America/New_York", utc: "2018-03-11T06:59:59Z", offset: -18000),
        Moment(zone: "America/New_York", utc: "2018-03-11T07:00:00Z", offset: -14400),
        Moment(zone: "America/New_York", utc: "2018-11-04T06:00:00Z", offset: -18000),
        Moment(zone: "America/New_York", utc: "2090-07-01T00:00:00Z", offset: -14400),
        Moment(zone: "Australia/Lord_Howe", utc: "2018-01-01T00:00:00Z", offset: 39600),
        Moment(zone: "Australia/Lord_Howe", utc: "2018-07-01T00:00:00Z", offset: 37800),
        Moment(zone: "Australia/Lord_Howe", utc: "2080-01-01T00:00:00Z", offset: 39600),
        Moment(zone: "Australia/Lord_Howe", utc: "2080-07-01T00:00:00Z", offset: 37800),
        Moment(zone: "Asia/Kolkata", utc: "2018-07-01T00:00:00Z", offset: 19800),
        Moment(zone: "Asia/Kolkata", utc: "2200-01-01T00:00:00Z", offset: 19800),
        Moment(zone: "UTC", utc: "2018-07-01T00:00:00Z", offset: 0),
        Moment(zone: "Z", utc: "2018-07-01T00:00:00Z", offset: 0),
    ]

    // Skipped where tzdata is not installed.
    @Test("offsets are those of the database", .enabled(if: hasZones), arguments: moments)
    func offsets(_ row: Moment) throws {
        let rules = try TimeZoneRules.load(row.zone)
        let time = try #require(Timestamp(rfc3339: row.utc))
        #expect(rules.offsetSeconds(at: time) == row.offset)
    }

    struct Local: Sendable {
        let zone: String
        let local: String
        let all: [String]
        let first: String
    }

    static let locals = [
        Local(
            zone: "Europe/Berlin",
            local: "2018-03-25 02:30:00",
            all: [],
            first: "2018-03-25T01:00:00Z"
        ),
        Local(
            zone: "Europe/Berlin",
            local: "2018-03-25 03:00:00",
            all: ["2018-03-25T01:00:00Z"],
            first: "2018-03-25T01:00:00Z"
        ),
        Local(
            zone: "Europe/Berlin",
            local: "2018-10-28 02:30:00.5",
            all: ["2018-10-28T00:30:00.5Z", "2018-10-28T01:30:00.5Z"],
            first: "2018-10-28T00:30:00.5Z"
        ),
        Local(
            zone: "Europe/Berlin",
            local: "2018-10-28 03:00:00",
            all: ["2018-10-28T02:00:00Z"],
            first: "2018-10-28T02:00:00Z"
        ),
        Local(
            zone: "Europe/Berlin",
            local: "2100-03-28 02:00:00",
            all: [],
            first: "2100-03-28T01:00:00Z"
        ),
        Local(
            zone: "Europe/Berlin",
            local: "2100-10-31 02:00:00",
            all: ["2100-10-31T00:00:00Z", "2100-10-31T01:00:00Z"],
            first: "2100-10-31T00:00:00Z"
        ),
        Local(
            zone: "America/New_York",
            local: "2018-11-04 01:59:59",
            all: ["2018-11-04T05:59:59Z", "2018-11-04T06:59:59Z"],
            first: "2018-11-04T05:59:59Z"
        ),
        Local(
            zone: "Australia/Lord_Howe",
            local: "2018-10-07 02:15:00",
            all: [],
            first: "2018-10-06T15:30:00Z"
        ),
        Local(
            zone: "Australia/Lord_Howe",
            local: "2018-04-01 01:45:00",
            all: ["2018-03-31T14:45:00Z", "2018-03-31T15:15:00Z"],
            first: "2018-03-31T14:45:00Z"
        ),
        Local(
            zone: "Asia/Kolkata",
            local: "2018-07-01 05:30:00",
            all: ["2018-07-01T00:00:00Z"],
            first: "2018-07-01T00:00:00Z"
        ),
        Local(
            zone: "UTC",
            local: "2018-07-01 05:30:00",
            all: ["2018-07-01T05:30:00Z"],
            first: "2018-07-01T05:30:00Z"
        ),
    ]

    // Skipped where tzdata is not installed.
    @Test("local times have 0, 1 or 2 moments", .enabled(if: hasZones), arguments: locals)
    func localTimes(_ row: Local) throws {
        let rules = try TimeZoneRules.load(row.zone)
        let text = try #require(Array(row.local.utf8).withUnsafeBytes { CivilText.parse($0) })
        #expect(rules.timestamps(of: text.date) == row.all.compactMap { Timestamp(rfc3339: $0) })
        #expect(rules.firstTimestamp(of: text.date) == Timestamp(rfc3339: row.first))
    }

    // Skipped where tzdata is not installed.
    @Test("every moment is among the moments of its local time", .enabled(if: hasZones))
    func roundTrips() throws {
        var random = Random(seed: 11)
        for zone in [
            "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
        ] {
            let rules = try TimeZoneRules.load(zone)
            for _ in 0..<300 {
                let time = Timestamp(seconds: Int64(random.next() % 8_000_000_000))
                let local = time + .seconds(rules.offsetSeconds(at: time))
                let found = rules.timestamps(of: CivilDateTime(local))
                #expect(found.contains(time), "seed 11, \(zone) \(time)")
                #expect(rules.firstTimestamp(of: CivilDateTime(local)) == found.first)
            }
        }
    }

    @Test("a footer alone tells the offsets: north, south, all year, odd rules")
    func footers() throws {
        func rules(_ text: String) throws -> TimeZoneRules {
            let footer = try #require(PosixTimeZone(parsing: Array(text.utf8)[...]), "\(text)")
            return TimeZoneRules(
                identifier: "test",
                transitions: [],
                offsets: [],
                initialOffset: 0,
                footer: footer
            )
        }
        let rows: [(String, String, Int)] = [
            ("EST5EDT,M3.2.0,M11.1.0", "2030-07-01T00:00:00Z", -14400),
            ("EST5EDT", "2030-07-01T00:00:00Z", -14400),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2030-01-01T00:00:00Z", 39600),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2030-07-01T00:00:00Z", 36000),
            ("XXX3EDT4,0/0,J365/23", "2030-01-01T03:59:59Z", -14400),
            ("XXX3EDT4,0/0,J365/23", "2030-12-31T23:59:59Z", -14400),
            ("XXX3EDT4,0/0,J365/23", "2030-06-30T23:59:59Z", -14400),
            ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2030-07-01T00:00:00Z", -3600),
            ("IST-5:30", "2030-07-01T00:00:00Z", 19800),
            ("AAA0BBB,J60/0,J300/0", "2028-02-29T23:59:59Z", 0),
            ("AAA0BBB,J60/0,J300/0", "2028-03-01T00:00:00Z", 3600),
            ("AAA0BBB,59/0,300/0", "2028-02-29T00:00:00Z", 3600),
        ]
        for (text, utc, offset) in rows {
            let time = try #require(Timestamp(rfc3339: utc))
            #expect(try rules(text).offsetSeconds(at: time) == offset, "\(text) \(utc)")
        }
        for text in [
            "", "X5", "EST", "EST25", "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0", "EST5,M3.2.0",
            "EST5EDT,M3.2.0,M11.1.0,", "EST5EDT,J0,J1", "EST5EDT,M3.2.0/200,M11.1.0", "<x5",
        ] {
            #expect(PosixTimeZone(parsing: Array(text.utf8)[...]) == nil, "\(text)")
        }
    }

    @Test("names that lead elsewhere or are no zone are refused, with a suggestion")
    func names() throws {
        for name in [
            "", "../etc/passwd", "/etc/passwd", "Europe/../UTC", "a\0b", "Europe", "zone.tab",
        ] {
            let error = #expect(throws: FleetError.self) { try TimeZoneRules.load(name) }
            if hasZones { #expect(error?.code == .invalidArgument, "\(name)") }
        }
        if hasZones {
            let error = #expect(throws: FleetError.self) { try TimeZoneRules.load("Europe/Berln") }
            #expect(error?.description.contains("did you mean \"Europe/Berlin\"?") == true)
        }
    }

    @Test("a machine without time zone data says so")
    func missingData() {
        let error = #expect(throws: FleetError.self) {
            try TimeZoneRules.load("Europe/Berlin", folder: "/nonexistent/zoneinfo")
        }
        #expect(error?.description.contains("Europe/Berlin") == true)
        #expect(error?.description.contains("install tzdata") == true)
        #expect((try? TimeZoneRules.load("UTC", folder: "/nonexistent")) == .utc)
    }

    @Test("damaged files are refused and never trap", .enabled(if: hasZones))
    func damaged() throws {
        let file = fopen("/usr/share/zoneinfo/Europe/Berlin", "r")
        defer { if let file { fclose(file) } }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = try #require(file.map { fread(&bytes, 1, bytes.count, $0) })
        bytes = Array(bytes[..<count])
        _ = try TimeZoneRules(tzif: bytes, identifier: "Berlin")
        for length in stride(from: 0, to: count - 1, by: 13) {
            #expect(throws: FleetError.self) {
                try TimeZoneRules(tzif: Array(bytes[..<length]), identifier: "Berlin")
            }
        }
        var random = Random(seed: 5)
        for _ in 0..<300 {
            var mutated = bytes
            for _ in 0..<3 {
                mutated[Int(random.next() % UInt64(count))] = UInt8(
                    truncatingIfNeeded: random.next()
                )
            }
            let rules: TimeZoneRules
            do {
                rules = try TimeZoneRules(tzif: mutated, identifier: "Berlin")
            } catch is FleetError { continue }
            for time in [Timestamp.distantPast, .distantFuture, Timestamp(seconds: 1_535_497_205)] {
                _ = rules.offsetSeconds(at: time)
                _ = rules.firstTimestamp(of: CivilDateTime(time))
            }
        }
    }
}
