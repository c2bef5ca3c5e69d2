import Core
import Testing
import Wire

@Suite("Decoding by what came before")
struct PredictedDecodingTests {
    static let t = "2018-08-28T23:00:05.000Z"

    /// Bodies of many events of each kind that is predicted, long enough to be.
    static let bodies: [(EventFormat, String)] = [
        (
            .ndjson,
            lines { #"{"device":"d\#($0 % 7)","sensor":"s","time":"\#(t)","value":\#($0).5}"# }
        ),
        (
            .ndjson,
            lines { #"{ "TS" : 15354972\#($0 + 10), "Tag":"\#($0)","Device":4,"val":-\#($0) }"# }
        ),
        (.ndjson, lines { #"{"device":"d","time":"\#(t)","temp":\#($0),"vib":0.\#($0)}"# + "\r" }),
        (
            .ndjson,
            lines {
                #"{"q":\#($0).25,"ok":true,"device":"d","note":"x\#($0)","sensor":"s","#
                    + #""time":1535497205000,"value":1e\#($0 % 3)}"#
            }
        ),
        (.ndjson, lines { $0 % 3 == 0 ? #"{"device":"d","time":"\#(t)","a":1}"# : "[\($0)]" }),
        (
            .json,
            "["
                + lines {
                    #"{"device":"ü\#($0)","sensor":"s\#($0 % 3)","time":"\#(t)","value":7},"#
                }
                + #"{"device":"z","sensor":"z","time":1535497205,"value":7}]"#
        ),
        (.line, lines { $0 % 3 == 0 ? "m=device=d\($0) a=1 5" : "m,device=d a=1 5" }),
        (.line, lines { "m,device=d\($0 % 5) value=\($0).25 1535497205000000\($0 + 100)" }),
        (
            .line,
            lines { "cpu,host=h,cpu=c\($0) idle=\($0),used=\($0)i,n=\"x\" 1535497205000000000" }
        ),
        (.line, lines { "m,device=d a=\($0)i,b=-\($0).5,c=\($0)u 1535497205000000000\r" }),
        (.line, lines { "m\\ m,device=d value=\($0) \($0)" } + "# end\n\n m,device=d x=t 5\n"),
        (.line, lines { $0 % 4 == 1 ? "m,device= a=1,b=2 5" : "m,device=d a=1,b=2 5" }),
        (.csv, "time,device,sensor,value\n" + lines { "\(t),d\($0 % 9),s,\($0).5" }),
        (
            .csv,
            "time;device;a;b\n"
                + lines { "\(1_535_497_205_000 + $0);d; \($0) ;\($0 % 2 == 0 ? "" : "1")" }
        ),
        (.csv, "ts,tag,val,device,x\r\n" + lines { "\(t),\"s\",\($0),d\($0)/,\r" }),
    ]

    private static func lines(_ line: (Int) -> String) -> String {
        (0..<60).map { line($0) + "\n" }.joined()
    }

    @Test("gives what reading every byte gives, whatever byte is changed or missing")
    func againstPlain() {
        var random = Random(seed: 31)
        let alphabet =
            Array("\",;\n\r\t{}[]:=\\0123456789.-+eEiut/ %#TZ".utf8) + [0, 0x7F, 0xC2, 0x80]
        for (format, text) in Self.bodies {
            check(Array(text.utf8), format, "unchanged")
            for round in 0..<150 {
                var bytes = Array(text.utf8)
                for _ in 0...(random.next() % 4) {
                    let at = Int(random.next() % UInt64(bytes.count))
                    switch random.next() % 4 {
                    case 0: bytes[at] = random.pick(alphabet)
                    case 1: bytes.insert(random.pick(alphabet), at: at)
                    case 2: bytes.remove(at: at)
                    default: bytes.removeLast(at / 2)
                    }
                    if bytes.isEmpty { bytes = [0x20] }
                }
                check(bytes, format, "seed 31, round \(round)")
            }
        }
    }

    @Test("gives what reading every byte gives, wherever a body is cut")
    func cuts() {
        for (format, text) in Self.bodies {
            let bytes = Array(text.utf8.prefix(420))
            for count in 1..<bytes.count { check(Array(bytes[..<count]), format, "\(count) bytes") }
        }
    }

    private func check(_ bytes: [UInt8], _ format: EventFormat, _ name: String) {
        for options in Self.options {
            let predicted = outcome(bytes, format, options, .predicted)
            let plain = outcome(bytes, format, options, .plain)
            // What was met before, in other bodies and other ways of writing, changes nothing.
            let remembered = outcome(bytes, format, options, .predicted, memory)
            if predicted.0 != plain.0 || predicted.1 != plain.1 || remembered != predicted {
                Issue.record(
                    "\(name), \(format.rawValue): \(String(decoding: bytes, as: UTF8.self))"
                )
            }
        }
    }

    private let numbers: SeriesNumbers
    private let memory: SeriesMemory

    init() {
        numbers = SeriesNumbers(countMax: 300, partitionCount: 4)
        memory = SeriesMemory(numbers)
    }

    private static let options: [DecodeOptions] = {
        var given = DecodeOptions()
        given.givenDevice = "given"
        given.defaultSensor = "default"
        given.receivedAt = Timestamp(microseconds: 7)
        given.latestTime = Timestamp(microseconds: noon)
        return [DecodeOptions(), given]
    }()

    private func outcome(
        _ bytes: [UInt8],
        _ format: EventFormat,
        _ options: DecodeOptions,
        _ path: DecodePath,
        _ memory: SeriesMemory? = nil
    ) -> (Everything?, String?) {
        do {
            let events = try decode(bytes, format, options, path: path, memory: memory)
            // As the server does after each body.
            var series = events.batch.series
            if memory != nil { _ = numbers.assign(to: &series) }
            return (Everything(events), nil)
        } catch {
            return (nil, "\(error)")
        }
    }

    @Test("more events than wait at once keep their order and their series")
    func order() throws {
        var expected: [Event] = []
        var lines = ""
        var objects = ""
        var random = Random(seed: 5)
        for number in 0..<3_000 {
            let device = "device-\(random.next() % 900)"
            let sensor = String(repeating: "s", count: 1 + Int(random.next() % 40))
            lines += "\(sensor),device=\(device) value=\(number) \(noon + Int64(number))000\n"
            objects +=
                #"{"device":"\#(device)","sensor":"\#(sensor)","time":\#(noon + Int64(number)),"#
                + #""value":\#(number)}"# + "\n"
            expected.append(Event("\(device)/\(sensor)", noon + Int64(number), Double(number)))
        }
        #expect(try decode(lines, .line).list == expected, "seed 5")
        #expect(try decode(objects, .ndjson).list == expected, "seed 5")
    }

    @Test("a batch has at most so many events, whichever way it is decoded")
    func limits() throws {
        var limits = Limits()
        limits.batchEventCountMax = 10
        for (format, text) in Self.bodies where format != .json {
            for path in [DecodePath.predicted, .plain] {
                let error = #expect(throws: FleetError.self) {
                    try decode(text, format, limits: limits, path: path)
                }
                #expect(error?.message.contains("more than 10 events") == true)
            }
        }
    }
}
