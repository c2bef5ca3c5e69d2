import Core
import Testing
import Wire

/// Bodies whose series the process knows.
@Suite("Series memory")
struct SeriesMemoryTests {
    private static func line(_ series: Int, _ second: Int) -> String {
        "m,sensor=s\(series % 10),device=machine-\(series / 10) value=\(series).5 "
            + "\(second)000000000"
    }

    private static func object(_ series: Int, _ second: Int) -> String {
        #"{"device":"machine-\#(series / 10)","sensor":"s\#(series % 10)","#
            + #""time":\#(second),"value":\#(series).5}"#
    }

    private static func row(_ series: Int, _ second: Int) -> String {
        "\(second),machine-\(series / 10),s\(series % 10),\(series).5"
    }

    private static func bodies(_ series: some Sequence<Int>, _ second: Int) -> [(
        EventFormat, String
    )] {
        let rows = ["time,device,sensor,value"] + series.map { row($0, second) }
        return [
            (.line, series.map { line($0, second) }.joined(separator: "\n")),
            (.ndjson, series.map { object($0, second) }.joined(separator: "\n")),
            (.csv, rows.joined(separator: "\n")),
        ]
    }

    @Test("a series has its number from the second body on, however it is written")
    func numbered() throws {
        let numbers = SeriesNumbers(countMax: 1 << 20, partitionCount: 4)
        let memory = SeriesMemory(numbers)
        for second in 1..<4 {
            // Enough for the table of texts to grow several times.
            let series = (0..<6000).map { ($0 * 7919 + second) % 6000 }
            for (format, text) in Self.bodies(series, second) {
                let events = try decode(text, format, memory: memory)
                #expect(Everything(events) == Everything(try decode(text, format)))
                var known = events.batch.series
                #expect(numbers.assign(to: &known).isEmpty)
                guard second > 1 else { continue }
                for id in 0..<UInt32(known.count) {
                    let number = try #require(events.batch.series.number(of: id))
                    #expect(number.partition == known.partition(of: id, of: 4))
                    #expect(number == known.number(of: id))
                }
            }
        }
        #expect(numbers.count <= 6000)
    }

    @Test("two ways to write a series are one series of a batch, known or not")
    func oneSeries() throws {
        let numbers = SeriesNumbers(countMax: 100, partitionCount: 2)
        let memory = SeriesMemory(numbers)
        let text = """
            m,device=d,sensor=s value=1 1000000000
            m,sensor=s,device=d value=2 2000000000
            other,device=d,sensor=s value=3 3000000000
            m,device=e,sensor=s value=4 1000000000
            """
        for round in 0..<3 {
            let lines = text.split(separator: "\n").map(String.init)
            // The first body knows one way of writing, the next ones more.
            let body = round == 0 ? lines[1] : (lines + [lines[0]]).joined(separator: "\n")
            let events = try decode(body, .line, memory: memory)
            #expect(events.batch.series.count == (round == 0 ? 1 : 2))
            #expect(Set(events.batch.series.keys).count == events.batch.series.count)
            #expect(events.list == (try decode(body, .line)).list)
            var series = events.batch.series
            _ = numbers.assign(to: &series)
        }
    }

    @Test("known, new and bad series in any order are what they are without a memory")
    func mixed() throws {
        let numbers = SeriesNumbers(countMax: 1 << 20, partitionCount: 4)
        let memory = SeriesMemory(numbers)
        var random = Random(seed: 11)
        var numberedCount = 0
        for round in 0..<120 {
            let series = (0..<Int.random(in: 1...200, using: &random)).map { _ in
                Int.random(in: 0..<(60 + round / 10 * 30), using: &random)
            }
            for (format, text) in Self.bodies(series, round + 1) {
                var lines = text.split(separator: "\n").map(String.init)
                if round % 3 == 0 {
                    let at = Int.random(in: 1...lines.count, using: &random)
                    let bad = ["m value=", "{\"device\":\"\\u0001\"", "1,a/b,s,1", "x"][round % 4]
                    lines.insert(bad, at: at)
                }
                let body = lines.joined(separator: "\n")
                let events = try decode(body, format, memory: memory)
                #expect(Everything(events) == Everything(try decode(body, format)))
                if events.numbered != nil { numberedCount += 1 }
                var known = events.batch.series
                #expect(Set(known.keys).count == known.count)
                _ = numbers.assign(to: &known)
            }
        }
        // New series get their numbers when they are first seen.
        #expect(numberedCount == 360)
    }

    @Test("messages in several formats are what they are without a memory")
    func messages() throws {
        let numbers = SeriesNumbers(countMax: 1 << 20, partitionCount: 4)
        let memory = SeriesMemory(numbers)
        var random = Random(seed: 12)
        for round in 0..<40 {
            let decoders = [
                try MessageDecoder(options: DecodeOptions(), memory: memory),
                try MessageDecoder(options: DecodeOptions()),
            ]
            for _ in 0..<20 {
                let first = Int.random(in: 0..<(20 + round), using: &random)
                let count = Int.random(in: 1...3, using: &random)
                let bodies = Self.bodies(first..<(first + count), round + 1).map { $0.1 }
                let payload = (bodies + ["17.5", "nonsense", "{\"value\":1}"]).randomElement(
                    using: &random
                )
                let bytes = Array((payload ?? "").utf8)
                let device = "machine-\(first / 10)"
                for decoder in decoders {
                    bytes.withUnsafeBytes {
                        decoder.decode(
                            $0,
                            device: device,
                            sensor: "s\(first % 10)",
                            receivedAt: Timestamp(seconds: 7)
                        )
                    }
                }
            }
            let events = decoders.map { $0.finish() }
            #expect(Everything(events[0]) == Everything(events[1]))
            var known = events[0].batch.series
            #expect(Set(known.keys).count == known.count)
            _ = numbers.assign(to: &known)
        }
    }

    @Test("beyond the limit of series nothing is remembered, and nothing is wrong")
    func limit() throws {
        let numbers = SeriesNumbers(countMax: 10, partitionCount: 4)
        let memory = SeriesMemory(numbers)
        for second in 1..<4 {
            for (format, text) in Self.bodies(0..<40, second) {
                let events = try decode(text, format, memory: memory)
                #expect(Everything(events) == Everything(try decode(text, format)))
                var series = events.batch.series
                #expect(numbers.assign(to: &series).count == 30)
            }
        }
        #expect(numbers.count == 10)
    }

    @Test("a memory that is full starts over")
    func full() throws {
        let numbers = SeriesNumbers(countMax: 1 << 20, partitionCount: 4)
        let memory = SeriesMemory(numbers, byteCountMax: 0)
        for second in 1..<4 {
            for (format, text) in Self.bodies(0..<500, second) {
                let events = try decode(text, format, memory: memory)
                #expect(Everything(events) == Everything(try decode(text, format)))
                var series = events.batch.series
                #expect(numbers.assign(to: &series).isEmpty)
            }
        }
    }

    @Test("many decoders at once see whole series only")
    func concurrent() async throws {
        let numbers = SeriesNumbers(countMax: 1 << 20, partitionCount: 4)
        let memory = SeriesMemory(numbers)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for task in 0..<4 {
                group.addTask {
                    var isSame = true
                    for round in 0..<8 {
                        let series = (0..<800).map { ($0 * 13 + task * 400 + round * 100) % 4000 }
                        for (format, text) in Self.bodies(series, round + 1) {
                            let events = try decode(text, format, memory: memory)
                            let plain = try decode(text, format)
                            isSame = isSame && events.list == plain.list
                            var known = events.batch.series
                            _ = numbers.assign(to: &known)
                        }
                    }
                    return isSame
                }
            }
            for try await isSame in group { #expect(isSame) }
        }
    }
}
