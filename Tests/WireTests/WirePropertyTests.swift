import Core
import Testing
import Wire

@Suite("Wire, over random input")
struct WirePropertyTests {
    private struct Row {
        let device: String
        let sensor: String
        let time: Int64
        let value: Double
    }

    private func rows(_ random: inout Random, _ count: Int) -> [Row] {
        (0..<count).map { _ in
            Row(
                device: random.pick(["a", "b b", "pump-1234567890-abcdefgh", "ü", "7"]),
                sensor: random.pick(["t", "vib", "a sensor with a long name"]),
                time: Int64(random.next() % UInt64(Int64.max / 1000)),
                value: Double(Int64(random.next() >> 20)) / 1024 - 1e9
            )
        }
    }

    /// The oracle: lines and commas, the standard library's numbers, Core's times.
    private func naive(_ text: String) -> [Event] {
        text.split(separator: "\n").dropFirst().compactMap { line in
            let parts = line.split(separator: ",").map(String.init)
            guard let time = Timestamp(rfc3339: parts[0]), let value = Double(parts[3]) else {
                return nil
            }
            return Event(parts[1] + "/" + parts[2], time.microseconds, value)
        }
    }

    @Test("CSV and NDJSON give what a split-based decoder gives")
    func roundTrips() throws {
        var random = Random(seed: 21)
        for _ in 0..<20 {
            let rows = rows(&random, 100)
            let csv =
                "time,device,sensor,value\n"
                + rows.map {
                    "\(Timestamp(microseconds: $0.time)),\($0.device),\($0.sensor),\($0.value)\n"
                }.joined()
            let lines = rows.map {
                """
                {"device":"\($0.device)","sensor":"\($0.sensor)",\
                "time":"\(Timestamp(microseconds: $0.time))","value":\($0.value)}

                """
            }.joined()
            let expected = naive(csv)
            #expect(expected.count == rows.count)
            #expect(try decode(csv, .csv).list == expected, "seed 21")
            #expect(try decode(lines, .ndjson).list == expected, "seed 21")
        }
    }

    @Test("random bytes and mutations never trap, and every event is counted once")
    func fuzz() {
        let seeds = [
            "TS,Device,Tag,Val\n2018-08-28 23:00:05.000,1,\"a\"\"b\",1.6\r\n1535497205,2,4,NaN\n",
            "time;device;temp;vib\n2018-08-28T23:00:05Z;d;1.5;\n1535497205000;d;;2e3\n\n",
            #"{"device":"d","sensor":"\u00e9","time":1535497205,"value":1}"# + "\n{\"TS\":1}\n",
            #"[{"device":1,"time":"2018-08-28 23:00:05","temp":1,"vib":-2e5},{"a":[{}]}]"#,
        ].map { Array($0.utf8) }
        var random = Random(seed: 99)
        let alphabet = Array("\",;\n\r\t{}[]:\\0123456789.-+eETZ ausN".utf8)
        for round in 0..<6000 {
            var bytes = random.pick(seeds)
            for _ in 0..<(random.next() % 6) {
                let at = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 4 {
                case 0: bytes[at] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes[at] = random.pick(alphabet)
                case 2: bytes.insert(random.pick(alphabet), at: at)
                default:
                    if bytes.count > 1 {
                        bytes.removeSubrange(at...(at + min(3, bytes.count - at - 1)))
                    }
                }
                if bytes.isEmpty { bytes = [0x7B] }
            }
            if round % 50 == 0 {
                bytes = (0..<(random.next() % 200)).map { _ in
                    UInt8(truncatingIfNeeded: random.next())
                }
            }
            for format in EventFormat.allCases { check(bytes, format) }
        }
    }

    private func check(_ bytes: [UInt8], _ format: EventFormat) {
        do {
            let events = try decode(bytes, format)
            let batch = events.batch
            let isWhole =
                batch.times.count == batch.count && batch.seriesIndex.count == batch.count
                && batch.seriesIndex.allSatisfy { $0 < batch.series.count }
                && batch.values.allSatisfy(\.isFinite) && batch.times.allSatisfy { $0 >= 0 }
                && events.rejectedByReason.values.reduce(0, +) == events.rejectedCount
                && events.rejected.count == min(events.rejectedCount, 100)
                && events.rejected.allSatisfy {
                    $0.sample.utf8.count <= 200 && $0.index < events.eventCount
                        && !$0.message.contains("\n")
                }
                && batch.series.keys.allSatisfy {
                    (try? SeriesKey(device: $0.device, sensor: $0.sensor)) != nil
                }
            if !isWhole { Issue.record("seed 99, \(format): \(bytes)") }
        } catch let error as FleetError {
            if error.code != .invalidArgument { Issue.record("seed 99, \(format): \(error)") }
        } catch {
            Issue.record("seed 99, \(format): \(error)")
        }
    }
}
