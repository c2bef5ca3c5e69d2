import Core
import Testing
import Wire

@Suite("Line protocol")
struct LineProtocolTests {
    struct Good: Sendable {
        let text: String
        let keys: [String]
        let values: [Double]

        init(_ text: String, _ keys: [String], _ values: [Double]) {
            self.text = text
            self.keys = keys
            self.values = values
        }
    }

    static let goods = [
        Good("temp,device=d value=1.5", ["d/temp"], [1.5]),
        Good("temp,host=h value=1", ["h/temp"], [1]),
        Good("temp,host=h,device=d value=1", ["d/temp,host=h"], [1]),
        Good("cpu,device=d idle=1,used=2", ["d/cpu.idle", "d/cpu.used"], [1, 2]),
        Good("m,device=d,sensor=s value=1,raw=2", ["d/s", "d/s.raw"], [1, 2]),
        Good("m,tag=s,device=d value=1", ["d/s"], [1]),
        Good("cpu,host=h,z=2,cpu=cpu0 value=1", ["h/cpu,cpu=cpu0,z=2"], [1]),
        Good(
            "m,device=d a=1i,b=-2i,c=3u,d=18446744073709551615u",
            ["d/m.a", "d/m.b", "d/m.c", "d/m.d"],
            [1, -2, 3, 18_446_744_073_709_551_616]
        ),
        Good(
            "m,device=d a=t,b=T,c=true,d=True,e=TRUE",
            ["d/m.a", "d/m.b", "d/m.c", "d/m.d", "d/m.e"],
            [1, 1, 1, 1, 1]
        ),
        Good(
            "m,device=d a=f,b=F,c=false,d=False,e=FALSE",
            ["d/m.a", "d/m.b", "d/m.c", "d/m.d", "d/m.e"],
            [0, 0, 0, 0, 0]
        ),
        Good("m,device=d value=-1.5e-3", ["d/m"], [-0.0015]),
        Good("m,device=d value=1e300", ["d/m"], [1e300]),
        Good("m,device=d value=123456789012345678", ["d/m"], [123_456_789_012_345_680]),
        Good(#"a\ b\,c,device=d\ e\,f\=g value=1"#, ["d e,f=g/a b%2Cc"], [1]),
        Good(#"m,device=d,k\ 1\==v\,w value=1"#, ["d/m,k 1%3D=v%2Cw"], [1]),
        Good(#"m,device=d a\ b\,c\=d=1"#, ["d/m.a b%2Cc=d"], [1]),
        Good(#"m\x,device=d\y value=1"#, [#"d\y/m\x"#], [1]),
        Good(#"m,device=d s="a b,c=\"\\ 1",value=2"#, ["d/m"], [2]),
        Good("m,device=d s=\"a\nb # c\",value=2", ["d/m"], [2]),
        Good("a/b,device=c/d,p=/x value=1", ["c%2Fd/a%2Fb,p=%2Fx"], [1]),
        Good("a%2Fb,device=50% value=1", ["50%/a%252Fb"], [1]),
        Good("m\tn,device=d value=1", ["d/m%09n"], [1]),
        Good("mü,device=ü,k=\u{85} value=1", ["ü/mü,k=%C2%85"], [1]),
        Good("m,device=\"d\" value=1", ["\"d\"/m"], [1]),
        Good("  m,device=d  value=1 ", ["d/m"], [1]),
    ]

    @Test("lines give the series and values that the mapping says", arguments: goods)
    func good(_ row: Good) throws {
        for end in ["\n", "", "\r\n", "   \n", "\n\n# comment\n"] {
            let text = row.text + " 1535497205000000000" + end
            let events = try decode(text, .line)
            #expect(events.rejected.isEmpty, "\(text)")
            #expect(events.list.map(\.key) == row.keys, "\(text)")
            #expect(events.list.map(\.value) == row.values, "\(text)")
            #expect(events.batch.times.allSatisfy { $0 == noon }, "\(text)")
        }
    }

    struct Bad: Sendable {
        let text: String
        let codes: [String]

        init(_ text: String, _ codes: [String]) {
            self.text = text
            self.codes = codes
        }
    }

    static let bads = [
        Bad("m value=1 5", ["missing_device"]),
        Bad("m a=1,b=2,c=\"x\" 5", ["missing_device", "missing_device"]),
        Bad("m,device=d value=1", ["missing_time"]),
        Bad("m,device=d value=NaN 5", ["not_finite"]),
        Bad("m,device=d value=-inf 5", ["not_finite"]),
        Bad("m,device=d value=1e999 5", ["not_finite"]),
        Bad("m,device=d value=x 5", ["bad_value"]),
        Bad("m,device=d value= 5", ["bad_value"]),
        Bad("m,device=d value=i 5", ["bad_value"]),
        Bad("m,device=d value=1.5i 5", ["bad_value"]),
        Bad("m,device=d value=9223372036854775808i 5", ["bad_value"]),
        Bad("m,device=d value=-1u 5", ["bad_value"]),
        Bad("m,device=d value=tRUE 5", ["bad_value"]),
        Bad("m,device=d value=1 -5", ["bad_time"]),
        Bad("m,device=d value=1 1.5", ["bad_time"]),
        Bad("m,device=d value=1 2018-08-28T23:00:05Z", ["bad_time"]),
        Bad("m,device=d a=1,b=2 99999999999999999999", ["bad_time", "bad_time"]),
        Bad("m", ["malformed"]),
        Bad("m,device=d", ["malformed"]),
        Bad("m,device=d 5", ["malformed"]),
        Bad("m,device=d =1 5", ["malformed"]),
        Bad("m,device=d value 5", ["malformed"]),
        Bad("m,device=d value=1, 5", ["malformed"]),
        Bad("m,device=d value=1 5 6", ["malformed"]),
        Bad("m,device=d value=\"x 5", ["malformed"]),
        Bad("m,device=d value=\"x\"y 5", ["malformed"]),
        Bad("m,device= value=1 5", ["malformed"]),
        Bad("m,=d value=1 5", ["malformed"]),
        Bad("m,device=d, value=1 5", ["malformed"]),
        Bad("m,device value=1,b=2 5", ["malformed"]),
        Bad("m,device=d=e value=1 5", ["malformed"]),
        Bad("m,device=d,a=1,a=2 value=1,b=2 5", ["malformed"]),
        Bad(",device=d value=1 5", ["malformed"]),
        Bad("m,device=\(String(repeating: "d", count: 257)) value=1 5", ["bad_name"]),
        Bad(
            "m,device=d,k=\(String(repeating: "v", count: 257)) value=1,b=2 5",
            ["bad_name", "bad_name"]
        ),
    ]

    @Test("a bad line is rejected and its neighbors are accepted", arguments: bads)
    func bad(_ row: Bad) throws {
        let good = "m,device=d value=1 1535497205000000000"
        for path in [DecodePath.predicted, .plain] {
            let events = try decode("\(good)\n\(row.text)\n\(good)\n", .line, path: path)
            #expect(events.list == Array(repeating: Event("d/m", noon, 1), count: 2), "\(row.text)")
            #expect(events.codes == row.codes, "\(row.text)")
            let rejected = try #require(events.rejected.first)
            #expect(rejected.index == 1)
            #expect(rejected.line == 2)
            #expect(rejected.text == row.text)
            #expect(rejected.isTextWhole)
        }
    }

    @Test("bytes that are no UTF-8 make no names")
    func encoding() throws {
        let events = try decode(
            Array("m,device=d".utf8) + [0xFF] + Array(" value=1 5\n".utf8),
            .line
        )
        #expect(events.codes == ["bad_name"])
        #expect(!events.rejected[0].isTextWhole)
        #expect(throws: FleetError.self) { try decode([0xFF, 0xFE, 0x6D, 0x00], .line) }
        #expect(throws: FleetError.self) { try decode(" \n\n", .line) }
        #expect(try decode("\u{FEFF}m,device=d value=1 5000\n", .line).list == [Event("d/m", 5, 1)])
    }

    @Test("text fields are counted and rejected nothing")
    func ignored() throws {
        let events = try decode("m,device=d a=\"x\",b=1,c=\"\" 5\nm e=\"only\"\n", .line)
        #expect(events.list.map(\.key) == ["d/m.b"])
        #expect(events.ignoredFieldCount == 3)
        #expect(events.rejectedCount == 0)
    }

    @Test(
        "times are of the precision asked for",
        arguments: [
            (EpochUnit.nanoseconds, "1535497205000000999"), (.microseconds, "1535497205000000"),
            (.milliseconds, "1535497205000"), (.seconds, "1535497205"),
        ]
    )
    func precision(_ unit: EpochUnit, _ text: String) throws {
        var options = DecodeOptions()
        options.timeUnit = unit
        #expect(try decode("m,device=d value=1 \(text)", .line, options).batch.times == [noon])
    }

    @Test("times can be minutes and hours")
    func longUnits() throws {
        var options = DecodeOptions()
        options.timeUnit = .minutes
        #expect(
            try decode("m,device=d value=1 3", .line, options).batch.times == [180_000_000]
        )
        options.timeUnit = .hours
        #expect(
            try decode("m,device=d value=1 2", .line, options).batch.times == [7_200_000_000]
        )
        #expect(
            try decode("m,device=d value=1 9000000000000000", .line, options).codes == ["bad_time"]
        )
    }

    @Test("the device, the time and the names of the tags can be given")
    func options() throws {
        var options = DecodeOptions()
        options.givenDevice = "given"
        options.receivedAt = Timestamp(microseconds: noon)
        #expect(
            try decode("m value=1\nm,host=h value=2\n", .line, options).list == [
                Event("given/m", noon, 1), Event("h/m", noon, 2),
            ]
        )
        options.columns = ["device": "machine", "sensor": "channel"]
        let text = "m,device=x,machine=a,channel=c,sensor=s value=1 5000\n"
        #expect(try decode(text, .line, options).list == [Event("a/c,device=x,sensor=s", 5, 1)])
        options.columns = ["valeu": "x"]
        #expect(throws: FleetError.self) { try decode(text, .line, options) }
    }

    @Test("a quote that is never closed spoils its own line only")
    func openQuote() throws {
        let text = "m,device=d s=\"x\nm,device=d value=1 5000\nm,device=d value=2 6000\n"
        let events = try decode(text, .line)
        #expect(events.codes == ["malformed"])
        #expect(events.list.map(\.value) == [1, 2])
    }

    @Test("what a writer wrote is read back, cut anywhere")
    func roundTrips() throws {
        var random = Random(seed: 77)
        for round in 0..<60 {
            let document = LineDocument(&random)
            for path in [DecodePath.predicted, .plain] {
                let events = try decode(document.text, .line, path: path)
                let first = zip(events.list, document.events).first { $0 != $1 }
                #expect(first == nil, "seed 77, round \(round)")
                #expect(events.list.count == document.events.count, "seed 77, round \(round)")
                #expect(events.ignoredFieldCount == document.textCount)
                #expect(events.rejectedCount == 0)
            }
            guard round < 6 else { continue }
            let bytes = Array(document.text.utf8)
            for count in 1..<bytes.count {
                // Lines before the cut are the same; the cut one may be read as another.
                let whole = bytes[..<count].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
                guard let events = try? decode(Array(bytes[..<count]), .line) else { continue }
                let before = document.ends.count { $0 <= whole }
                let kept = document.counts.prefix(before).reduce(0, +)
                #expect(Array(events.list.prefix(kept)) == Array(document.events.prefix(kept)))
            }
        }
    }
}

/// Random lines, written plainly, and the events in them.
private struct LineDocument {
    var text = ""
    var events: [Event] = []
    var textCount = 0
    /// Where each line ends, and its events.
    var ends: [Int] = []
    var counts: [Int] = []

    init(_ random: inout Random) {
        for _ in 0..<(1 + random.next() % 30) {
            let before = events.count
            add(&random)
            ends.append(text.utf8.count)
            counts.append(events.count - before)
        }
    }

    private static let words = [
        "a", "temp 1", "x,y", "k=v", "é", "back\\slash", "long-name-of-a-thing",
    ]

    private mutating func add(_ random: inout Random) {
        let device = random.pick(Self.words)
        let measurement = random.pick(Self.words)
        var tags = ["device": device]
        for _ in 0..<(random.next() % 3) {
            tags["t\(random.next() % 5)" + random.pick([" ", "=", ""])] = random.pick(Self.words)
        }
        let time = Int64(random.next() % 2_000_000_000_000_000)
        var line = Self.escaped(measurement, " ,")
        for (key, value) in tags.shuffled(using: &random) {
            line += "," + Self.escaped(key, " ,=") + "=" + Self.escaped(value, " ,=")
        }
        let suffix = tags.filter { $0.key != "device" }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { "," + Self.encoded($0.key) + "=" + Self.encoded($0.value) }.joined()
        var separator = " "
        for index in 0...(random.next() % 4) {
            let name = index == 0 ? "value" : "f\(index) \(random.pick(Self.words))"
            let sensor =
                measurement.replacing(",", with: "%2C")
                + (index == 0 ? "" : "." + name.replacing(",", with: "%2C")) + suffix
            line += separator + Self.escaped(name, " ,=") + "="
            separator = ","
            let number = Double(Int64(random.next() % 2_000_001) - 1_000_000) / 64
            switch random.next() % 5 {
            case 0:
                line += "\"say \\\"\(random.pick(Self.words).replacing("\\", with: "\\\\"))\\\"\n\""
                textCount += 1
                continue
            case 1:
                line += "\(Int64(number))i"
                events.append(Event("\(device)/\(sensor)", time, Double(Int64(number))))
            case 2:
                line += "true"
                events.append(Event("\(device)/\(sensor)", time, 1))
            default:
                line += "\(number)"
                events.append(Event("\(device)/\(sensor)", time, number))
            }
        }
        text += line + " \(time)000\n" + random.pick(["", "# a = \"b\n", "\n"])
    }

    private static func escaped(_ text: String, _ special: String) -> String {
        text.reduce(into: "") { $0 += special.contains($1) ? "\\" + String($1) : String($1) }
    }

    private static func encoded(_ text: String) -> String {
        text.replacing(",", with: "%2C").replacing("=", with: "%3D")
    }
}
