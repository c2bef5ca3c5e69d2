import Core
import Store

// Fencing, revisions, rebuilding and retention.
extension WindowStoreContract {
    static let changeChecks: [WindowStoreCheck] = [
        WindowStoreCheck("partitions commit together, or not at all", together),
        WindowStoreCheck("a stale owner of a partition is refused and writes nothing", fenced),
        WindowStoreCheck("a higher revision replaces a window and shows it again", revisions),
        WindowStoreCheck("every new column of a window comes back", newColumns),
        WindowStoreCheck("windows of a length of their own keep their start", sessions),
        WindowStoreCheck("quantiles are matched by their points", quantilePoints),
        WindowStoreCheck("touched series are those that changed in the interval", touched),
        WindowStoreCheck("rebuilding leaves equal windows alone", rebuild),
        WindowStoreCheck("rebuilding refuses windows outside its interval", rebuildBounds),
        WindowStoreCheck("pruning takes the oldest windows in bounded steps", prune),
        WindowStoreCheck("one dictionary that grows serves all commits", growingDictionary),
        WindowStoreCheck("many windows come back as they were", many),
    ]

    private typealias Samples = StoreSamples

    private static func all(_ store: any WindowStore, _ definition: String = "1m") async throws
        -> WindowBatch
    {
        try await store.windows(
            definition: definition,
            interval: try TimeInterval(start: .distantPast, end: .distantFuture),
            throughSequence: .max,
            after: nil,
            limit: 1_000_000
        )
    }

    @Sendable private static func together(_ store: any WindowStore) async throws {
        let (a, b, c) = (Samples.key("a"), Samples.key("b"), Samples.key("c"))
        try await store.commit(
            [
                Samples.commit([(c, 1), (a, 2)], through: 3, partition: 2),
                Samples.commit([(b, 1)], through: 5, partition: 0),
                Samples.commit([], through: 7, partition: 1),
            ],
            at: Samples.minute(2)
        )
        try same(try await store.checkpoints().map(\.appliedThrough), [5, 7, 3])
        try same(try await store.windowSequence(), 1)
        try same(
            rows(try await all(store)),
            [
                "a/t@2018-08-28T00:02:00Z", "b/t@2018-08-28T00:01:00Z",
                "c/t@2018-08-28T00:01:00Z",
            ]
        )
        try await refuses(.conflict) {
            try await store.commit(
                [
                    Samples.commit([(a, 3)], through: 8, partition: 0, expected: 5),
                    Samples.commit([(b, 3)], through: 9, partition: 1, expected: 6),
                ],
                at: Samples.minute(3)
            )
        }
        try same(try await store.checkpoints().map(\.appliedThrough), [5, 7, 3])
        try same(try await store.windowCount(definition: "1m"), 3)
        try await store.commit([], at: Samples.minute(4))
    }

    @Sendable private static func fenced(_ store: any WindowStore) async throws {
        let a = Samples.key("a")
        var first = Samples.commit([(a, 1)], through: 3)
        first.deadLetters = [Samples.letter(.late, 2)]
        first.counts = [EventCount(reason: .late, count: 1)]
        try await store.commit([first], at: Samples.minute(1))
        // Its successor, then the old owner again, then one that knows of no checkpoint.
        try await store.commit(
            [Samples.commit([(a, 2)], through: 6, expected: 3)],
            at: Samples.minute(2)
        )
        first.closed = [("1m", Samples.windows([(a, 9)]))]
        for expected in [3, nil, 7] as [Int64?] {
            first.expectedAppliedThrough = expected
            let stale = first
            try await refuses(.conflict) { try await store.commit([stale], at: Samples.minute(3)) }
        }
        try same(try await store.windowCount(definition: "1m"), 2)
        try same(try await store.eventCounts(), [EventCount(reason: .late, count: 1)])
        try same(try await store.checkpoints().map(\.appliedThrough), [6])
        try same(
            try await store.marks(),
            try await store.checkpoints().map {
                PartitionMark(
                    partition: $0.partition,
                    appliedThrough: $0.appliedThrough,
                    maxEventTime: $0.maxEventTime
                )
            }
        )
    }

    @Sendable private static func revisions(_ store: any WindowStore) async throws {
        let (a, b) = (Samples.key("a"), Samples.key("b"))
        try await store.commitNext(
            Samples.commit([(a, 1), (b, 1), (a, 2)]),
            at: Samples.minute(3)
        )
        func revise(_ revision: Int32, _ mean: Double) async throws {
            var batch = Samples.windows([(a, 1), (Samples.key("c"), 1)])
            batch.revisions = [revision, 0]
            batch.means = [mean, 1]
            var commit = Samples.commit([])
            commit.closed = [("1m", batch)]
            try await store.commitNext(commit, at: Samples.minute(4))
        }
        func read(through: Int64 = .max) async throws -> WindowBatch {
            try await store.windows(
                definition: "1m",
                interval: try Samples.interval(0, 1),
                throughSequence: through,
                after: nil,
                limit: 9
            )
        }
        let ends = [1, 2].map { Samples.minute($0).microseconds }
        try await revise(2, -7)
        try same(try await store.windowSequence(), 2)
        try same(try await read().means, [-7, 1.1, 1])
        try same(try await read().revisions, [2, 0, 0])
        try same(try await store.windowEnds(definition: "1m", afterSequence: 1), [ends[0]])
        // It is not lost to a reader of before, who misses the series that came with it.
        try same(try await read(through: 1).means, [-7, 1.1])
        for revision in [0, 1, 2] as [Int32] {
            try await revise(revision, -9)
            try same(try await store.windowSequence(), 2)
            try same(try await read().means, [-7, 1.1, 1])
        }
        try await revise(3, -8)
        try same(try await store.windowSequence(), 3)
        try same(try await read().means, [-8, 1.1, 1])
        try same(try await store.windowCount(definition: "1m"), 4)
        try same(try await store.windowEnds(definition: "1m", afterSequence: 2), [ends[0]])
        // Two revisions in one commit: the higher wins, whatever comes last.
        var batch = Samples.windows([(b, 2), (b, 2), (b, 2)])
        batch.revisions = [1, 3, 2]
        batch.means = [1, 3, 2]
        var commit = Samples.commit([])
        commit.closed = [("1m", batch)]
        try await store.commitNext(commit, at: Samples.minute(5))
        try same(try await all(store).means, [-8, 2.1, 1.1, 3, 1])
    }

    @Sendable private static func newColumns(_ store: any WindowStore) async throws {
        var batch = WindowBatch(quantilePoints: [0.05, 0.5, 0.999])
        let tiny = Double.leastNonzeroMagnitude
        for (row, values) in [[-0.0, 1e300, .infinity], [.nan, 0.1 + 0.2, tiny]].enumerated() {
            batch.append(
                series: batch.series.insert(Samples.key("a", "é\(row)")),
                start: -60_000_001,
                end: -1,
                count: .max,
                sum: .infinity,
                mean: -0.0,
                min: -.infinity,
                max: .greatestFiniteMagnitude,
                stddev: .nan,
                first: .leastNonzeroMagnitude,
                last: 1,
                rate: row == 0 ? -1.0 / 3 : .nan,
                revision: Int32(row) * .max,
                quantiles: values
            )
        }
        var commit = Samples.commit([])
        commit.closed = [("odd", batch)]
        try await store.commitNext(commit, at: Samples.minute(1))
        let read = try await all(store, "odd")
        try same(read.starts, batch.starts)
        try same(read.ends, batch.ends)
        try same(read.counts, batch.counts)
        try same(read.revisions, batch.revisions)
        try same(read.quantilePoints, batch.quantilePoints)
        let columns = [
            (read.sums, batch.sums), (read.means, batch.means), (read.mins, batch.mins),
            (read.maxs, batch.maxs), (read.stddevs, batch.stddevs), (read.firsts, batch.firsts),
            (read.rates, batch.rates), (read.quantiles, batch.quantiles),
        ]
        for (index, (actual, expected)) in columns.enumerated() {
            func bits(_ values: [Double]) -> [UInt64?] {
                values.map { $0.isNaN ? nil : $0.bitPattern }
            }
            try same(bits(actual), bits(expected), "column \(index)")
        }
    }

    @Sendable private static func sessions(_ store: any WindowStore) async throws {
        try await store.define([
            StoredDefinition(name: "visit", size: nil),
            StoredDefinition(name: "1m", size: .seconds(60)),
        ])
        let keys = ["a", "b", "c"].map { Samples.key($0) }
        for step in 0..<20 as Range<Int64> {
            var batch = Samples.windows([(keys[Int(step) % 3], step + 1)])
            batch.starts[0] -= step * 1_000_001
            batch.ends[0] += step * 17
            var commit = Samples.commit([(keys[0], step)])
            commit.closed.append(("visit", batch))
            try await store.commitNext(commit, at: Samples.minute(step))
        }
        let read = try await all(store, "visit")
        try same(read.count, 20)
        let one = try await store.windows(
            definition: "visit",
            key: keys[1],
            from: Samples.minute(5),
            to: Samples.minute(17),
            limit: 3
        )
        try same(one.ends, [4, 7, 10].map { Samples.minute($0 + 1).microseconds + $0 * 17 })
        try same(one.starts, [4, 7, 10].map { Samples.minute($0).microseconds - $0 * 1_000_001 })
        // In pages the sessions of a key stay together.
        var after: SeriesKey?
        var pages: [Int] = []
        while true {
            let page = try await store.windows(
                definition: "visit",
                interval: try Samples.interval(-1, 99),
                throughSequence: .max,
                after: after,
                limit: 8
            )
            guard !page.isEmpty else { break }
            pages.append(page.count)
            after = page.key(at: page.count - 1)
        }
        try same(pages, [7, 7, 6])
        // A definition with a length may still have a window of another one.
        var odd = Samples.windows([(keys[2], 50)])
        odd.starts[0] += 5
        var commit = Samples.commit([])
        commit.closed = [("1m", odd)]
        try await store.commitNext(commit, at: Samples.minute(50))
        let chart = try await store.windows(
            definition: "1m",
            key: keys[2],
            from: .distantPast,
            to: .distantFuture,
            limit: 9
        )
        try same(chart.starts, odd.starts)
    }

    @Sendable private static func quantilePoints(_ store: any WindowStore) async throws {
        let key = Samples.key("a")
        for (end, points) in [(1, [0.5]), (2, [0.25, 0.5]), (3, [])] as [(Int64, [Double])] {
            var batch = WindowBatch(quantilePoints: points)
            batch.append(
                series: batch.series.insert(key),
                start: Samples.minute(end - 1).microseconds,
                end: Samples.minute(end).microseconds,
                count: 1,
                sum: 1,
                mean: 1,
                min: 1,
                max: 1,
                stddev: .nan,
                first: 1,
                last: 1,
                quantiles: points.map { $0 * Double(end) }
            )
            var commit = Samples.commit([])
            commit.closed = [("1m", batch)]
            try await store.commitNext(commit, at: Samples.minute(end))
        }
        let read = try await all(store)
        try same(read.quantilePoints, [0.25, 0.5])
        try same(
            read.quantiles.map { $0.isNaN ? nil : $0 },
            [nil, 0.5, 0.5, 1, nil, nil]
        )
        try same(
            try await store.windows(
                definition: "1m",
                key: key,
                from: Samples.minute(3),
                to: Samples.minute(3),
                limit: 1
            ).quantilePoints,
            []
        )
    }

    @Sendable private static func touched(_ store: any WindowStore) async throws {
        let keys = oddKeys
        try await store.commitNext(
            Samples.commit(keys.flatMap { key in [1, 2, 3].map { (key, Int64($0)) } }),
            at: Samples.minute(3)
        )
        func touched(_ from: Int64, _ to: Int64, _ sequence: Int64) async throws -> [SeriesKey] {
            try await store.touchedSeries(
                definition: "1m",
                interval: try Samples.interval(from, to),
                afterSequence: sequence
            )
        }
        try same(try await touched(0, 1, 0), keys.sorted())
        try same(try await touched(0, 9, 1), [])
        var batch = Samples.windows([(keys[3], 2), (keys[1], 3), (keys[2], 2), (keys[2], 4)])
        batch.revisions = [1, 1, 0, 0]
        var commit = Samples.commit([])
        commit.closed = [("1m", batch)]
        try await store.commitNext(commit, at: Samples.minute(4))
        try same(try await touched(1, 3, 1), [keys[1], keys[3]].sorted())
        try same(try await touched(1, 2, 1), [keys[3]])
        try same(try await touched(3, 9, 1), [keys[2]])
        try same(try await touched(0, 1, 1), [])
        try same(
            try await store.touchedSeries(
                definition: "none",
                interval: try Samples.interval(0, 9),
                afterSequence: 0
            ),
            []
        )
    }

    @Sendable private static func rebuild(_ store: any WindowStore) async throws {
        let keys = ["a", "b", "c", "d"].map { Samples.key($0) }
        let old = keys.prefix(3).flatMap { key in (1...4).map { (key, Int64($0)) } }
        try await store.commitNext(Samples.commit(old), at: Samples.minute(5))
        // Minutes 2 and 3 again: b changes at 3, c goes at 2, d comes at 2, the rest is equal.
        var batch = Samples.windows(
            [(2, [0, 1, 3]), (3, [2, 1, 0])].flatMap { end, places in
                places.map { (keys[$0], Int64(end)) }
            }
        )
        batch.maxs[4] += 1
        batch.revisions[0] = 5
        func replace() async throws -> RebuildOutcome {
            try await store.replaceWindows(
                definition: "1m",
                interval: try Samples.interval(1, 3),
                windows: batch,
                at: Samples.minute(6)
            )
        }
        try same(
            try await replace(),
            RebuildOutcome(unchanged: 4, changed: 1, added: 1, removed: 1)
        )
        try same(try await store.windowSequence(), 2)
        try same(try await replace(), RebuildOutcome(unchanged: 6))
        try same(try await store.windowSequence(), 2)
        try same(
            try await store.windowEnds(definition: "1m", afterSequence: 1),
            [2, 3].map { Samples.minute($0).microseconds }
        )
        try same(
            try await store.touchedSeries(
                definition: "1m",
                interval: try Samples.interval(0, 9),
                afterSequence: 1
            ),
            [keys[1], keys[3]]
        )
        try same(try await store.windowCount(definition: "1m"), 12)
        let read = try await all(store)
        try same(rows(read).filter { $0.hasPrefix("c/") }.count, 3)
        try same(read.revisions.filter { $0 > 0 }, [1])
        // Everything goes, and what is gone shows as a change.
        batch = WindowBatch()
        try same(try await replace(), RebuildOutcome(removed: 6))
        try same(try await store.windowCount(definition: "1m"), 6)
        try same(try await store.windowEnds(definition: "1m", afterSequence: 2).count, 2)
        batch = Samples.windows([(keys[0], 2)])
        try same(try await replace(), RebuildOutcome(added: 1))
    }

    @Sendable private static func rebuildBounds(_ store: any WindowStore) async throws {
        for end in [1, 4] as [Int64] {
            try await refuses(.invalidArgument) {
                _ = try await store.replaceWindows(
                    definition: "1m",
                    interval: try Samples.interval(1, 3),
                    windows: Samples.windows([(Samples.key("a"), end)]),
                    at: Samples.minute(6)
                )
            }
        }
        try same(try await store.windowCount(definition: "1m"), 0)
    }

    @Sendable private static func prune(_ store: any WindowStore) async throws {
        let keys = ["a", "b", "c"].map { Samples.key($0) }
        var commit = Samples.commit(keys.flatMap { key in (1...4).map { (key, Int64($0)) } })
        commit.closed.append(("other", Samples.windows([(keys[0], 1)])))
        try await store.commitNext(commit, at: Samples.minute(5))
        func prune(_ before: Int64, _ count: Int) async throws -> Int {
            try await store.pruneWindows(
                definition: "1m",
                before: Samples.minute(before),
                rowCountMax: count
            )
        }
        try same(try await prune(1, 100), 0)
        try same(try await prune(3, 4), 4)
        try same(try await store.windowCount(definition: "1m"), 8)
        try same(try await prune(3, 4), 2)
        try same(try await prune(3, 4), 0)
        try same(try await prune(9, 0), 0)
        try same(
            try await store.windowEnds(definition: "1m", afterSequence: 0),
            [3, 4].map { Samples.minute($0).microseconds }
        )
        try same(try await all(store).count, 6)
        try same(try await prune(9, 100), 6)
        try same(try await store.windowCount(definition: "other"), 1)
        try same(
            try await store.pruneWindows(
                definition: "none",
                before: Samples.minute(9),
                rowCountMax: 9
            ),
            0
        )
        try await store.commitNext(Samples.commit([(keys[1], 9)]), at: Samples.minute(9))
        try same(rows(try await all(store)), ["b/t@2018-08-28T00:09:00Z"])
    }

    @Sendable private static func growingDictionary(_ store: any WindowStore) async throws {
        var dictionary = SeriesDictionary()
        var expected: [String] = []
        for step in 1...5 as ClosedRange<Int64> {
            // Keys come in an order that is not theirs; half of them close nothing this time.
            for index in 0..<10 {
                _ = dictionary.insert(Samples.key("d\((index * 7) % 10 + Int(step))"))
            }
            var batch = Samples.windows([])
            batch.series = dictionary
            for id in 0..<dictionary.count where id % 2 == Int(step) % 2 {
                batch.append(
                    series: UInt32(id),
                    start: Samples.minute(step - 1).microseconds,
                    end: Samples.minute(step).microseconds,
                    count: 1,
                    sum: 1,
                    mean: 1,
                    min: 1,
                    max: 1,
                    stddev: .nan,
                    first: 1,
                    last: 1
                )
            }
            expected += rows(batch)
            var commit = Samples.commit([])
            commit.closed = [("1m", batch)]
            commit.seen = SeenTimes(series: dictionary, ids: [3], times: [step])
            try await store.commitNext(commit, at: Samples.minute(step))
        }
        try same(rows(try await all(store)).sorted(), expected.sorted())
        try same(try await store.seriesCount(), 14)
        let seen = try await store.series(after: nil, limit: 99).filter { $0.lastEventAt != nil }
        try same(seen.map(\.key), [dictionary.keys[3]])
        try same(seen.first?.lastEventAt, Timestamp(microseconds: 5))
    }

    @Sendable private static func many(_ store: any WindowStore) async throws {
        // More rows than the drivers write at a time, over two ends, twice.
        var batch = WindowBatch()
        for index in 0..<9_001 {
            let end = Samples.minute(Int64(index % 2) + 1).microseconds
            batch.append(
                series: batch.series.insert(Samples.key("d\(index * 7919 % 9001)")),
                start: end - 60_000_000,
                end: end,
                count: Int64(index),
                sum: Double(index),
                mean: 1,
                min: 1,
                max: 1,
                stddev: .nan,
                first: 1,
                last: 1
            )
        }
        let half = batch.slice(4000..<9001)
        for part in [half, batch] {
            var commit = Samples.commit([])
            commit.closed = [("1m", part)]
            try await store.commitNext(commit, at: Samples.minute(3))
        }
        let read = try await all(store)
        try same(read.count, batch.count)
        func lines(_ batch: WindowBatch) -> [String] {
            zip(rows(batch), batch.counts).map { "\($0) \($1)" }.sorted()
        }
        try same(lines(read), lines(batch))
        try same(try await store.windowCount(definition: "1m"), 9_001)
    }
}
