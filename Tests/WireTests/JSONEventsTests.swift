import Core
import FoundationEssentials
import Testing
import Wire

@Suite("JSON events")
struct JSONEventsTests {
    struct Good: Sendable {
        let text: String
        let keys: [String]
        let values: [Double]
    }

    static let t = #""time":"2018-08-28T23:00:05Z""#
    static let goods = [
        Good(text: #"{"device":"d","sensor":"s",\#(t),"value":1.5}"#, keys: ["d/s"], values: [1.5]),
        Good(
            text: #" { "Value" : -1e-3 , "TAG" : "s" , "Device" : "d" , "TS" : 1535497205 } "#,
            keys: ["d/s"],
            values: [-0.001]
        ),
        Good(
            text: #"{"timestamp":1535497205000,"val":0,"sensor":"s","device":7}"#,
            keys: ["7/s"],
            values: [0]
        ),
        Good(
            text: #"{"device":1.0,"sensor":-2,"time":1.535497205e9,"value":1}"#,
            keys: ["1.0/-2"],
            values: [1]
        ),
        Good(
            text: #"{"a":[1,{"b":null}],"device":"d","x":{},"sensor":"s",\#(t),"y":[],"value":1}"#,
            keys: ["d/s"],
            values: [1]
        ),
        Good(
            text: #"{"device":"d\u0041\u00e9","sensor":"\ud83d\ude00\"\\",\#(t),"value":1}"#,
            keys: ["dAé/😀\"\\"],
            values: [1]
        ),
        Good(
            text: #"{"d\u0065vice":"d","sensor":"s",\#(t),"value":1}"#,
            keys: ["d/s"],
            values: [1]
        ),
        Good(
            text:
                #"{"device":"d",\#(t),"temp":1,"ok":true,"n":null,"vib":2,"o":{"x":3},"s":"on"}"#,
            keys: ["d/temp", "d/vib"],
            values: [1, 2]
        ),
        Good(
            text: #"{"device":"x","device":"d","sensor":"s",\#(t),"value":1}"#,
            keys: ["d/s"],
            values: [1]
        ),
    ]

    @Test("objects are read in every format", arguments: goods)
    func good(_ row: Good) throws {
        let texts: [(String, EventFormat, Int)] = [
            (row.text, .json, 1), ("[\(row.text)]", .json, 1),
            ("[\n\(row.text),\(row.text)]", .json, 2),
            (row.text, .ndjson, 1), ("\n\(row.text)\r\n\n\(row.text)", .ndjson, 2),
            ("\(row.text)\n\(row.text)", .json, 2), ("\u{FEFF}\(row.text)", .ndjson, 1),
            ("[\(row.text)]", .ndjson, 1), ("\u{FEFF} [\(row.text)]", .json, 1),
        ]
        for (text, format, times) in texts {
            let events = try decode(text, format)
            #expect(events.rejected.isEmpty, "\(text)")
            #expect(
                events.list.map(\.key) == Array(repeating: row.keys, count: times).flatMap { $0 },
                "\(text)"
            )
            #expect(
                events.list.map(\.value)
                    == Array(repeating: row.values, count: times).flatMap { $0 },
                "\(text)"
            )
            #expect(events.batch.times.allSatisfy { $0 == noon }, "\(text)")
        }
    }

    struct Bad: Sendable {
        let text: String
        let codes: [String]
        var names = ""
    }

    static let bads = [
        Bad(text: #"{"sensor":"s",\#(t),"value":1}"#, codes: ["missing_device"]),
        Bad(text: #"{"device":null,"sensor":"s",\#(t),"value":1}"#, codes: ["missing_device"]),
        Bad(text: #"{"device":"","sensor":"s",\#(t),"value":1}"#, codes: ["missing_device"]),
        Bad(text: #"{"device":"d",\#(t),"value":1}"#, codes: ["missing_sensor"]),
        Bad(text: #"{"device":"d","sensor":"s","value":1}"#, codes: ["missing_time"]),
        Bad(text: #"{"device":"d","sensor":"s","time":null,"value":1}"#, codes: ["missing_time"]),
        Bad(text: #"{"device":"d","sensor":"s",\#(t)}"#, codes: ["missing_value"]),
        Bad(text: #"{"device":"d",\#(t)}"#, codes: ["missing_sensor"]),
        Bad(text: "{}", codes: ["missing_device"]),
        Bad(
            text: #"{"device":"d","sensor":"s","time":"now","value":1}"#,
            codes: ["bad_time"],
            names: "\"now\""
        ),
        Bad(
            text: #"{"device":"d","sensor":"s","time":-1,"value":1}"#,
            codes: ["bad_time"],
            names: "-1"
        ),
        Bad(text: #"{"device":"d","sensor":"s","time":[],"value":1}"#, codes: ["bad_time"]),
        Bad(
            text: #"{"device":"d","sensor":"s",\#(t),"value":"1"}"#,
            codes: ["bad_value"],
            names: "1"
        ),
        Bad(text: #"{"device":"d","sensor":"s",\#(t),"value":null}"#, codes: ["bad_value"]),
        Bad(text: #"{"device":"d","sensor":"s",\#(t),"value":true}"#, codes: ["bad_value"]),
        Bad(text: #"{"device":"d","sensor":"s",\#(t),"value":{"x":1}}"#, codes: ["bad_value"]),
        Bad(text: #"{"device":"d","sensor":"s",\#(t),"value":NaN}"#, codes: ["not_finite"]),
        Bad(text: #"{"device":"d","sensor":"s",\#(t),"value":-Infinity}"#, codes: ["not_finite"]),
        Bad(
            text: #"{"device":"d","sensor":"s",\#(t),"value":1e400}"#,
            codes: ["not_finite"],
            names: "1e400"
        ),
        Bad(
            text: #"{"device":"a/b","sensor":"s",\#(t),"value":1}"#,
            codes: ["bad_name"],
            names: "a/b"
        ),
        Bad(text: #"{"device":"d","sensor":"a\nb",\#(t),"value":1}"#, codes: ["bad_name"]),
        Bad(text: #"{"device":"d","sensor":"\ud800",\#(t),"value":1}"#, codes: ["bad_name"]),
        Bad(text: #"{"device":"d","sensor":"\ud800\u0041",\#(t),"value":1}"#, codes: ["bad_name"]),
        Bad(text: #"{"device":"d","sensor":"\udc00",\#(t),"value":1}"#, codes: ["bad_name"]),
        Bad(text: #"{"device":{},"sensor":"s",\#(t),"value":1}"#, codes: ["bad_name"]),
        Bad(text: #"{"device":true,"sensor":"s",\#(t),"value":1}"#, codes: ["bad_name"]),
        Bad(text: #"{"device":"d","time":"x","temp":1,"vib":2}"#, codes: ["bad_time", "bad_time"]),
        Bad(text: #"{"device":"d",\#(t),"a/b":1,"":2}"#, codes: ["bad_name", "bad_name"]),
        Bad(text: #"{"device":"d",\#(t),"temp":NaN}"#, codes: ["not_finite"]),
        Bad(text: "5", codes: ["malformed"], names: "5"),
        Bad(text: "null", codes: ["malformed"]),
        Bad(text: #""text""#, codes: ["malformed"]),
    ]

    @Test("a bad event is rejected and its neighbors are accepted", arguments: bads)
    func bad(_ row: Bad) throws {
        let good = #"{"device":"d","sensor":"s",\#(Self.t),"value":1}"#
        let texts: [(String, EventFormat)] = [
            ("\(good)\n\(row.text)\n\(good)\n", .ndjson),
            ("[\(good),\n\(row.text),\n\(good)]", .json),
        ]
        for (text, format) in texts {
            let events = try decode(text, format)
            #expect(events.list.map(\.key) == ["d/s", "d/s"], "\(text)")
            #expect(events.codes == row.codes, "\(text)")
            let rejected = try #require(events.rejected.first)
            #expect(rejected.index == 1)
            #expect(rejected.line == 2)
            #expect(rejected.sample == row.text)
            #expect(rejected.message.contains(row.names), "\(rejected.message)")
        }
    }

    static let malformed = [
        "{", "}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":01}", "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}", "{\"a\":1e}", "{\"a\":-}", "{\"a\":tru}", "{\"a\":\"x}", "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\u12\"}", "{a:1}", "{'a':1}", "{\"a\":[1,]}",
        "{\"a\":[1}",
        "{\"a\":1}}", "{\"a\":1} x", "{\"a\":1 \"b\":2}", "{\"a\":\"\t\"}", "x",
        "{\"a\":" + String(repeating: "[", count: 100) + String(repeating: "]", count: 100) + "}",
        "{\"a\":" + String(repeating: "[", count: 5000),
    ]

    @Test("a malformed line is rejected alone; a malformed document fails", arguments: malformed)
    func malformedText(_ text: String) throws {
        let good = #"{"device":"d","sensor":"s",\#(Self.t),"value":1}"#
        let events = try decode("\(good)\n\(text)\n\(good)", .ndjson)
        #expect(events.list.count == 2)
        #expect(events.codes == ["malformed"])
        let error = #expect(throws: FleetError.self) { try decode("[\(good),\(text)]", .json) }
        #expect(error?.description.contains("line 1") == true)
    }

    @Test("an empty body and a cut array fail, an empty array does not")
    func bodies() throws {
        for text in ["", " \n\t\r\n", "\u{FEFF}"] {
            for format in [EventFormat.json, .ndjson] {
                let error = #expect(throws: FleetError.self) { try decode(text, format) }
                #expect(error?.message == "the body is empty")
            }
        }
        for text in ["[", "[{}", "[{},", "[{}]]", "[] []", "[{} {}]", "[,]"] {
            #expect(throws: FleetError.self, "\(text)") { try decode(text, .json) }
        }
        #expect(try decode("[ ]", .json).eventCount == 0)
    }

    @Test("fields are renamed")
    func renames() throws {
        var options = DecodeOptions()
        options.columns = ["time": "when", "sensor": "Kanal", "value": "ist"]
        let text = #"{"WHEN":1535497205,"kanal":"s","ist":2,"value":9,"device":"d"}"#
        #expect(try decode(text, .json, options).list == [Event("d/s", noon, 2)])
        options.columns = ["valeu": "x"]
        #expect(throws: FleetError.self) { try decode(text, .json, options) }
    }

    @Test("a batch has at most so many events")
    func limits() throws {
        var limits = Limits()
        limits.batchEventCountMax = 3
        let object = #"{"device":"d",\#(Self.t),"a":1,"b":2}"#
        #expect(try decode(object, .json, limits: limits).eventCount == 2)
        for (text, format) in [
            ("\(object)\n\(object)", EventFormat.ndjson), ("[\(object),\(object)]", .json),
        ] {
            #expect(throws: FleetError.self) { try decode(text, format, limits: limits) }
        }
    }

    @Test("mutated lines are accepted only if a full JSON decoder accepts them")
    func againstDecoder() {
        // Decodes every value, since the decoder checks only what is asked for.
        struct Line: Decodable {
            init(from decoder: any Decoder) throws {
                if let fields = try? decoder.container(keyedBy: Name.self) {
                    for name in fields.allKeys { _ = try fields.decode(Line.self, forKey: name) }
                } else if var list = try? decoder.unkeyedContainer() {
                    while !list.isAtEnd { _ = try list.decode(Line.self) }
                } else {
                    let value = try decoder.singleValueContainer()
                    guard !value.decodeNil(), (try? value.decode(Bool.self)) == nil,
                        (try? value.decode(String.self)) == nil
                    else { return }
                    _ = try value.decode(Double.self)
                }
            }
        }
        struct Name: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
        var random = Random(seed: 6)
        let line = Array(
            #"{"device":"d","sensor":"s","time":1535497205,"value":-1.5e3,"x":[1,{"y":"\u00e9"}]}"#
                .utf8
        )
        let alphabet = Array(#"{}[]",:\0123456789.+-trunalsu "#.utf8)
        for _ in 0..<3000 {
            var bytes = line
            for _ in 0...(random.next() % 2) {
                bytes[Int(random.next() % UInt64(bytes.count))] = random.pick(alphabet)
            }
            guard let events = try? decode(bytes, .ndjson) else { continue }
            let isRead = !events.codes.contains("malformed")
            let isJSON = (try? JSONDecoder().decode(Line.self, from: Data(bytes))) != nil
            if isRead != isJSON {
                Issue.record("seed 6, \(String(decoding: bytes, as: UTF8.self)): \(isRead)")
            }
        }
    }
}
