import Core
import Testing

@testable import Windowing

@Suite("Windows of a partition")
struct PartitionWindowsTests {
    private let key = SeriesKey(uncheckedDevice: "pump-1", sensor: "flow")

    private func windows(size: Int64, lateness: Int64 = 0) throws -> PartitionWindows {
        PartitionWindows(definitions: [
            try WindowDefinition(
                name: "w",
                size: .seconds(size),
                allowedLateness: .seconds(lateness)
            )
        ])
    }

    private func batch(_ seconds: Int64...) -> EventBatch {
        var batch = EventBatch()
        for second in seconds { batch.append(key, Timestamp(seconds: second), Double(second)) }
        return batch
    }

    @Test("A window closes when the watermark reaches its end, not before")
    func closing() throws {
        var windows = try windows(size: 10, lateness: 5)
        var output = WindowOutput()
        windows.apply(events: batch(3, 14), baseOffset: 0, output: &output)
        #expect(output.hasNoRows)
        #expect(windows.watermark(of: "w") == Timestamp(seconds: 9))
        windows.apply(events: batch(9, 15), baseOffset: 2, output: &output)
        #expect(output.closed[0].windows.counts == [2])
        #expect(output.closed[0].windows.starts == [0])
        #expect(output.closed[0].windows.ends == [10_000_000])
        #expect(windows.closedThrough(of: "w") == Timestamp(seconds: 10))
        #expect(windows.maxEventTime == Timestamp(seconds: 15))
        #expect(windows.openWindowCount == 1)
        #expect(windows.seriesCount == 1)
        #expect(windows.watermark(of: "other") == nil)
    }

    @Test("An event raises the watermark for the next one of its batch, not for itself")
    func orderInBatch() throws {
        var windows = try windows(size: 10)
        var output = WindowOutput()
        windows.apply(events: batch(25, 5, 21), baseOffset: 100, output: &output)
        #expect(output.late.map(\.offset) == [101])
        #expect(output.late.map(\.key) == [key])
        #expect(output.counters.definitions[0].windowed == 2)
    }

    @Test("Times before the epoch fall into the window below them")
    func negativeTimes() throws {
        var windows = try windows(size: 10)
        var output = WindowOutput()
        windows.apply(events: batch(-11, -10, -1, 0), baseOffset: 0, output: &output)
        #expect(output.closed[0].windows.starts == [-20_000_000, -10_000_000])
        #expect(output.closed[0].windows.counts == [1, 2])
    }

    @Test("An idle advance closes what has ended, and makes nothing else late")
    func idle() throws {
        var windows = try windows(size: 10, lateness: 60)
        var output = WindowOutput()
        windows.apply(events: batch(5, 15, 35), baseOffset: 0, output: &output)
        #expect(windows.hasOpenWindow(endingBy: Timestamp(seconds: 10)))
        #expect(!windows.hasOpenWindow(endingBy: Timestamp(seconds: 9)))
        windows.advanceIdle(until: Timestamp(seconds: 30), output: &output)
        #expect(output.closed[0].windows.ends == [10_000_000, 20_000_000])
        #expect(windows.closedThrough(of: "w") == Timestamp(seconds: 20))
        #expect(windows.earliestOpenEnd == Timestamp(seconds: 40))
        output.removeAll()
        // 20..30 never had a window: its readings are welcome; 10..20 closed for every series.
        windows.apply(events: batch(22, 12), baseOffset: 3, output: &output)
        #expect(output.counters.definitions[0].windowed == 1)
        #expect(output.late.map(\.time) == [Timestamp(seconds: 12)])
    }

    @Test("Complete closes everything; later history above it is not late")
    func complete() throws {
        var windows = try windows(size: 10, lateness: 1000)
        var output = WindowOutput()
        windows.complete(output: &output)
        windows.apply(events: batch(5, 15), baseOffset: 1, output: &output)
        windows.complete(output: &output)
        #expect(output.closed[0].windows.count == 2)
        #expect(windows.openWindowCount == 0)
        windows.apply(events: batch(16, 25), baseOffset: 4, output: &output)
        #expect(output.counters.definitions[0].late == 1)
        #expect(output.counters.definitions[0].windowed == 3)
    }

    @Test("The eighth repeat back is a duplicate, the ninth is not")
    func duplicates() throws {
        var windows = try windows(size: 1000)
        var output = WindowOutput()
        windows.apply(events: batch(1, 2, 3, 4, 5, 6, 7, 8), baseOffset: 0, output: &output)
        windows.apply(events: batch(1, 8), baseOffset: 8, output: &output)
        #expect(output.counters.duplicates == 2)
        windows.apply(events: batch(9, 1), baseOffset: 10, output: &output)
        #expect(output.counters.duplicates == 2)
        #expect(output.counters.accepted == 12)
        #expect(output.counters.definitions[0].windowed == 10)
    }

    @Test("Rows come by end, then bytewise by key")
    func rowOrder() throws {
        var windows = try windows(size: 10, lateness: 100)
        var output = WindowOutput()
        var events = EventBatch()
        for name in ["é", "z", "Z", "a", "a-"] {
            let key = SeriesKey(uncheckedDevice: name, sensor: "s")
            events.append(key, Timestamp(seconds: 15), 1)
            events.append(key, Timestamp(seconds: 5), 1)
        }
        windows.apply(events: events, baseOffset: 0, output: &output)
        windows.complete(output: &output)
        let rows = output.closed[0].windows
        #expect(
            (0..<rows.count).map { rows.key(at: $0).device }
                == ["Z", "a", "a-", "z", "é", "Z", "a", "a-", "z", "é"]
        )
        #expect(rows.ends == rows.ends.sorted())
    }

    @Test("Many windows far out of order open, close and reuse slots")
    func manyOpenWindows() throws {
        var windows = try windows(size: 1, lateness: 100_000)
        var output = WindowOutput()
        var random = SeededRandom(seed: 11)
        for round in 0..<3 {
            var events = EventBatch()
            let times = (0..<3000).map { Int64(round * 5000 + $0) }
            for second in times.shuffled(using: &random) {
                events.append(key, Timestamp(seconds: second), 1)
            }
            windows.apply(events: events, baseOffset: Int64(round * 3000), output: &output)
            #expect(windows.openWindowCount == 3000)
            windows.complete(output: &output)
        }
        #expect(output.closed[0].windows.count == 9000)
        #expect(output.closed[0].windows.counts.allSatisfy { $0 == 1 })
        #expect(windows.states[0].pool.slots.count == 3000)
    }

    @Test("Extreme times stop nothing")
    func extremeTimes() throws {
        var windows = try windows(size: 10, lateness: 5)
        var output = WindowOutput()
        var events = EventBatch()
        for time in [Int64.min, .min + 1, -1, .max, .max - 1, 0] {
            events.append(key, Timestamp(microseconds: time), 1)
        }
        windows.apply(events: events, baseOffset: .max, output: &output)
        windows.complete(output: &output)
        #expect(output.counters.accepted == 6)
    }
}
