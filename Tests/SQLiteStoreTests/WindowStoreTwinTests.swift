import Core
import Store
import TestKit
import Testing

@testable import SQLiteStore

/// The SQLite store beside its twin in memory, with the same random calls.
@Suite("The SQLite window store beside its twin")
struct WindowStoreTwinTests {
    private typealias Samples = StoreSamples

    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    private static func lines(_ batch: WindowBatch) -> [String] {
        (0..<batch.count).map { row in
            let quantiles = batch.quantilePoints.map { "\($0)=\(batch.quantile($0, at: row))" }
            return "\(batch.key(at: row)) \(batch.starts[row])-\(batch.ends[row]) "
                + "\(batch.revisions[row]) \(batch.counts[row]) \(batch.means[row]) "
                + "\(batch.rates[row]) \(quantiles.joined(separator: " "))"
        }
    }

    /// Random windows of a definition; those of "s" are sessions.
    private static func windows(
        _ definition: String,
        _ count: Int,
        _ random: inout Generator
    ) -> WindowBatch {
        var batch = WindowBatch(quantilePoints: definition == "q" ? [0.5, 0.95] : [])
        for _ in 0..<count {
            let key = Samples.key("d\(Int.random(in: 0..<9, using: &random))")
            var end = Samples.minute(Int64.random(in: 1...8, using: &random)).microseconds
            var start = end - 60_000_000
            if definition == "s" {
                end += Int64.random(in: 0..<5, using: &random)
                start -= Int64.random(in: 0..<3, using: &random)
            }
            let mean = Double(Int.random(in: 0..<2, using: &random))
            batch.append(
                series: batch.series.insert(key),
                start: start,
                end: end,
                count: Int64.random(in: 1...2, using: &random),
                sum: mean,
                mean: mean,
                min: 0,
                max: 1,
                stddev: .nan,
                first: 0,
                last: 1,
                rate: mean == 0 ? .nan : 0.1,
                revision: Int32.random(in: 0...2, using: &random),
                quantiles: batch.quantilePoints.isEmpty ? [] : [mean, .nan]
            )
        }
        return batch
    }

    @Test(
        "Random commits, rebuilds and prunings give the same",
        arguments: 1...8 as ClosedRange<UInt64>
    )
    func random(_ seed: UInt64) async throws {
        var random = Generator(state: seed)
        let folder = try TemporaryFolder()
        let twin = MemoryWindowStore()
        let store = try SQLiteWindowStore(path: folder.windows)
        let definitions = ["1m", "q", "s"]
        for other in [twin, store] as [any WindowStore] {
            try await other.define([StoredDefinition(name: "s", size: nil)])
        }
        var through: Int64?
        for step in 1...25 as ClosedRange<Int64> {
            let name = definitions[Int.random(in: 0..<3, using: &random)]
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                let from = Int64.random(in: 0...6, using: &random)
                let interval = try Samples.interval(from, from + 2)
                let given = Self.windows(name, 12, &random)
                let inside = given.rows {
                    interval.start.microseconds < $0 && $0 <= interval.end.microseconds
                }
                let outcomes = try await [
                    twin.replaceWindows(
                        definition: name,
                        interval: interval,
                        windows: inside,
                        at: Samples.minute(step)
                    ),
                    store.replaceWindows(
                        definition: name,
                        interval: interval,
                        windows: inside,
                        at: Samples.minute(step)
                    ),
                ]
                #expect(outcomes[0] == outcomes[1])
            case 1:
                // Whole ends only: which windows of an end go first is not promised.
                let before = Samples.minute(Int64.random(in: 0...4, using: &random))
                let counts = try await [
                    twin.pruneWindows(definition: name, before: before, rowCountMax: 1000),
                    store.pruneWindows(definition: name, before: before, rowCountMax: 1000),
                ]
                #expect(counts[0] == counts[1])
            default:
                var commit = Samples.commit([], through: step, expected: through)
                through = step
                for definition in definitions.shuffled(using: &random).prefix(2) {
                    commit.closed.append((definition, Self.windows(definition, 8, &random)))
                }
                try await twin.commit([commit], at: Samples.minute(step))
                try await store.commit([commit], at: Samples.minute(step))
            }
            try await compare(twin, store, definitions, &random)
        }
        await store.close()
    }

    private func compare(
        _ twin: MemoryWindowStore,
        _ store: SQLiteWindowStore,
        _ definitions: [String],
        _ random: inout Generator
    ) async throws {
        let sequence = try await twin.windowSequence()
        #expect(try await store.windowSequence() == sequence)
        let since = Int64.random(in: 0...sequence, using: &random)
        let from = Int64.random(in: 0...4, using: &random)
        let interval = try Samples.interval(from, from + 4)
        let key = Samples.key("d\(Int.random(in: 0..<9, using: &random))")
        for name in definitions {
            var seen: [[[String]]] = []
            for other in [twin, store] as [any WindowStore] {
                var after: SeriesKey?
                var pages: [[String]] = []
                while true {
                    let page = try await other.windows(
                        definition: name,
                        interval: interval,
                        throughSequence: since,
                        after: after,
                        limit: 5
                    )
                    if page.isEmpty { break }
                    pages.append(Self.lines(page))
                    after = page.key(at: page.count - 1)
                }
                let chart = try await other.windows(
                    definition: name,
                    key: key,
                    from: interval.start,
                    to: interval.end,
                    limit: 4
                )
                pages.append(Self.lines(chart))
                pages.append(
                    try await other.windowEnds(definition: name, afterSequence: since).map {
                        "\($0)"
                    }
                )
                pages.append(
                    try await other.touchedSeries(
                        definition: name,
                        interval: interval,
                        afterSequence: since
                    ).map(\.description)
                )
                pages.append(["\(try await other.windowCount(definition: name))"])
                seen.append(pages)
            }
            #expect(seen[0] == seen[1], "\(name) since \(since)")
        }
        let info = try await [
            twin.series(after: nil, limit: 99), store.series(after: nil, limit: 99),
        ]
        #expect(info[0].map(\.key) == info[1].map(\.key))
    }

    @Test("The newest letters are kept, of each reason and of all")
    func letterLimits() async throws {
        let folder = try TemporaryFolder()
        let stores: [any WindowStore] = [
            MemoryWindowStore(letterCountMax: 10, letterCountOfReasonMax: 6),
            try SQLiteWindowStore(
                path: folder.windows,
                letterCountMax: 10,
                letterCountOfReasonMax: 6
            ),
        ]
        for store in stores {
            try await store.addDeadLetters([Samples.letter(.early, 0)], counts: nil)
            for start in stride(from: 1, to: 40, by: 4) as StrideTo<Int64> {
                try await store.addDeadLetters(
                    (start..<(start + 4)).map { Samples.letter(.late, $0) },
                    counts: nil
                )
            }
            func kept() async throws -> [Int64?] {
                try await store.deadLetters(DeadLetterFilter(), before: nil, limit: 99)
                    .map(\.letter.offset)
            }
            // A flood of one reason leaves the other.
            #expect(try await kept() == [40, 39, 38, 37, 36, 35, 0])
            try await store.addDeadLetters(
                (50..<55).map { Samples.letter(.duplicate, $0) },
                counts: nil
            )
            #expect(try await kept() == [54, 53, 52, 51, 50, 40, 39, 38, 37, 36])
            try await store.addDeadLetters([Samples.letter(.late, 60)], counts: nil)
            #expect(try await kept() == [60, 54, 53, 52, 51, 50, 40, 39, 38, 37])
            #expect(try await store.eventCounts().map(\.count) == [5, 1, 41])
            await store.close()
        }
    }
}

extension WindowBatch {
    /// The rows whose end a condition holds for.
    fileprivate func rows(_ holds: (Int64) -> Bool) -> WindowBatch {
        var result = WindowBatch(quantilePoints: quantilePoints)
        for row in 0..<count where holds(ends[row]) {
            result.append(contentsOf: slice(row..<(row + 1)))
        }
        return result
    }
}
