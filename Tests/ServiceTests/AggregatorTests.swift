import Core
import Disk
import EventLog
import Service
import Store
import TestKit
import Testing

@Suite("Windows in the store")
struct AggregatorTests {
    private static let size: Int64 = 60_000_000

    /// Readings of some devices in nearly ascending order; `spread` is how far they are apart.
    private static func readings(
        _ count: Int,
        spread: Int64,
        using random: inout SeededGenerator
    ) -> [Reading] {
        (0..<count).map { index in
            let device = Int.random(in: 0..<6, using: &random)
            let sensor = Int.random(in: 0..<2, using: &random)
            // The index in the microseconds makes every time different.
            let jitter = Int64.random(in: 0..<spread, using: &random) / 10_000 * 10_000
            let time =
                ServiceFixture.start.microseconds + Int64(index) * 2_000_000 + jitter
                + Int64(index)
            return Reading(
                key: SeriesKey(uncheckedDevice: "d\(device)", sensor: "s\(sensor)"),
                time: time,
                value: Double(Int.random(in: -500...500, using: &random))
            )
        }
    }

    private func chunks(_ readings: [Reading], using random: inout SeededGenerator)
        -> [[Reading]]
    {
        var rest = readings[...]
        var chunks: [[Reading]] = []
        while !rest.isEmpty {
            let count = Int.random(in: 1...80, using: &random)
            chunks.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return chunks
    }

    @Test(
        "restarts at any point store every window once, as a naive count has it",
        arguments: 1...8
    )
    func restarts(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let fixture = try ServiceFixture()
        let readings = Self.readings(1500, spread: 10_000_000, using: &random)
        var aggregator = fixture.makeAggregator()
        try await aggregator.recover()
        for chunk in chunks(readings, using: &random) {
            try await fixture.append(chunk)
            if Bool.random(using: &random) { try await aggregator.step() }
            // Snapshots are due after 20 seconds.
            fixture.clock.advance(by: .seconds(Int.random(in: 0...12, using: &random)))
            if Int.random(in: 0..<4, using: &random) == 0 {
                aggregator = fixture.makeAggregator()
                try await aggregator.recover()
            }
        }
        try await fixture.ingest.complete()
        try await fixture.settle(aggregator)
        let stored = try await fixture.storedWindows()
        #expect(Set(stored).count == stored.count, "seed \(seed)")
        #expect(Set(stored) == naiveWindows(readings, size: Self.size), "seed \(seed)")
        let counters = fixture.board.counters
        #expect(counters.accepted == 1500 && counters.duplicates == 0, "seed \(seed)")
        #expect(counters.definitions["1m"]?.windowed == 1500, "seed \(seed)")
        #expect(counters.definitions["1m"]?.closed == Int64(stored.count), "seed \(seed)")
        #expect(fixture.board.lag(logEnds: await fixture.log.endOffsets()) == 0, "seed \(seed)")
    }

    @Test(
        "with late and repeated events restarts change no window, counter or late event",
        arguments: 1...8
    )
    func restartsWithLateEvents(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed &* 977)
        var readings = Self.readings(800, spread: 150_000_000, using: &random)
        readings += readings.suffix(40)
        let parts = chunks(readings, using: &random)
        let steady = try ServiceFixture()
        let one = steady.makeAggregator()
        try await one.recover()
        let restarted = try ServiceFixture()
        var other = restarted.makeAggregator()
        try await other.recover()
        for part in parts {
            try await steady.append(part)
            try await one.step()
            try await restarted.append(part)
            try await other.step()
            restarted.clock.advance(by: .seconds(Int.random(in: 0...9, using: &random)))
            if Int.random(in: 0..<3, using: &random) == 0 {
                other = restarted.makeAggregator()
                try await other.recover()
            }
        }
        for (fixture, aggregator) in [(steady, one), (restarted, other)] {
            try await fixture.ingest.complete()
            try await fixture.settle(aggregator)
        }
        let left = try await steady.storedWindows()
        let right = try await restarted.storedWindows()
        #expect(left == right && !left.isEmpty, "seed \(seed)")
        let late = try await steady.windows.letters(.late)
        let lateToo = try await restarted.windows.letters(.late)
        #expect(Self.sorted(late) == Self.sorted(lateToo) && !late.isEmpty, "seed \(seed)")
        let counters = steady.board.counters
        #expect(restarted.board.counters == counters, "seed \(seed)")
        let counts = try #require(counters.definitions["1m"])
        #expect(counters.accepted == 840 && counts.late == Int64(late.count), "seed \(seed)")
        #expect(
            counters.accepted == counters.duplicates + counts.windowed + counts.late,
            "seed \(seed)"
        )
    }

    @Test("partitions save their open windows in turn; after a long pause and at the end all do")
    func snapshotTurns() async throws {
        var random = SeededGenerator(seed: 11)
        let fixture = try ServiceFixture()
        let aggregator = fixture.makeAggregator()
        try await aggregator.recover()
        /// Partitions whose windows are saved as far as they are applied.
        func saved() async throws -> [Int] {
            try await fixture.windows.checkpoints()
                .filter { $0.replayFrom == $0.appliedThrough }.map(\.partition).sorted()
        }
        var seen: [[Int]] = []
        // Snapshots are due after 20 seconds, so one of four partitions every 5.
        for pause in [4, 1, 5, 5, 10, 2, 25] as [Int64] {
            fixture.clock.advance(by: .seconds(pause))
            try await fixture.append(Self.readings(40, spread: 1_000_000, using: &random))
            try await aggregator.step()
            seen.append(try await saved())
        }
        #expect(seen == [[], [0], [1], [2], [0, 3], [], [0, 1, 2, 3]])
    }

    private static func sorted(_ letters: [DeadLetter]) -> [String] {
        letters.map { "\($0.partition ?? -1) \($0.offset ?? -1) \($0.value ?? .nan)" }.sorted()
    }

    @Test("a quiet partition closes its elapsed windows by the clock, after idle_after only")
    func idle() async throws {
        let fixture = try ServiceFixture()
        let aggregator = fixture.makeAggregator()
        try await aggregator.recover()
        fixture.clock.set(to: ServiceFixture.at(55))
        try await fixture.send([("d/s", 50, 1), ("d/s", 55, 3)])
        try await fixture.settle(aggregator)
        #expect(try await fixture.storedWindows().isEmpty)
        // The window ends at 60 and may take events until 70: 84 is not quiet for long enough.
        fixture.clock.set(to: ServiceFixture.at(84))
        try await fixture.settle(aggregator)
        #expect(try await fixture.storedWindows().isEmpty)
        fixture.clock.set(to: ServiceFixture.at(85))
        try await fixture.settle(aggregator)
        let stored = try await fixture.storedWindows()
        #expect(stored.map(\.end) == [ServiceFixture.at(60).microseconds])
        #expect(stored.map(\.sum) == [4])
        // The advance is in the log, so a later event of that window is late after a restart too.
        let again = fixture.makeAggregator()
        try await again.recover()
        try await fixture.send([("d/s", 58, 9)])
        try await fixture.settle(again)
        #expect(try await fixture.storedWindows() == stored)
        #expect(try await fixture.windows.letters(.late).map(\.value) == [9])
    }

    @Test(
        "a date that is put forward or back makes no partition quiet",
        arguments: [10_800, -7200]
    )
    func dateSteps(by step: Int) async throws {
        let fixture = try ServiceFixture()
        let aggregator = fixture.makeAggregator()
        try await aggregator.recover()
        fixture.clock.set(to: ServiceFixture.at(55))
        try await fixture.send([("d/s", 50, 1)])
        try await fixture.settle(aggregator)
        fixture.clock.advance(by: .seconds(25))
        fixture.clock.step(by: .seconds(step))
        try await fixture.settle(aggregator)
        #expect(try await fixture.storedWindows().isEmpty)
        try await fixture.send([("d/s", 59, 2), ("d/s", 69, 4)])
        try await fixture.settle(aggregator)
        fixture.clock.step(by: .seconds(-step))
        fixture.clock.advance(by: .seconds(29))
        try await fixture.settle(aggregator)
        #expect(try await fixture.storedWindows().isEmpty)
        fixture.clock.advance(by: .seconds(1))
        try await fixture.settle(aggregator)
        #expect(try await fixture.storedWindows().map(\.sum) == [3])
        #expect(try await fixture.windows.letters(.late).isEmpty)
    }

    @Test("a quiet partition keeps a window open whose lateness is not over")
    func idleWithinLateness() async throws {
        let fixture = try ServiceFixture(lateness: .seconds(120))
        let aggregator = fixture.makeAggregator()
        try await aggregator.recover()
        fixture.clock.set(to: ServiceFixture.at(50))
        try await fixture.send([("d/s", 50, 1)])
        try await fixture.settle(aggregator)
        fixture.clock.set(to: ServiceFixture.at(179))
        try await fixture.settle(aggregator)
        #expect(try await fixture.storedWindows().isEmpty)
        fixture.clock.set(to: ServiceFixture.at(180))
        try await fixture.settle(aggregator)
        #expect(try await fixture.storedWindows().count == 1)
    }

    @Test("a snapshot moves the mark that a restart reads from, and no counter")
    func snapshot() async throws {
        let fixture = try ServiceFixture()
        let aggregator = fixture.makeAggregator()
        try await aggregator.recover()
        try await fixture.send([("d/s", 0, 1), ("d/s", 100, 2)])
        try await aggregator.step()
        let before = try await fixture.windows.checkpoints()
        let busy = try #require(before.first { $0.appliedThrough == 2 })
        #expect(busy.replayFrom == 0 && busy.snapshot == nil)
        fixture.clock.advance(by: .seconds(20))
        try await aggregator.step()
        let after = try await fixture.windows.checkpoints()
        let saved = try #require(after.first { $0.partition == busy.partition })
        #expect(saved.replayFrom >= 2 && saved.snapshot != nil)
        #expect(saved.counters == busy.counters)
    }
}
