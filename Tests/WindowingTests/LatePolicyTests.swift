import Core
import Testing

@testable import Windowing

@Suite("Late readings, devices and limits")
struct LatePolicyTests {
    private let key = SeriesKey(uncheckedDevice: "pump-1", sensor: "flow")
    private let other = SeriesKey(uncheckedDevice: "pump-2", sensor: "flow")

    private func run(
        _ definition: WindowDefinition,
        _ calls: [[(SeriesKey, Int64)]]
    ) -> (PartitionWindows, WindowOutput) {
        var windows = PartitionWindows(definitions: [definition])
        var output = WindowOutput()
        var offset: Int64 = 0
        for call in calls {
            var batch = EventBatch()
            for (key, second) in call {
                batch.append(key, Timestamp(seconds: second), Double(second))
            }
            windows.apply(events: batch, baseOffset: offset, output: &output)
            offset += Int64(batch.count)
        }
        return (windows, output)
    }

    @Test("Adjusted readings count at the watermark")
    func adjust() throws {
        let definition = try WindowDefinition(
            name: "w",
            size: .seconds(10),
            allowedLateness: .seconds(3),
            latePolicy: .adjust
        )
        let (_, output) = run(definition, [[(key, 1), (key, 24), (key, 5), (key, 40)]])
        let rows = output.closed[0].windows
        // The watermark is 21 when the reading of second 5 comes.
        #expect(rows.starts == [0, 20_000_000])
        #expect(rows.counts == [1, 2])
        #expect(rows.firsts == [1, 5])
        #expect(output.counters.definitions[0].adjusted == 1)
        #expect(output.unwindowed.isEmpty)
    }

    @Test("A corrected window goes out once a call, with its revision raised")
    func correct() throws {
        let definition = try WindowDefinition(
            name: "w",
            size: .seconds(10),
            latePolicy: .correct,
            correctFor: .seconds(20)
        )
        let (windows, output) = run(
            definition,
            [
                [(key, 1), (key, 12)], [(key, 2), (other, 4), (key, 3)], [(key, 4)],
                [(key, 31), (key, 5)],
            ]
        )
        let rows = output.closed[0].windows
        #expect(rows.ends.map { $0 / 1_000_000 } == [10, 10, 10, 10, 20])
        #expect(rows.counts == [1, 3, 1, 4, 1])
        #expect(rows.revisions == [0, 1, 0, 2, 0])
        #expect((0..<4).map { rows.key(at: $0) } == [key, key, other, key])
        let counts = output.counters.definitions[0]
        #expect((counts.corrected, counts.late, counts.closed, counts.revised) == (4, 1, 3, 2))
        // The window of second 12 is kept, that of second 1 is forgotten, 31 is open.
        #expect(windows.openWindowCount == 2)
    }

    @Test("A hopping reading counts in its open windows; it is late when all have closed")
    func hopping() throws {
        let definition = try WindowDefinition(
            name: "w",
            kind: .hopping(slide: .seconds(5)),
            size: .seconds(10)
        )
        let (_, output) = run(definition, [[(key, 12), (key, 8), (key, 3), (key, 30)]])
        let rows = output.closed[0].windows
        // At mark 12 the reading of 8 has lost 0..<10 and is in 5..<15.
        #expect(rows.starts.map { $0 / 1_000_000 } == [5, 10])
        #expect(rows.counts == [2, 1])
        #expect(output.counters.definitions[0].late == 1)
        #expect(output.late.map(\.time) == [Timestamp(seconds: 3)])
    }

    @Test("Sessions grow, join and close a gap after their last reading")
    func sessions() throws {
        let definition = try WindowDefinition(
            name: "w",
            kind: .session(gap: .seconds(10), maxSize: .seconds(40)),
            allowedLateness: .seconds(20)
        )
        let (_, output) = run(
            definition,
            [[(key, 100), (key, 115), (key, 107), (other, 116), (key, 130), (key, 300)]]
        )
        let rows = output.closed[0].windows
        #expect(rows.starts.map { $0 / 1_000_000 } == [100, 116, 130])
        #expect(rows.ends.map { $0 / 1_000_000 } == [125, 126, 140])
        #expect(rows.counts == [3, 1, 1])
        #expect(rows.rates[0] == 1)
    }

    @Test("A session never gets longer than it may")
    func sessionLimit() throws {
        let definition = try WindowDefinition(
            name: "w",
            kind: .session(gap: .seconds(10), maxSize: .seconds(25))
        )
        let (_, output) = run(definition, [(0..<9).map { (key, Int64($0) * 5) }, [(key, 900)]])
        let rows = output.closed[0].windows
        #expect(zip(rows.starts, rows.ends).allSatisfy { $1 - $0 <= 25_000_000 })
        #expect(rows.counts.reduce(0, +) == 9)
    }

    @Test("A fast clock closes the windows of its own device only")
    func devices() throws {
        let definition = try WindowDefinition(name: "w", size: .seconds(10), watermark: .device)
        var (windows, output) = run(
            definition,
            [[(key, 1), (other, 2), (key, 900), (other, 3), (other, 15)]]
        )
        let rows = output.closed[0].windows
        #expect((0..<rows.count).map { rows.key(at: $0) } == [key, other])
        #expect(rows.counts == [1, 2])
        #expect(output.counters.definitions[0].late == 0)
        #expect(windows.closedThrough(of: "w") == Timestamp(microseconds: 19_999_999))
        windows.advanceIdle(until: Timestamp(seconds: 20), output: &output)
        #expect(output.closed[0].windows.count == 3)
        #expect(windows.openWindowCount == 1)
    }

    @Test("Series beyond the limit are counted and reported, known ones go on")
    func seriesLimit() throws {
        let definition = try WindowDefinition(name: "w", size: .seconds(10))
        var windows = PartitionWindows(definitions: [definition], seriesCountMax: 2)
        var output = WindowOutput()
        var batch = EventBatch()
        let count = WindowOutput.reportCountMax + 2_000
        for index in 0..<count {
            let key = SeriesKey(uncheckedDevice: "d\(index)", sensor: "s")
            batch.append(key, Timestamp(seconds: 5), 1)
        }
        windows.apply(events: batch, baseOffset: 0, output: &output)
        #expect(output.counters.overLimit == Int64(count - 2))
        #expect(output.unwindowed.count == WindowOutput.reportCountMax)
        #expect(output.unwindowed.first?.reason == .overLimit)
        #expect(output.unwindowed.first?.offset == 2)
        #expect(windows.seriesCount == 2)
        windows.apply(events: batch, baseOffset: Int64(count), output: &output)
        #expect(output.counters.duplicates == 2)
        #expect(output.counters.definitions[0].windowed == 2)
    }

    @Test("Silent series come the longest silent first; newest times are given once")
    func silence() throws {
        let definition = try WindowDefinition(name: "w", size: .seconds(10))
        var (windows, _) = run(definition, [[(key, 50), (other, 20), (key, 30)]])
        #expect(windows.newestTime(of: key) == Timestamp(seconds: 50))
        let before = Timestamp(seconds: 60)
        #expect(windows.silentSeries(before: before, limit: 9).map(\.key) == [other, key])
        #expect(windows.silentSeries(before: before, limit: 1).map(\.key) == [other])
        #expect(windows.silentSeries(before: Timestamp(seconds: 20), limit: 9).isEmpty)
        #expect(windows.takeNewestTimes().map(\.time) == [50_000_000, 20_000_000])
        #expect(windows.takeNewestTimes().isEmpty)
    }

    @Test("Rows share the partition's dictionary: an id is the same key in every output")
    func sharedKeys() throws {
        let definition = try WindowDefinition(name: "w", size: .seconds(10))
        let (windows, output) = run(definition, [[(key, 1), (other, 2)], [(other, 12)]])
        let rows = output.closed[0].windows
        #expect(rows.seriesIndex == [0, 1])
        #expect(rows.series.count == windows.series.count)
    }
}
