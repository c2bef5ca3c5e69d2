import Core
import Store

/// What every ``WindowStore`` promises, as checks for the twin and the drivers alike.
package enum WindowStoreContract {
    package static let checks: [WindowStoreCheck] =
        windowChecks + changeChecks + eventChecks + predictionChecks

    static let windowChecks: [WindowStoreCheck] = [
        WindowStoreCheck("every column of a window comes back", columns),
        WindowStoreCheck("a repeated commit changes no window and no count", repeats),
        WindowStoreCheck("only commits that store windows take a sequence number", sequences),
        WindowStoreCheck("windows of later commits are left out", throughSequence),
        WindowStoreCheck("an interval holds the ends after its start up to its end", bounds),
        WindowStoreCheck("keys sort bytewise", order),
        WindowStoreCheck("pages hold whole keys", pages),
        WindowStoreCheck("windows of one series come by end", oneSeries),
        WindowStoreCheck("series are listed with first seen and last window", seriesList),
        WindowStoreCheck("a checkpoint keeps its snapshot until a new one", checkpoints),
        WindowStoreCheck("definitions do not mix", definitions),
        WindowStoreCheck("a closed store is unavailable", closed),
    ]

    private typealias Samples = StoreSamples

    static let oddKeys = [
        "a", "a!", "a-b", "a0", "a b", "A", "é", "e\u{301}", "z", "🙂", "\u{FFFD}",
    ]
    .flatMap { device in ["t", "T", "t!", "té"].map { Samples.key(device, $0) } }

    static func rows(_ batch: WindowBatch) -> [String] {
        (0..<batch.count).map { row in
            "\(batch.key(at: row))@\(Timestamp(microseconds: batch.ends[row]))"
        }
    }

    @Sendable private static func columns(_ store: any WindowStore) async throws {
        let batch = Samples.windows([(Samples.key("a"), 1), (Samples.key("a"), 2)])
        try await store.commitNext(
            WindowCommit(
                checkpoint: Samples.checkpoint(3, through: 9),
                expectedAppliedThrough: nil,
                closed: [("1m", batch)]
            ),
            at: Samples.minute(3)
        )
        let read = try await store.windows(
            definition: "1m",
            interval: try Samples.interval(0, 9),
            throughSequence: 1,
            after: nil,
            limit: 10
        )
        try same(read.starts, batch.starts)
        try same(read.ends, batch.ends)
        try same(read.counts, batch.counts)
        try same(read.sums, batch.sums)
        try same(read.means, batch.means)
        try same(read.mins, batch.mins)
        try same(read.maxs, batch.maxs)
        try same(read.stddevs.map(\.isNaN), [true, false])
        try same(read.stddevs[1], 0.5)
        try same(read.firsts, batch.firsts)
        try same(read.lasts, batch.lasts)
    }

    @Sendable private static func repeats(_ store: any WindowStore) async throws {
        let (a, b) = (Samples.key("a"), Samples.key("b"))
        let first = Samples.commit([(a, 1), (b, 1), (a, 2)], through: 4)
        try await store.commitNext(first, at: Samples.minute(3))
        try await store.commitNext(first, at: Samples.minute(9))
        try same(try await store.windowSequence(), 1)
        try same(try await store.windowCount(definition: "1m"), 3)
        try same(try await store.seriesCount(), 2)
        // The first value of a window stays, and a commit may hold the same window twice.
        var changed = Samples.windows([(a, 2), (b, 2), (b, 2)])
        changed.means = [-1, -2, -3]
        try await store.commitNext(
            WindowCommit(
                checkpoint: Samples.checkpoint(0, through: 5),
                expectedAppliedThrough: nil,
                closed: [("1m", changed)]
            ),
            at: Samples.minute(9)
        )
        try same(try await store.windowSequence(), 2)
        try same(try await store.windowCount(definition: "1m"), 4)
        let read = try await store.windows(
            definition: "1m",
            interval: try Samples.interval(1, 2),
            throughSequence: 2,
            after: nil,
            limit: 10
        )
        try same(read.means, [2.1, -2])
        try same(try await store.checkpoints(), [Samples.checkpoint(0, through: 5)])
    }

    @Sendable private static func sequences(_ store: any WindowStore) async throws {
        try same(try await store.windowSequence(), 0)
        try await store.commitNext(Samples.commit([], through: 1), at: Samples.minute(0))
        try same(try await store.windowSequence(), 0)
        try same(try await store.checkpoints().map(\.appliedThrough), [1])
        for end in 1...3 {
            try await store.commitNext(
                Samples.commit([(Samples.key("a"), Int64(end))]),
                at: Samples.minute(0)
            )
            try same(try await store.windowSequence(), Int64(end))
        }
        func ends(_ sequence: Int64) async throws -> [Int64] {
            try await store.windowEnds(definition: "1m", afterSequence: sequence)
        }
        let all = (1...3).map { Samples.minute($0).microseconds }
        try same(try await ends(0), all)
        try same(try await ends(2), [all[2]])
        try same(try await ends(3), [])
        // A late window of an old end shows that end again.
        try await store.commitNext(
            Samples.commit([(Samples.key("b"), 1), (Samples.key("a"), 2)]),
            at: Samples.minute(0)
        )
        try same(try await ends(3), [all[0]])
        try same(try await store.windowEnds(definition: "none", afterSequence: 0), [])
    }

    private static func read(
        _ store: any WindowStore,
        _ from: Int64,
        _ to: Int64,
        through: Int64 = .max,
        after: SeriesKey? = nil,
        limit: Int = 1000
    ) async throws -> WindowBatch {
        try await store.windows(
            definition: "1m",
            interval: try Samples.interval(from, to),
            throughSequence: through,
            after: after,
            limit: limit
        )
    }

    @Sendable private static func throughSequence(_ store: any WindowStore) async throws {
        for (index, device) in ["c", "a", "b"].enumerated() {
            try await store.commitNext(
                Samples.commit([(Samples.key(device), 1)], through: Int64(index)),
                at: Samples.minute(0)
            )
        }
        for (through, expected) in [(0, []), (1, ["c"]), (2, ["a", "c"]), (3, ["a", "b", "c"])] {
            let batch = try await read(store, 0, 5, through: Int64(through))
            try same(batch.series.keys.map(\.device), expected)
        }
    }

    @Sendable private static func bounds(_ store: any WindowStore) async throws {
        let key = Samples.key("a")
        try await store.commitNext(
            Samples.commit((1...5).map { (key, $0) }),
            at: Samples.minute(0)
        )
        for (from, to, expected) in [(0, 5, 1...5), (1, 3, 2...3), (4, 9, 5...5)] {
            let batch = try await read(store, Int64(from), Int64(to))
            try same(batch.ends, expected.map { Samples.minute(Int64($0)).microseconds })
        }
        try same(try await read(store, 5, 9).count, 0)
        let none = try await store.windows(
            definition: "none",
            interval: try Samples.interval(0, 9),
            throughSequence: 9,
            after: nil,
            limit: 9
        )
        try same(none.count, 0)
    }

    @Sendable private static func order(_ store: any WindowStore) async throws {
        try await store.commitNext(
            Samples.commit(oddKeys.shuffled().map { ($0, 1) }),
            at: Samples.minute(0)
        )
        let batch = try await read(store, 0, 5)
        try same((0..<batch.count).map(batch.key(at:)), oddKeys.sorted())
        try same(batch.count, oddKeys.count)
        let listed = try await store.series(after: nil, limit: 1000)
        try same(listed.map(\.key), oddKeys.sorted())
    }

    @Sendable private static func pages(_ store: any WindowStore) async throws {
        var all: [(SeriesKey, Int64)] = []
        for (index, key) in oddKeys.enumerated() {
            for end in 0..<(index % 7) { all.append((key, Int64(end + 1))) }
        }
        try await store.commitNext(Samples.commit(all), at: Samples.minute(0))
        let expected = rows(try await read(store, 0, 99))
        try same(expected.count, all.count)
        for limit in [1, 2, 3, 5, 8, 1000] {
            var seen: [String] = []
            var after: SeriesKey?
            while true {
                let page = try await read(store, 0, 99, after: after, limit: limit)
                guard let last = page.series.keys.last else { break }
                try same(last, page.key(at: page.count - 1), "the page's last key")
                let pageKeys = Set((0..<page.count).map(page.key(at:)))
                if pageKeys.count > 1, page.count > limit {
                    throw StoreContractFailure(description: "a page is larger than its limit")
                }
                seen += rows(page)
                after = last
            }
            try same(seen, expected, "pages of \(limit)")
        }
    }

    @Sendable private static func oneSeries(_ store: any WindowStore) async throws {
        let (a, b) = (Samples.key("a"), Samples.key("b"))
        try await store.commitNext(
            Samples.commit([(a, 4), (a, 1), (b, 2), (a, 3)]),
            at: Samples.minute(0)
        )
        func ends(_ from: Int64, _ to: Int64, _ limit: Int = 9) async throws -> [Int64] {
            let batch = try await store.windows(
                definition: "1m",
                key: a,
                from: Samples.minute(from),
                to: Samples.minute(to),
                limit: limit
            )
            try same(Array(batch.series.keys), batch.isEmpty ? [] : [a])
            return batch.ends
        }
        let minutes = [1, 3, 4].map { Samples.minute($0).microseconds }
        try same(try await ends(0, 9), minutes)
        try same(try await ends(1, 3), [minutes[0], minutes[1]])
        try same(try await ends(0, 9, 2), [minutes[0], minutes[1]])
        try same(try await ends(5, 9), [])
    }

    @Sendable private static func seriesList(_ store: any WindowStore) async throws {
        let (a, b) = (Samples.key("a", "t"), Samples.key("a", "v"))
        try await store.commitNext(Samples.commit([(b, 1)]), at: Samples.minute(7))
        try await store.commitNext(Samples.commit([(a, 5), (a, 3), (b, 2)]), at: Samples.minute(8))
        let expected = [
            SeriesInfo(
                key: a,
                firstSeenAt: Samples.minute(8),
                lastWindowEnd: Samples.minute(5)
            ),
            SeriesInfo(
                key: b,
                firstSeenAt: Samples.minute(7),
                lastWindowEnd: Samples.minute(2)
            ),
        ]
        try same(try await store.series(after: nil, limit: 9), expected)
        try same(try await store.series(after: nil, limit: 1), [expected[0]])
        try same(try await store.series(after: a, limit: 9), [expected[1]])
        try same(try await store.series(after: b, limit: 9), [])
        try same(try await store.seriesCount(), 2)
    }

    @Sendable private static func checkpoints(_ store: any WindowStore) async throws {
        func commit(_ partition: Int, _ offset: Int64, _ snapshot: [UInt8]?) async throws {
            try await store.commitNext(
                WindowCommit(
                    checkpoint: Samples.checkpoint(partition, through: offset, snapshot: snapshot),
                    expectedAppliedThrough: nil,
                    closed: []
                ),
                at: Samples.minute(0)
            )
        }
        try same(try await store.checkpoints(), [])
        try await commit(2, 0, nil)
        try await commit(0, 4, [1, 2, 3])
        try await commit(0, 8, nil)
        try await commit(1, 5, [])
        try same(
            try await store.checkpoints(),
            [
                Samples.checkpoint(0, through: 8, snapshot: [1, 2, 3]),
                Samples.checkpoint(1, through: 5, snapshot: []),
                Samples.checkpoint(2, through: 0),
            ]
        )
        try await commit(0, 9, [4])
        try same(try await store.checkpoints().first?.snapshot, [4])
    }

    @Sendable private static func definitions(_ store: any WindowStore) async throws {
        let key = Samples.key("a")
        try await store.commitNext(
            WindowCommit(
                checkpoint: Samples.checkpoint(0, through: 1),
                expectedAppliedThrough: nil,
                closed: [
                    ("1m", Samples.windows([(key, 1), (key, 2)])),
                    ("5m", Samples.windows([(key, 5)])), ("1m", Samples.windows([(key, 3)])),
                ]
            ),
            at: Samples.minute(0)
        )
        try same(try await store.windowSequence(), 1)
        try same(try await store.windowCount(definition: "1m"), 3)
        try same(try await store.windowCount(definition: "5m"), 1)
        try same(try await store.windowCount(definition: "none"), 0)
        try same(
            try await store.windowEnds(definition: "5m", afterSequence: 0),
            [Samples.minute(5).microseconds]
        )
        try same(try await read(store, 0, 9).count, 3)
        try same(
            try await store.series(after: nil, limit: 1).first?.lastWindowEnd,
            Samples.minute(5)
        )
    }

    @Sendable private static func closed(_ store: any WindowStore) async throws {
        await store.close()
        try await refuses(.unavailable) { _ = try await store.windowSequence() }
        try await refuses(.unavailable) {
            try await store.commit([Samples.commit([])], at: Samples.minute(0))
        }
        try await refuses(.unavailable) { _ = try await store.eventCounts() }
        await store.close()
    }
}
