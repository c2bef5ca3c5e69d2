import Core
import Store

extension WindowStoreContract {
    static let predictionChecks: [WindowStoreCheck] = [
        WindowStoreCheck("every column of a prediction comes back", predictionColumns),
        WindowStoreCheck("predictions and items are seen once published", visibility),
        WindowStoreCheck("a higher attempt hides a lower one, whatever comes last", superseded),
        WindowStoreCheck("rows added again replace the earlier ones", replaced),
        WindowStoreCheck("predictions are filtered and paged in key order", paged),
        WindowStoreCheck("items are filtered and paged in key order", itemPages),
        WindowStoreCheck("a series' predictions run over intervals", overIntervals),
        WindowStoreCheck("features are matched by name over attempts", featureNames),
        WindowStoreCheck("pruning takes old and superseded rows only", prune),
    ]

    private typealias Samples = StoreSamples

    private static func devices(_ batch: PredictionBatch) -> [String] {
        batch.keyIndex.map { batch.keys[Int($0)].description }
    }

    private static func all(
        _ store: any WindowStore,
        run: String,
        key: SeriesKey? = nil,
        anomalies: Bool = false,
        offset: Int = 0,
        limit: Int = 1000
    ) async throws -> PredictionBatch {
        try await store.predictions(
            run: run,
            key: key,
            anomaliesOnly: anomalies,
            offset: offset,
            limit: limit
        )
    }

    private static func add(
        _ store: any WindowStore,
        run: String,
        attempt: Int = 1,
        _ batch: PredictionBatch
    ) async throws {
        try await store.addPredictions(batch, run: run, attempt: attempt, pipeline: "plant")
    }

    private static func publish(
        _ store: any WindowStore,
        run: String,
        attempt: Int = 1,
        _ from: Int64,
        _ to: Int64
    ) async throws {
        try await store.setPublished(
            try Samples.publication(run: run, attempt: attempt, from, to)
        )
    }

    @Sendable private static func predictionColumns(_ store: any WindowStore) async throws {
        var rows = PredictionRows(featureNames: ["a.mean", "b.max"])
        let digests: [String?] = [nil, "sha-odd", String(repeating: "a1", count: 32)]
        for (index, status) in ItemStatus.allCases.enumerated() {
            let scored = status == .scored
            rows.append(
                PredictionRow(
                    key: SeriesKey(uncheckedDevice: "d\(index)", sensor: ""),
                    start: Int64(index),
                    end: Int64(index) + 60_000_001,
                    status: status,
                    score: scored ? -0.1 - 0.2 : .nan,
                    anomaly: scored ? 1 : -1,
                    threshold: scored ? 0.5 : .nan,
                    modelDigest: digests[index % 3],
                    coverage: scored ? 0.25 : .nan,
                    features: [index == 0 ? .nan : 0.1 + 0.2, index == 1 ? .infinity : -1e-300]
                ),
                featureNames: ["a.mean", "b.max"]
            )
        }
        let batch = rows.batch
        try await add(store, run: "r", batch)
        try await publish(store, run: "r", 0, 5)
        let read = try await all(store, run: "r")
        try same(read.featureNames, batch.featureNames)
        try same(read.keys, batch.keys)
        try same(read.keyIndex, batch.keyIndex)
        try same(read.starts, batch.starts)
        try same(read.ends, batch.ends)
        try same(read.statuses, batch.statuses)
        try same(read.anomalies, batch.anomalies)
        try same(read.modelDigests, batch.modelDigests)
        let pairs = [
            (read.scores, batch.scores), (read.thresholds, batch.thresholds),
            (read.coverages, batch.coverages), (read.features, batch.features),
        ]
        for (actual, expected) in pairs {
            try same(actual.map { $0.isNaN ? nil : $0 }, expected.map { $0.isNaN ? nil : $0 })
        }
    }

    @Sendable private static func visibility(_ store: any WindowStore) async throws {
        let key = Samples.key("a")
        try await add(store, run: "r1", Samples.predictions([key], end: 1))
        let item = ItemOutcome(
            key: key,
            status: .scored,
            rowCount: 1,
            anomalyCount: 0,
            reason: nil
        )
        try await store.addItems([item], run: "r1", attempt: 1)
        func counts() async throws -> [Int] {
            [
                try await all(store, run: "r1").count,
                try await store.items(run: "r1", status: nil, offset: 0, limit: 9).count,
                try await store.predictions(
                    pipeline: "plant",
                    key: key,
                    from: Samples.minute(0),
                    to: Samples.minute(9),
                    limit: 9
                ).count,
            ]
        }
        try same(try await counts(), [0, 0, 0])
        try await publish(store, run: "r1", 0, 5)
        try same(try await counts(), [1, 1, 1])
        try same(
            try await store.items(run: "r1", status: nil, offset: 0, limit: 9),
            [item]
        )
        try same(try await all(store, run: "r2").count, 0)
    }

    @Sendable private static func superseded(_ store: any WindowStore) async throws {
        let key = Samples.key("a")
        for attempt in 1...3 {
            try await add(
                store,
                run: "r\(attempt)",
                attempt: attempt,
                Samples.predictions([key], end: 1)
            )
        }
        func visible() async throws -> [Int] {
            var counts: [Int] = []
            for attempt in 1...3 {
                counts.append(try await all(store, run: "r\(attempt)").count)
            }
            return counts
        }
        try await publish(store, run: "r2", attempt: 2, 0, 5)
        try same(try await visible(), [0, 1, 0])
        try await publish(store, run: "r3", attempt: 3, 0, 5)
        try same(try await visible(), [0, 0, 1])
        try await publish(store, run: "r1", attempt: 1, 0, 5)
        try await publish(store, run: "r3", attempt: 3, 0, 5)
        try same(try await visible(), [0, 0, 1])
        let series = try await store.predictions(
            pipeline: "plant",
            key: key,
            from: Samples.minute(0),
            to: Samples.minute(9),
            limit: 9
        )
        try same(series.count, 1)
    }

    @Sendable private static func replaced(_ store: any WindowStore) async throws {
        let key = Samples.key("a")
        try await add(store, run: "r1", Samples.predictions([key], end: 1))
        try await add(store, run: "r1", Samples.predictions([key], end: 1, anomalous: [key]))
        for status in [ItemStatus.failed, .scored] {
            let item = ItemOutcome(
                key: key,
                status: status,
                rowCount: 1,
                anomalyCount: 0,
                reason: "x"
            )
            try await store.addItems([item], run: "r1", attempt: 1)
        }
        try await refuses(.invalidArgument) {
            try await add(store, run: "r1", Samples.predictions([key], end: 2, features: ["x"]))
        }
        try await publish(store, run: "r1", 0, 5)
        try same(try await all(store, run: "r1").anomalies, [1])
        let items = try await store.items(run: "r1", status: nil, offset: 0, limit: 9)
        try same(items.map(\.status), [.scored])
    }

    @Sendable private static func paged(_ store: any WindowStore) async throws {
        let sorted = oddKeys.sorted()
        let anomalous = Set(sorted.enumerated().filter { $0.offset % 3 == 0 }.map(\.element))
        for end in [2, 1] as [Int64] {
            try await add(
                store,
                run: "r1",
                Samples.predictions(oddKeys.shuffled(), end: end, anomalous: anomalous)
            )
        }
        try await publish(store, run: "r1", 0, 5)
        let expected = sorted.flatMap { [$0.description, $0.description] }
        let whole = try await all(store, run: "r1")
        try same(devices(whole), expected)
        try same(whole.keys, sorted)
        try same(Array(whole.ends.prefix(2)), [1, 2].map { Samples.minute($0).microseconds })
        for offset in stride(from: 0, to: expected.count + 3, by: 3) {
            let page = try await all(store, run: "r1", offset: offset, limit: 3)
            try same(devices(page), Array(expected.dropFirst(offset).prefix(3)))
        }
        try same(devices(try await all(store, run: "r1", key: sorted[4])), Array(expected[8..<10]))
        let only = try await all(store, run: "r1", anomalies: true)
        try same(Set(only.keys), anomalous)
        try same(try await all(store, run: "r1", limit: 0).count, 0)
    }

    @Sendable private static func itemPages(_ store: any WindowStore) async throws {
        let items = oddKeys.enumerated().map { index, key in
            ItemOutcome(
                key: key,
                status: ItemStatus.allCases[index % 6],
                rowCount: index,
                anomalyCount: index / 2,
                reason: index % 2 == 0 ? nil : "no pack entry"
            )
        }
        try await store.addItems(items.shuffled(), run: "r1", attempt: 1)
        try await publish(store, run: "r1", 0, 5)
        let sorted = items.sorted { $0.key < $1.key }
        try same(try await store.items(run: "r1", status: nil, offset: 0, limit: 999), sorted)
        try same(
            try await store.items(run: "r1", status: nil, offset: 5, limit: 4),
            Array(sorted[5..<9])
        )
        for status in ItemStatus.allCases {
            try same(
                try await store.items(run: "r1", status: status, offset: 1, limit: 2),
                Array(sorted.filter { $0.status == status }.dropFirst().prefix(2))
            )
        }
    }

    @Sendable private static func overIntervals(_ store: any WindowStore) async throws {
        let (a, b) = (Samples.key("a"), Samples.key("b"))
        // The last run covers the others' interval again, with windows between theirs.
        for (index, ends) in [[6, 8], [1, 3], [11], [2, 7, 12]].enumerated() {
            for end in ends {
                try await add(
                    store,
                    run: "r\(index)",
                    Samples.predictions([a, b], end: Int64(end))
                )
            }
        }
        for (index, interval) in [(5, 10), (0, 5), (10, 15), (0, 20)].enumerated() {
            try await publish(store, run: "r\(index)", Int64(interval.0), Int64(interval.1))
        }
        func ends(_ from: Int64, _ to: Int64, limit: Int = 99) async throws -> [Int64] {
            let batch = try await store.predictions(
                pipeline: "plant",
                key: a,
                from: Samples.minute(from),
                to: Samples.minute(to),
                limit: limit
            )
            try same(devices(batch).allSatisfy { $0 == "a/t" }, true)
            return batch.ends
        }
        func minutes(_ list: [Int64]) -> [Int64] { list.map { Samples.minute($0).microseconds } }
        try same(try await ends(0, 20), minutes([1, 2, 3, 6, 7, 8, 11, 12]))
        try same(try await ends(3, 8), minutes([3, 6, 7, 8]))
        try same(try await ends(0, 20, limit: 3), minutes([1, 2, 3]))
        try same(try await ends(0, 20, limit: 5), minutes([1, 2, 3, 6, 7]))
        try same(try await ends(13, 20), [])
        let other = try await store.predictions(
            pipeline: "other",
            key: a,
            from: Samples.minute(0),
            to: Samples.minute(20),
            limit: 9
        )
        try same(other.count, 0)
    }

    @Sendable private static func featureNames(_ store: any WindowStore) async throws {
        let key = Samples.key("a")
        try await add(store, run: "r1", Samples.predictions([key], end: 1, features: ["x", "y"]))
        try await add(store, run: "r2", Samples.predictions([key], end: 6, features: ["y", "z"]))
        try await publish(store, run: "r1", 0, 5)
        try await publish(store, run: "r2", 5, 10)
        let batch = try await store.predictions(
            pipeline: "plant",
            key: key,
            from: Samples.minute(0),
            to: Samples.minute(9),
            limit: 9
        )
        try same(batch.featureNames, ["y", "z"])
        try same(batch.features.map { $0.isNaN ? nil : $0 }, [1.1, nil, 6, 6.1])
    }

    @Sendable private static func prune(_ store: any WindowStore) async throws {
        let key = Samples.key("a")
        let item = ItemOutcome(
            key: key,
            status: .scored,
            rowCount: 1,
            anomalyCount: 0,
            reason: nil
        )
        func attempt(_ run: String, _ attempt: Int, _ ends: [Int64]) async throws {
            for end in ends {
                try await add(
                    store,
                    run: run,
                    attempt: attempt,
                    Samples.predictions([key], end: end)
                )
            }
            try await store.addItems([item], run: run, attempt: attempt)
        }
        try await attempt("old", 1, [1, 2])
        try await attempt("split", 1, [6, 9])
        try await attempt("lost", 1, [12])
        try await attempt("won", 2, [12])
        try await attempt("unpublished", 1, [17])
        try await publish(store, run: "old", 0, 5)
        try await publish(store, run: "split", 5, 10)
        try await publish(store, run: "lost", 10, 15)
        try await publish(store, run: "won", attempt: 2, 10, 15)
        for _ in 0..<2 {
            try await store.prunePredictions(before: Samples.minute(7))
            try same(try await all(store, run: "old").count, 0)
            try same(try await all(store, run: "split").count, 2)
            try same(try await all(store, run: "won").count, 1)
        }
        func items(_ run: String) async throws -> Int {
            try await store.items(run: run, status: nil, offset: 0, limit: 9).count
        }
        try same(try await items("old"), 0)
        try same(try await items("split"), 1)
        // The superseded rows are gone: they do not come back with a repeated publication.
        try await publish(store, run: "lost", 10, 15)
        try same(try await all(store, run: "lost").count, 0)
        try await publish(store, run: "unpublished", 15, 20)
        try same(try await all(store, run: "unpublished").count, 1)
        try await store.prunePredictions(before: Samples.minute(100))
        for run in ["split", "won", "unpublished"] {
            try same(try await all(store, run: run).count, 0)
            try same(try await items(run), 0)
        }
    }
}
