import Core
import Testing
import Wire

@Suite("Message payloads")
struct MessageDecoderTests {
    private let received = Timestamp(microseconds: noon)

    private func decode(
        _ payloads: [String],
        device: String? = "d",
        sensor: String? = "s",
        options: DecodeOptions = DecodeOptions()
    ) throws -> DecodedEvents {
        let decoder = try MessageDecoder(options: options)
        for payload in payloads {
            Array(payload.utf8).withUnsafeBytes {
                decoder.decode($0, device: device, sensor: sensor, receivedAt: received)
            }
        }
        return decoder.finish()
    }

    @Test(
        "a number is a reading of the topic's series, at the time it came",
        arguments: [
            ("21.5", 21.5), (" -3\r\n", -3), ("1e3", 1000), (".5", 0.5), ("true", 1), ("FALSE", 0),
            ("on", 1), ("Off\n", 0), ("12345678901234567890", 12_345_678_901_234_567_168),
        ]
    )
    func numbers(_ payload: String, _ value: Double) throws {
        #expect(try decode([payload]).list == [Event("d/s", noon, value)])
    }

    @Test("a number without a device or sensor, or that is none, is rejected")
    func badNumbers() throws {
        #expect(try decode(["1"], device: nil).codes == ["missing_device"])
        #expect(try decode(["1"], sensor: nil).codes == ["missing_sensor"])
        #expect(try decode(["nan"]).codes == ["not_finite"])
        #expect(try decode(["1"], device: "a/b").codes == ["bad_name"])
        var options = DecodeOptions()
        (options.givenDevice, options.defaultSensor) = ("x", "y")
        let events = try decode(["1"], device: nil, sensor: nil, options: options)
        #expect(events.list == [Event("x/y", noon, 1)])
    }

    @Test(
        "a payload without any event is rejected, such as a word that may head a table",
        arguments: ["nonsense", "time,value\n", "# only a comment", " "]
    )
    func nothing(_ payload: String) throws {
        let events = try decode([payload, "1"])
        #expect(events.codes == ["malformed"])
        #expect(events.list == [Event("d/s", noon, 1)])
    }

    @Test("bodies of every format take from the message what they do not say")
    func formats() throws {
        let rows: [(String, [Event])] = [
            (#"{"value":1}"#, [Event("d/s", noon, 1)]),
            (#"{"device":"e","sensor":"t","time":5,"value":1}"#, [Event("e/t", 5_000_000, 1)]),
            (#"{"temp":1,"vib":2}"#, [Event("d/temp", noon, 1), Event("d/vib", noon, 2)]),
            (#"[{"value":1},{"value":2}]"#, [Event("d/s", noon, 1), Event("d/s", noon, 2)]),
            ("{\"value\":1}\n{\"value\":2}\n", [Event("d/s", noon, 1), Event("d/s", noon, 2)]),
            ("time,value\n5,1\n", [Event("d/s", 5_000_000, 1)]),
            ("value\n1\n2\n", [Event("d/s", noon, 1), Event("d/s", noon, 2)]),
            ("time,a,b\n5,1,2\n", [Event("d/a", 5_000_000, 1), Event("d/b", 5_000_000, 2)]),
            ("m value=1", [Event("d/m", noon, 1)]),
            ("m,device=e value=1 5000", [Event("e/m", 5, 1)]),
        ]
        for (payload, events) in rows {
            #expect(try decode([payload]).list == events, "\(payload)")
        }
        #expect(try decode(rows.map(\.0)).list == rows.flatMap(\.1))
    }

    @Test("many messages are one batch, and rejections say which message")
    func batches() throws {
        let decoder = try MessageDecoder(options: DecodeOptions())
        for round in 0..<2 {
            var expected: [Event] = []
            for number in 0..<200 {
                let payload: String =
                    switch number % 5 {
                    case 0: "\(number)"
                    case 1: #"{"time":\#(number),"value":\#(number)}"#
                    case 2: #"{"time":\#(number),"value":"x"}"#
                    case 3: #"[{"value":1},"#
                    default: ""
                    }
                let device = "device-\(number % 3 + round)"
                Array(payload.utf8).withUnsafeBytes {
                    decoder.decode($0, device: device, sensor: "s", receivedAt: received)
                }
                if number % 5 == 0 { expected.append(Event("\(device)/s", noon, Double(number))) }
                if number % 5 == 1 {
                    let time = Int64(number) * 1_000_000
                    expected.append(Event("\(device)/s", time, Double(number)))
                }
            }
            #expect(decoder.eventCount == 200)
            let events = decoder.finish()
            #expect(events.list == expected)
            #expect(events.rejectedByReason == ["bad_value": 40, "malformed": 80])
            #expect(events.rejected.prefix(4).map(\.messageIndex) == [2, 3, 4, 7])
            #expect(events.rejected[0].index == 0)
        }
        #expect(decoder.finish().eventCount == 0)
    }

    @Test("objects that are laid out alike are read as those that are not")
    func alike() throws {
        for path in [DecodePath.predicted, .plain] {
            let decoder = try MessageDecoder(options: DecodeOptions(), path: path)
            for number in 0..<100 {
                let time = noon + Int64(number)
                let payload = #"{"sensor":"s\#(number % 7)","time":\#(time),"value":\#(number).5}"#
                Array(payload.utf8).withUnsafeBytes {
                    decoder.decode(
                        $0,
                        device: number < 50 ? "d" : nil,
                        receivedAt: received
                    )
                }
            }
            let events = decoder.finish()
            #expect(
                events.list
                    == (0..<50).map { Event("d/s\($0 % 7)", noon + Int64($0), Double($0) + 0.5) }
            )
            #expect(events.rejectedByReason == ["missing_device": 50])
        }
    }

    @Test("a format that is named is not guessed")
    func named() throws {
        let decoder = try MessageDecoder(options: DecodeOptions())
        Array("5".utf8).withUnsafeBytes {
            decoder.decode($0, device: "d", sensor: "s", receivedAt: received, format: .json)
        }
        #expect(decoder.finish().codes == ["malformed"])
    }

    @Test("options that cannot be are refused at once")
    func options() throws {
        var options = DecodeOptions()
        options.columns = ["valeu": "x"]
        #expect(throws: FleetError.self) { try MessageDecoder(options: options) }
        options = DecodeOptions()
        options.givenDevice = "a/b"
        #expect(throws: FleetError.self) { try MessageDecoder(options: options) }
    }
}
