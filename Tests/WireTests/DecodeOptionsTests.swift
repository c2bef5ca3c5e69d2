import Core
import Testing
import Wire

@Suite("Options of decoding")
struct DecodeOptionsTests {
    private let object = #"{"value":1}"#

    @Test("a given device is told from the one of tables")
    func device() throws {
        var options = DecodeOptions()
        #expect(options.givenDevice == nil)
        #expect(options.defaultDevice == "device")
        options.receivedAt = Timestamp(microseconds: noon)
        options.defaultSensor = "s"
        #expect(try decode(object, .ndjson, options).codes == ["missing_device"])
        #expect(try decode("value\n1\n", .csv, options).list == [Event("device/s", noon, 1)])
        options.defaultDevice = "d"
        #expect(options.givenDevice == "d")
        #expect(try decode(object, .ndjson, options).list == [Event("d/s", noon, 1)])
        #expect(try decode("value\n1\n", .csv, options).list == [Event("d/s", noon, 1)])
    }

    @Test("what is missing has a default only when one is given")
    func missing() throws {
        var options = DecodeOptions()
        options.givenDevice = "d"
        #expect(try decode(#"{"time":5,"value":1}"#, .json, options).codes == ["missing_sensor"])
        #expect(try decode(#"{"sensor":"s","value":1}"#, .json, options).codes == ["missing_time"])
        #expect(throws: FleetError.self) { try decode("sensor,value\ns,1\n", .csv, options) }
        options.receivedAt = Timestamp(microseconds: noon)
        let text = "time,sensor,value\n,s,1\n5,,2\n,,\n"
        var events = try decode(text, .csv, options)
        #expect(events.list == [Event("d/s", noon, 1)])
        #expect(events.codes == ["missing_sensor"])
        options.defaultSensor = "x"
        events = try decode(text, .csv, options)
        #expect(events.list == [Event("d/s", noon, 1), Event("d/x", 5_000_000, 2)])
        #expect(events.rejectedCount == 0)
    }

    @Test("a time ahead of the clock is early, one that is none is bad")
    func early() throws {
        var options = DecodeOptions()
        options.latestTime = Timestamp(seconds: 1000)
        let csv = "time,device,sensor,value\n1001,d,s,1\nx,d,s,1\n1000,d,s,1\n"
        let lines = "m,device=d value=1 1001000000000\nm,device=d value=1 1000000000000\n"
        let objects = "{\"device\":\"d\",\"sensor\":\"s\",\"time\":1001,\"value\":1}\n"
        for path in [DecodePath.predicted, .plain] {
            let events = try decode(csv, .csv, options, path: path)
            #expect(events.codes == ["early", "bad_time"])
            #expect(events.rejected[0].message.contains("clock-ahead limit"))
            #expect(events.list.count == 1)
            #expect(try decode(lines, .line, options, path: path).codes == ["early"])
            let many = String(repeating: objects, count: 3)
            #expect(try decode(many, .ndjson, options, path: path).codes.count == 3)
        }
    }

    @Test("a rejected event is decoded again from its text and context")
    func replay() throws {
        let csv = "\u{FEFF}time;device;temp\r\n5;a;1\r\n5;b;x\r\n"
        let events = try decode(csv, .csv)
        let rejected = try #require(events.rejected.first)
        #expect(events.context == "time;device;temp")
        #expect(rejected.text == "5;b;x")
        let fixed = rejected.text.replacing("x", with: "2")
        let again = try EventDecoder.decode(
            fixed,
            context: events.context,
            format: .csv,
            options: DecodeOptions()
        )
        #expect(again.list == [Event("b/temp", 5_000_000, 2)])
        let object = #"{"device":"d","sensor":"s","time":9000,"value":1}"#
        var options = DecodeOptions()
        options.latestTime = Timestamp(seconds: 1000)
        let early = try #require(try decode(object, .ndjson, options).rejected.first)
        let later = try EventDecoder.decode(
            early.text,
            context: nil,
            format: .ndjson,
            options: DecodeOptions()
        )
        #expect(later.list.map(\.key) == ["d/s"])
    }

    @Test("the text of a rejected event is kept up to 4096 bytes, and says whether it is whole")
    func longText() throws {
        let note = String(repeating: "é", count: 3_000)
        let object = #"{"device":"d","sensor":"s","time":"x","value":1,"note":"\#(note)"}"#
        let rejected = try #require(try decode(object, .ndjson).rejected.first)
        #expect(rejected.text.utf8.count <= 4_096)
        #expect(rejected.text.utf8.count > 4_090)
        #expect(object.hasPrefix(rejected.text))
        #expect(!rejected.isTextWhole)
        #expect(rejected.sample.utf8.count <= 200)
    }
}
