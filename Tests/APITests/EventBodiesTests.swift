import Client
import Core
import Testing
import Wire

@Suite("Bodies of events that are sent")
struct EventBodiesTests {
    private static func text(_ value: Double) -> String {
        let bytes = [UInt8](unsafeUninitializedCapacity: DecimalText.byteCountMax) {
            buffer,
            count in
            count = buffer.baseAddress.map { DecimalText.write(value, to: $0) } ?? 0
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let written: [(value: Double, text: String)] = [
        (0, "0"), (-0.0, "-0"), (1, "1"), (21.5, "21.5"), (-0.001, "-0.001"), (100, "100"),
        (0.1, "0.1"), (1_000_000, "1000000"), (999_999_999.25, "999999999.25"),
        (0.000_001, "0.000001"), (12_345.678_9, "12345.6789"),
    ]

    @Test("Numbers with few decimals are written as people write them", arguments: written)
    func short(_ number: (value: Double, text: String)) {
        #expect(Self.text(number.value) == number.text)
    }

    @Test("Every number comes back as the same bits")
    func roundTrip() {
        var random = SystemRandomNumberGenerator()
        var values: [Double] = [
            .pi, 1.0 / 3, 0.1 + 0.2, 1e15, 9e15, 1 / 1024, 0.000_999, 0.001, 0.01, 0.099_999_999,
            .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.999_999_999_999_999_9,
            99_999_999_999_999.98, 9_007_199_254_740_991, 1.000_000_5, 999_999_999.999_999_9,
        ]
        for _ in 0..<100_000 {
            values.append(Double.random(in: 0..<1, using: &random))
            values.append(Double.random(in: -1e6..<1e6, using: &random))
            values.append((Double.random(in: -1e5..<1e5, using: &random) * 100).rounded() / 100)
            let any = Double(bitPattern: UInt64.random(in: 0 ... .max, using: &random))
            if any.isFinite { values.append(any) }
        }
        for value in values {
            let text = Self.text(value)
            #expect(text.utf8.count <= DecimalText.byteCountMax)
            if Double(text)?.bitPattern != value.bitPattern {
                Issue.record("\(value) was written as \(text)")
                return
            }
        }
    }

    @Test("Whole numbers are written with all their digits")
    func integers() {
        for value in [0, 7, 10, 99, 100, 1_772_323_200_000_000, Int64.max, -1, Int64.min + 1] {
            let bytes = [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
                count = buffer.baseAddress.map { DecimalText.write(value, to: $0) } ?? 0
            }
            #expect(String(decoding: bytes, as: UTF8.self) == "\(value)")
        }
    }

    private static func batch(_ count: Int) throws -> EventBatch {
        var batch = EventBatch()
        let names = ["d", "d,1", "d \"2\"", "d;3", " d", "ü"]
        for row in 0..<count {
            batch.append(
                try SeriesKey(device: names[row % names.count], sensor: "s\(row % 4)"),
                Timestamp(microseconds: 1_772_323_200_000_000 + Int64(row / 7)),
                Double(row) / 3
            )
        }
        return batch
    }

    @Test("What the server decodes is what was sent, whatever is in names")
    func decoded() throws {
        let batch = try Self.batch(1000)
        let bodies = EventBodies(batch, eventCountMax: 300, byteCountMax: 1 << 20)
        var found = EventBatch()
        var start = 0
        var options = DecodeOptions()
        options.timeUnit = .microseconds
        while let body = bodies.body(from: start) {
            #expect(body.rows.lowerBound == start && body.rows.count <= 300)
            start = body.rows.upperBound
            let events = try body.bytes.withUnsafeBytes {
                try EventDecoder.decode($0, format: .csv, options: options, limits: Limits())
            }
            #expect(events.rejectedCount == 0)
            for row in 0..<events.batch.count {
                let key = events.batch.series.keys[Int(events.batch.seriesIndex[row])]
                let time = Timestamp(microseconds: events.batch.times[row])
                found.append(key, time, events.batch.values[row])
            }
        }
        #expect(found.times == batch.times && found.values == batch.values)
        #expect(
            found.seriesIndex.map { found.series.keys[Int($0)] }
                == batch.seriesIndex.map { batch.series.keys[Int($0)] }
        )
    }

    @Test("A body never has more bytes than asked, but for one row that is longer")
    func byteLimit() throws {
        let batch = try Self.batch(500)
        let bodies = EventBodies(batch, eventCountMax: 1000, byteCountMax: 2000)
        var start = 0
        while let body = bodies.body(from: start) {
            #expect(body.bytes.count <= 2000 && !body.rows.isEmpty)
            start = body.rows.upperBound
        }
        #expect(start == 500)
        #expect(EventBodies(batch, eventCountMax: 1, byteCountMax: 1).body(from: 0)?.rows == 0..<1)
    }

    @Test("Sorting by time is stable, over any range of times")
    func sorting() throws {
        var random = SystemRandomNumberGenerator()
        for span in [0, 1, 1 << 10, 1 << 20, 1 << 40, Int64.max / 2] {
            var batch = EventBatch()
            for row in 0..<2000 {
                batch.append(
                    try SeriesKey(device: "d", sensor: "s\(row % 3)"),
                    Timestamp(microseconds: Int64.random(in: -span...span, using: &random)),
                    Double(row)
                )
            }
            let order = batch.times.indices.sorted {
                (batch.times[$0], $0) < (batch.times[$1], $1)
            }
            let sorted = batch.sortedByTime()
            #expect(sorted.values == order.map { batch.values[$0] })
            #expect(sorted.times == order.map { batch.times[$0] })
            #expect(sorted.seriesIndex == order.map { batch.seriesIndex[$0] })
        }
        #expect(EventBatch().sortedByTime().isEmpty)
    }
}
