import Core
import Testing
import Wire

@Suite("CSV events")
struct CSVDecoderTests {
    struct Good: Sendable {
        let name: String
        let text: String
        let keys: [String]
        let values: [Double]
    }

    static let t = "2018-08-28 23:00:05"
    static let goods = [
        Good(
            name: "long, as the reference writes it",
            text: "TS,Device,Sensor,Value\n\(t),1,4,84.53\n",
            keys: ["1/4"],
            values: [84.53]
        ),
        Good(
            name: "other names, order and case",
            text: "VAL,tag,Timestamp,DEVICE\n1,s,\(t),d",
            keys: ["d/s"],
            values: [1]
        ),
        Good(
            name: "columns without a role are ignored",
            text: ",time,device,quality,sensor,value\n0,\(t),d,good,s,1\n1,\(t),d,bad,s,2\n",
            keys: ["d/s", "d/s"],
            values: [1, 2]
        ),
        Good(
            name: "long without a device",
            text: "time,sensor,value\n\(t),s,1\n",
            keys: ["device/s"],
            values: [1]
        ),
        Good(
            name: "wide",
            text: "time,device,temp,vib\n\(t),a,1,2\n\(t),b,,4\n",
            keys: ["a/temp", "a/vib", "b/vib"],
            values: [1, 2, 4]
        ),
        Good(
            name: "wide without a device",
            text: "time,temp\n\(t),1\n",
            keys: ["device/temp"],
            values: [1]
        ),
        Good(
            name: "one value column is a sensor of that name",
            text: "timestamp,value\n\(t),1\n",
            keys: ["device/value"],
            values: [1]
        ),
        Good(
            name: "short wide rows",
            text: "time,device,temp,vib\n\(t),a,1\n\(t),b\n",
            keys: ["a/temp"],
            values: [1]
        ),
        Good(
            name: "CRLF, a byte order mark and blank lines",
            text: "\u{FEFF}\r\ntime,device,sensor,value\r\n\r\n\(t),d,s,1\r\n\r\n\(t),d,s,2\r\n\n",
            keys: ["d/s", "d/s"],
            values: [1, 2]
        ),
        Good(
            name: "quotes",
            text: "\"time\",device,\"sensor\",value\n\"\(t)\",\"a,b\",\"x\"\"y\",\"1.5\"\r\n",
            keys: ["a,b/x\"y"],
            values: [1.5]
        ),
        Good(
            name: "a line end inside quotes",
            text: "time,device,sensor,value,note\n\(t),d,s,1,\"a\nb\"\n\(t),d,s,2,\n",
            keys: ["d/s", "d/s"],
            values: [1, 2]
        ),
        Good(
            name: "blanks around fields",
            text: "time , device, sensor ,value\n \(t) , d d , s,\t1 \n",
            keys: ["d d/s"],
            values: [1]
        ),
        Good(
            name: "semicolons",
            text: "time;device;sensor;value\n\(t);a,b;s;1\n",
            keys: ["a,b/s"],
            values: [1]
        ),
        Good(
            name: "tabs",
            text: "time\tdevice\ttemp\n\(t)\td\t1\n",
            keys: ["d/temp"],
            values: [1]
        ),
        Good(
            name: "a delimiter at the end",
            text: "time,device,sensor,value\n\(t),d,s,1,\n",
            keys: ["d/s"],
            values: [1]
        ),
        Good(
            name: "rows of delimiters only",
            text: "time,device,sensor,value\n,,,\n\(t),d,s,1\n,,,\n",
            keys: ["d/s"],
            values: [1]
        ),
        Good(name: "a header alone", text: "time,device,sensor,value", keys: [], values: []),
        Good(
            name: "UTF-8 names",
            text: "time,device,Öl °C\n\(t),日本,1\n",
            keys: ["日本/Öl °C"],
            values: [1]
        ),
    ]

    @Test("tables are read", arguments: goods)
    func good(_ row: Good) throws {
        let events = try decode(row.text, .csv)
        #expect(events.list.map(\.key) == row.keys, "\(row.name)")
        #expect(events.list.map(\.value) == row.values, "\(row.name)")
        #expect(events.batch.times.allSatisfy { $0 == noon }, "\(row.name)")
        #expect(events.rejectedCount == 0, "\(row.name): \(events.rejected)")
    }

    struct Bad: Sendable {
        let row: String
        let code: String
        let names: String
    }

    static let bads = [
        Bad(row: "\(t),,s,1", code: "missing_device", names: "no device"),
        Bad(row: "\(t),d,,1", code: "missing_sensor", names: "no sensor"),
        Bad(row: ",d,s,1", code: "missing_time", names: "no time"),
        Bad(row: "\(t),d,s,", code: "missing_value", names: "no value"),
        Bad(row: "\(t),d,s", code: "missing_value", names: "no value"),
        Bad(row: "yesterday,d,s,1", code: "bad_time", names: "\"yesterday\""),
        Bad(row: "\(t),d,s,high", code: "bad_value", names: "\"high\""),
        Bad(row: "\(t),d,s,\"1,5\"", code: "bad_value", names: "\"1,5\""),
        Bad(row: "\(t),d,s,NaN", code: "not_finite", names: "\"NaN\""),
        Bad(row: "\(t),d,s,-inf", code: "not_finite", names: "\"-inf\""),
        Bad(row: "\(t),d,s,1e999", code: "not_finite", names: "\"1e999\""),
        Bad(row: "\(t),a/b,s,1", code: "bad_name", names: "\"a/b\""),
        Bad(row: "\(t),d,a/b,1", code: "bad_name", names: "\"a/b\""),
        Bad(row: "\(t),d,\(String(repeating: "s", count: 257)),1", code: "bad_name", names: "sss"),
        Bad(
            row: "\(t),\"\(String(repeating: "\"\"", count: 300))\",s,1",
            code: "bad_name",
            names: "\"\"\""
        ),
        Bad(row: "\(t),d,s,1,5", code: "too_many_fields", names: "1,5"),
        Bad(row: "\(t),\"d\"x,s,1", code: "malformed", names: "x,s"),
        Bad(row: "\(t),\"d,s,1", code: "malformed", names: "d,s"),
    ]

    @Test("a bad row is rejected and its neighbors are accepted", arguments: bads)
    func bad(_ row: Bad) throws {
        let text =
            "time,device,sensor,value\n\(Self.t),d,s,1\n\n\(row.row)\n\(Self.t),d,s,2\n"
        let events = try decode(text, .csv)
        #expect(events.list == [Event("d/s", noon, 1), Event("d/s", noon, 2)])
        #expect(events.codes == [row.code])
        #expect(events.rejectedByReason == [row.code: 1])
        let rejected = try #require(events.rejected.first)
        #expect(rejected.index == 1)
        #expect(rejected.line == 4)
        #expect(rejected.message.contains(row.names), "\(rejected.message)")
        #expect(rejected.sample == String(row.row.prefix(200)))
        #expect(rejected.sample.utf8.count <= 200)
    }

    @Test("a bad wide row counts each of its readings, a bad cell only itself")
    func badWide() throws {
        let text = """
            time,device,temp,vib
            soon,a,1,2
            \(Self.t),a,x,2
            \(Self.t),,1,
            \(Self.t),a,,
            """
        let events = try decode(text, .csv)
        #expect(events.list == [Event("a/vib", noon, 2)])
        #expect(events.codes == ["bad_time", "bad_time", "bad_value", "missing_device"])
        #expect(events.rejected.map(\.index) == [0, 1, 2, 4])
        #expect(events.rejected.map(\.line) == [2, 2, 3, 4])
    }

    struct BadHeader: Sendable {
        let text: String
        let columns: [String: String]
        let says: [String]
    }

    static let badHeaders = [
        BadHeader(text: "", columns: [:], says: ["empty"]),
        BadHeader(text: " \n\r\n", columns: [:], says: ["empty"]),
        BadHeader(text: "a,b\n1,2\n", columns: [:], says: ["no time column", "\"a\", \"b\""]),
        BadHeader(text: "time,device\n", columns: [:], says: ["no value column"]),
        BadHeader(text: "time,device,sensor\n", columns: [:], says: ["no value column"]),
        BadHeader(
            text: "time,device,sensor,value\n",
            columns: ["tiem": "x"],
            says: ["\"tiem\"", "did you mean \"time\"?"]
        ),
        BadHeader(
            text: "time,machine,sensor,value\n",
            columns: ["device": "machin"],
            says: ["\"machin\"", "did you mean \"machine\"?"]
        ),
        BadHeader(text: "time,device,a/b\n", columns: [:], says: ["a/b"]),
        BadHeader(text: "time,device,a,a\n", columns: [:], says: ["same name"]),
        BadHeader(text: "time,\"device", columns: [:], says: ["quote"]),
    ]

    @Test("a table that cannot be understood fails as a whole", arguments: badHeaders)
    func badHeader(_ row: BadHeader) {
        var options = DecodeOptions()
        options.columns = row.columns
        let error = #expect(throws: FleetError.self) { try decode(row.text, .csv, options) }
        #expect(error?.code == .invalidArgument)
        for part in row.says { #expect(error?.description.contains(part) == true, "\(row)") }
    }

    @Test("UTF-16 and other encodings are refused")
    func encodings() {
        #expect(throws: FleetError.self) { try decode([0xFF, 0xFE, 0x74, 0], .csv) }
        #expect(throws: FleetError.self) { try decode([0xE4, 0x2C, 0x74], .csv) }
        #expect(throws: FleetError.self) { try decode([0xFE, 0xFF, 0, 0x7B], .ndjson) }
    }

    @Test("columns are renamed, in any letter case")
    func renames() throws {
        var options = DecodeOptions()
        options.columns = ["time": "When", "device": "MACHINE", "value": "time"]
        let events = try decode("when,machine,sensor,time\n\(Self.t),d,s,1\n", .csv, options)
        #expect(events.list == [Event("d/s", noon, 1)])
        options.columns = ["sensor": "device", "device": "site"]
        let swapped = try decode("time,site,device,value\n\(Self.t),d,s,1\n", .csv, options)
        #expect(swapped.list == [Event("d/s", noon, 1)])
    }

    @Test("the default device must be a name")
    func defaultDevice() throws {
        var options = DecodeOptions()
        options.defaultDevice = "press"
        #expect(try decode("time,a\n\(Self.t),1\n", .csv, options).list.first?.key == "press/a")
        options.defaultDevice = "a/b"
        #expect(throws: FleetError.self) { try decode("time,a\n\(Self.t),1\n", .csv, options) }
    }

    @Test("chunks give what the whole gives, lines and indexes included")
    func chunks() throws {
        let text =
            "time,device,sensor,value\n"
            + (0..<200).map { $0 % 7 == 3 ? "x,d,s,\($0)\n" : "\(Self.t),d\($0 % 5),s,\($0)\n" }
            .joined()
        let bytes = Array(text.utf8)
        let whole = try decode(text, .csv)
        let options = DecodeOptions()
        let header = try bytes.withUnsafeBytes { try CSVHeader.parse($0, options: options) }
        #expect(header.columns == ["time", "device", "sensor", "value"])
        #expect(!header.isWide)
        var decoder = try CSVDecoder(header: header, options: options, limits: Limits())
        var joined = DecodedEvents()
        var parts: [Event] = []
        var rejected: [RejectedEvent] = []
        var separate = decoder
        for line in bytes[header.byteCount...].split(separator: 0x0A) {
            let chunk = Array(line) + [0x0A]
            try chunk.withUnsafeBytes { try decoder.decode($0, into: &joined) }
            var fresh = DecodedEvents()
            try chunk.withUnsafeBytes { try separate.decode($0, into: &fresh) }
            parts += fresh.list
            rejected += fresh.rejected
        }
        #expect(joined.list == whole.list)
        #expect(joined.rejected == whole.rejected)
        #expect(parts == whole.list)
        #expect(rejected == whole.rejected)
        #expect(whole.rejectedCount == 29)
    }

    @Test("a batch has at most so many events, a list of rejected ones so many entries")
    func limits() throws {
        var limits = Limits()
        limits.batchEventCountMax = 3
        limits.rejectedListCountMax = 2
        let head = "time,device,sensor,value\n"
        let row = "x,d,s,1\n"
        let events = try decode(head + row + row + row, .csv, limits: limits)
        #expect(events.rejected.count == 2)
        #expect(events.rejectedCount == 3)
        let error = #expect(throws: FleetError.self) {
            try decode(head + row + row + row + row, .csv, limits: limits)
        }
        #expect(error?.message.contains("more than 3 events") == true)
    }

    @Test("many series with names of many lengths get their own ids")
    func series() throws {
        var text = "time,device,sensor,value\n"
        var expected: [Event] = []
        var random = Random(seed: 8)
        for number in 0..<5000 {
            let device = String(repeating: "d", count: Int(random.next() % 24)) + "\(number % 700)"
            let sensor = "s" + String(repeating: "é", count: Int(random.next() % 9))
            text += "\(Self.t),\(device),\(sensor),\(number)\n"
            expected.append(Event("\(device)/\(sensor)", noon, Double(number)))
        }
        #expect(try decode(text, .csv).list == expected)
    }
}
