import Core
import Testing

@testable import Windowing

/// What becomes of windows that were closed before the configuration changed.
@Suite("Windows after a restart with other definitions")
struct RestartTests {
    private let key = SeriesKey(uncheckedDevice: "pump-1", sensor: "flow")
    private let other = SeriesKey(uncheckedDevice: "pump-2", sensor: "flow")

    private func definition(
        size: Int64 = 10,
        filter: String? = nil,
        quantiles: [Double] = [],
        watermark: WatermarkScope = .partition,
        late: LatePolicy = .drop
    ) throws -> WindowDefinition {
        try WindowDefinition(
            name: "w",
            size: .seconds(size),
            filter: filter.map { try ReadingFilter(parsing: $0) },
            quantiles: quantiles,
            watermark: watermark,
            latePolicy: late
        )
    }

    private func apply(
        _ events: [(SeriesKey, Int64)],
        _ windows: inout PartitionWindows,
        _ output: inout WindowOutput
    ) {
        var batch = EventBatch()
        for (key, second) in events {
            batch.append(key, Timestamp(seconds: second), Double(second))
        }
        let offset = output.counters.accepted
        windows.apply(events: batch, baseOffset: offset, output: &output)
    }

    /// Windows that took readings of one definition and go on with another one.
    private func restarted(
        _ before: WindowDefinition,
        _ events: [(SeriesKey, Int64)],
        as after: WindowDefinition
    ) throws -> PartitionWindows {
        var windows = PartitionWindows(definitions: [before])
        var output = WindowOutput()
        apply(events, &windows, &output)
        return try PartitionWindows(definitions: [after], decoding: windows.encode())
    }

    /// Changes after which what is kept of a window need not be what is stored of it.
    private func changes() throws -> [(before: WindowDefinition, after: WindowDefinition)] {
        let correct = try definition(late: .correct)
        return try [
            (definition(), correct),
            (definition(late: .adjust), correct),
            (correct, definition(filter: "value < 1e9", late: .correct)),
            (correct, definition(quantiles: [0.5], late: .correct)),
            (correct, definition(size: 20, late: .correct)),
            (correct, definition(watermark: .device, late: .correct)),
        ]
    }

    @Test(
        "A window from before is not corrected: what is late for it is reported",
        arguments: 0..<6
    )
    func notCorrected(_ index: Int) throws {
        let (before, after) = try changes()[index]
        var windows = try restarted(before, [(key, 1), (key, 2), (key, 45)], as: after)
        var output = WindowOutput()
        apply([(key, 3)], &windows, &output)
        #expect(output.closed[0].windows.count == 0)
        #expect(output.late.map(\.time) == [Timestamp(seconds: 3)])
        #expect(output.counters.definitions[0].corrected == 0)
        // Windows that begin after the restart are corrected as ever.
        apply([(key, 61), (key, 95)], &windows, &output)
        apply([(key, 62)], &windows, &output)
        let rows = output.closed[0].windows
        let corrected = (0..<rows.count).filter { rows.revisions[$0] == 1 }
        #expect(corrected.map { rows.counts[$0] } == [2])
        #expect(output.counters.definitions[0].corrected == 1)
    }

    @Test("An unchanged definition corrects the windows from before")
    func unchanged() throws {
        let same = try definition(late: .correct)
        var windows = try restarted(same, [(key, 1), (key, 2), (key, 45)], as: same)
        var output = WindowOutput()
        apply([(key, 3)], &windows, &output)
        let rows = output.closed[0].windows
        #expect((rows.counts, rows.revisions) == ([3], [1]))
        #expect(output.late.isEmpty)
    }

    @Test("What may be missing is known after the next restart, too")
    func twice() throws {
        let after = try definition(late: .correct)
        var windows = try restarted(definition(), [(key, 1), (key, 45)], as: after)
        windows = try PartitionWindows(definitions: [after], decoding: windows.encode())
        var output = WindowOutput()
        apply([(key, 3)], &windows, &output)
        #expect(output.late.count == 1)
        #expect(output.closed[0].windows.count == 0)
    }

    @Test("With the watermark of devices, no window that the partition closed opens again")
    func watermarkOfDevices() throws {
        let after = try definition(watermark: .device)
        var windows = try restarted(
            definition(),
            [(key, 1), (other, 2), (key, 45)],
            as: after
        )
        var output = WindowOutput()
        apply([(key, 3), (other, 4), (other, 47), (other, 60)], &windows, &output)
        #expect(output.late.map(\.key) == [key, other])
        #expect(output.closed[0].windows.starts == [40_000_000])
    }

    @Test("A definition that is new amid the events corrects nothing from before")
    func started() throws {
        let old = try WindowDefinition(name: "old", size: .seconds(10))
        let new = try WindowDefinition(
            name: "new",
            kind: .session(gap: .seconds(5), maxSize: .seconds(60)),
            latePolicy: .correct
        )
        var windows = PartitionWindows(definitions: [old])
        var output = WindowOutput()
        apply([(key, 1), (key, 45)], &windows, &output)
        var loaded = try PartitionWindows(definitions: [old, new], decoding: windows.encode())
        var later = WindowOutput()
        apply([(key, 3)], &loaded, &later)
        #expect(later.unwindowed.map(\.definition) == ["old", "new"])
        #expect(later.closed[1].windows.count == 0)
    }

    @Test("Hopping windows hold the same however their events are cut", arguments: 0..<40)
    func hoppingCuts(_ seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let definition = try WindowDefinition(
            name: "w",
            kind: .hopping(slide: .seconds(10)),
            size: .seconds(30),
            watermark: seed % 2 == 0 ? .partition : .device,
            latePolicy: .correct,
            correctFor: .seconds(60)
        )
        let events: [(SeriesKey, Int64)] = (0..<300).map { index in
            (
                random.next() % 3 == 0 ? other : key,
                Int64(index) + Int64(random.next() % 120) - 90
            )
        }
        var contents: [[String]] = []
        for cut in [1, 7, 300] {
            var windows = PartitionWindows(definitions: [definition])
            var output = WindowOutput()
            var low = 0
            while low < events.count {
                let high = min(events.count, low + cut)
                apply(Array(events[low..<high]), &windows, &output)
                low = high
            }
            windows.complete(output: &output)
            contents.append(newest(output.closed[0].windows))
        }
        #expect(contents[0] == contents[1])
        #expect(contents[0] == contents[2])
        #expect(contents[0].count > 30)
    }

    /// The windows as their highest revision has them.
    private func newest(_ rows: WindowBatch) -> [String] {
        var newest: [String: (revision: Int32, text: String)] = [:]
        for row in 0..<rows.count {
            let name = "\(rows.key(at: row)) \(rows.ends[row])"
            if let known = newest[name], known.revision > rows.revisions[row] { continue }
            newest[name] = (rows.revisions[row], "\(name) \(rows.counts[row]) \(rows.sums[row])")
        }
        return newest.values.map(\.text).sorted()
    }
}
