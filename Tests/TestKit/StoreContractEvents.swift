import Core
import Store

// Dead letters, the registry, and series that are silent.
extension WindowStoreContract {
    static let eventChecks: [WindowStoreCheck] = [
        WindowStoreCheck("every field of a dead letter comes back, long texts cut", letterFields),
        WindowStoreCheck("a letter of the log is kept once", lettersOnce),
        WindowStoreCheck("a named batch is kept once", namedBatches),
        WindowStoreCheck("letters of a place in the log are found", lettersOfPlace),
        WindowStoreCheck("letters are filtered and paged, newest first", letterPages),
        WindowStoreCheck("a replayed letter says when", replayed),
        WindowStoreCheck("events are counted by reason whether or not they are kept", counts),
        WindowStoreCheck("registry entries are set, listed and removed", registry),
        WindowStoreCheck("a sensor's settings come over its device's", settings),
        WindowStoreCheck("registry entries that make no sense are refused", badRegistry),
        WindowStoreCheck("event times only go forward", seen),
        WindowStoreCheck("silent series come in key order", silent),
        WindowStoreCheck("a large snapshot comes back whole", largeSnapshot),
    ]

    private typealias Samples = StoreSamples

    private static func letters(
        _ store: any WindowStore,
        _ filter: DeadLetterFilter = DeadLetterFilter(),
        before: Int64? = nil,
        limit: Int = 99
    ) async throws -> [StoredDeadLetter] {
        try await store.deadLetters(filter, before: before, limit: limit)
    }

    @Sendable private static func letterFields(_ store: any WindowStore) async throws {
        let full = DeadLetter(
            receivedAt: Samples.minute(1),
            reason: .outOfRange,
            source: "mqtt:plant/+",
            definition: "1m",
            device: "m-1",
            sensor: "t",
            time: Timestamp(microseconds: -5),
            value: 0.1 + 0.2,
            text: String(repeating: "é", count: 3000),
            context: "ts,device,value",
            format: "csv",
            message: "1e9 is above 100",
            partition: 3,
            offset: 77
        )
        let bare = DeadLetter(receivedAt: Samples.minute(2), reason: .badSyntax, source: "http")
        try await store.addDeadLetters([full, bare], counts: nil)
        let read = try await letters(store)
        try same(read.map(\.letter), [bare, full.bounded])
        try same(read[1].letter.text?.utf8.count, 4096)
        try same(read[1].letter.context, full.context)
        let odd = DeadLetter(
            receivedAt: Samples.minute(3),
            reason: .badValue,
            source: "http",
            text: "a" + String(repeating: "🙂", count: 2000)
        )
        try same(odd.bounded.text?.utf8.count, 4093)
        try same(try await store.deadLetter(number: read[0].number), read[0])
        try same(try await store.deadLetter(number: 999), nil)
    }

    @Sendable private static func lettersOnce(_ store: any WindowStore) async throws {
        let some = [
            Samples.letter(.late, 1, definition: "1m"), Samples.letter(.late, 1, definition: "5m"),
            Samples.letter(.duplicate, 1), Samples.letter(.late, 2, definition: "1m"),
        ]
        var commit = Samples.commit([], through: 1)
        commit.deadLetters = some
        try await store.commitNext(commit, at: Samples.minute(0))
        try await store.addDeadLetters(some + [Samples.letter(.duplicate, 2)], counts: [])
        try same(
            try await letters(store).map(\.letter),
            [Samples.letter(.duplicate, 2)] + some.reversed()
        )
        // A message of many events has one offset.
        var sibling = some[0]
        sibling.time = Samples.minute(2)
        try await store.addDeadLetters([sibling, sibling, some[0]], counts: [])
        try same(try await letters(store).map(\.letter).first, sibling)
        try same(try await letters(store).count, 6)
        // Those of a request have no place in the log: each is one of its own.
        try await store.addDeadLetters(
            [Samples.letter(.late, nil), Samples.letter(.late, nil)],
            counts: []
        )
        try same(try await letters(store).count, 8)
    }

    @Sendable private static func namedBatches(_ store: any WindowStore) async throws {
        let letter = Samples.letter(.late, nil)
        for batch in ["a", "b", "a", nil, "b", nil] {
            try await store.addDeadLetters(
                [letter],
                counts: [EventCount(reason: .late, count: 3)],
                batch: batch
            )
        }
        try same(try await letters(store).count, 4)
        try same(try await store.eventCounts(), [EventCount(reason: .late, count: 12)])
    }

    @Sendable private static func lettersOfPlace(_ store: any WindowStore) async throws {
        let some = [
            Samples.letter(.late, 1, definition: "5m"), Samples.letter(.late, 2, definition: "5m"),
            Samples.letter(.late, 1, definition: "1m"), Samples.letter(.duplicate, 1),
        ]
        try await store.addDeadLetters(some, counts: nil)
        guard let partition = some[0].partition else { return }
        let found = try await store.deadLetters(partition: partition, offset: 1)
        try same(found.map(\.letter), [some[0], some[2], some[3]])
        try same(try await store.deadLetters(partition: partition, offset: 3), [])
        try same(try await store.deadLetters(partition: partition + 1, offset: 1), [])
    }

    @Sendable private static func letterPages(_ store: any WindowStore) async throws {
        let all = (0..<12).map { (index: Int) -> DeadLetter in
            Samples.letter(
                index % 3 == 0 ? .early : .late,
                Int64(index),
                device: index % 2 == 0 ? "a" : "b"
            )
        }
        try await store.addDeadLetters(all, counts: nil)
        var seen: [DeadLetter] = []
        var before: Int64?
        while true {
            let page = try await letters(store, before: before, limit: 5)
            guard let last = page.last else { break }
            seen += page.map(\.letter)
            before = last.number
        }
        try same(seen, all.reversed())
        let filters = [
            DeadLetterFilter(reason: .early), DeadLetterFilter(device: "b"),
            DeadLetterFilter(receivedSince: Samples.minute(7)),
            DeadLetterFilter(reason: .late, device: "a", receivedSince: Samples.minute(3)),
            DeadLetterFilter(reason: .badTime),
        ]
        for filter in filters {
            try same(
                try await letters(store, filter).map(\.letter),
                all.reversed().filter { filter.matches($0) }
            )
        }
        try same(try await letters(store, limit: 0), [])
    }

    @Sendable private static func replayed(_ store: any WindowStore) async throws {
        try await store.addDeadLetters(
            (0..<3).map { Samples.letter(.late, $0) },
            counts: nil
        )
        let numbers = try await letters(store).map(\.number)
        try await store.markReplayed([numbers[1], 12_345], at: Samples.minute(9))
        try same(
            try await letters(store).map(\.replayedAt),
            [nil, Samples.minute(9), nil]
        )
    }

    @Sendable private static func counts(_ store: any WindowStore) async throws {
        var commit = Samples.commit([], through: 1)
        commit.deadLetters = [Samples.letter(.late, 1, definition: "1m")]
        commit.counts = [
            EventCount(reason: .late, definition: "1m", count: 1_000_000),
            EventCount(reason: .late, definition: "5m", count: 2),
            EventCount(reason: .duplicate, count: 5),
        ]
        try await store.commitNext(commit, at: Samples.minute(0))
        try await store.addDeadLetters(
            [Samples.letter(.badValue, nil), Samples.letter(.badValue, nil)],
            counts: nil
        )
        try await store.addDeadLetters([], counts: [EventCount(reason: .duplicate, count: 2)])
        try await store.addDeadLetters([Samples.letter(.early, nil)], counts: [])
        try same(
            try await store.eventCounts(),
            [
                EventCount(reason: .badValue, count: 2),
                EventCount(reason: .duplicate, count: 7),
                EventCount(reason: .late, definition: "1m", count: 1_000_000),
                EventCount(reason: .late, definition: "5m", count: 2),
            ]
        )
    }

    private static func entry(
        _ device: String,
        _ sensor: String,
        _ interval: Duration? = nil,
        unit: String? = nil
    ) -> RegistryEntry {
        RegistryEntry(
            key: SeriesKey(uncheckedDevice: device, sensor: sensor),
            site: sensor.isEmpty ? "north" : nil,
            unit: unit,
            expectedInterval: interval,
            min: sensor.isEmpty ? nil : -40.5,
            max: sensor.isEmpty ? 100 : nil,
            updatedAt: Samples.minute(sensor.isEmpty ? 1 : 2)
        )
    }

    @Sendable private static func registry(_ store: any WindowStore) async throws {
        let entries = [
            entry("a", ""), entry("a", "t", .milliseconds(250), unit: "°C"), entry("a", "v"),
            entry("b", "t", .seconds(5)),
        ]
        try await store.setRegistry(entries.reversed())
        try same(try await store.registry(after: nil, limit: 9), entries)
        try same(
            try await store.registry(after: entries[0].key, limit: 2),
            [entries[1], entries[2]]
        )
        let other = entry("a", "v", .seconds(7), unit: "m/s")
        try await store.setRegistry([other])
        try same(try await store.registry(after: entries[1].key, limit: 1), [other])
        try same(
            try await store.removeRegistry([entries[0].key, entries[3].key, Samples.key("z")]),
            2
        )
        try same(try await store.registry(after: nil, limit: 9), [entries[1], other])
        try await store.setRegistry([])
        try same(try await store.removeRegistry([]), 0)
    }

    @Sendable private static func settings(_ store: any WindowStore) async throws {
        let (t, v, other) = (Samples.key("a", "t"), Samples.key("a", "v"), Samples.key("b", "t"))
        try same(try await store.expectedIntervals(for: [t, v]), [nil, nil])
        try same(try await store.settings(of: t), nil)
        try await store.setRegistry([
            entry("a", "", .seconds(5), unit: "V"), entry("a", "t", .seconds(1)),
        ])
        try same(
            try await store.settings(of: t),
            RegistryEntry(
                key: t,
                site: "north",
                unit: "V",
                expectedInterval: .seconds(1),
                min: -40.5,
                max: 100,
                updatedAt: Samples.minute(2)
            )
        )
        try same(try await store.settings(of: v)?.expectedInterval, .seconds(5))
        try same(try await store.settings(of: v)?.key, v)
        try same(try await store.settings(of: other), nil)
        let device = SeriesKey(uncheckedDevice: "a", sensor: "")
        try same(try await store.settings(of: device)?.unit, "V")
        try same(
            try await store.expectedIntervals(for: [t, other, v, device]),
            [.seconds(1), nil, .seconds(5), .seconds(5)]
        )
    }

    @Sendable private static func badRegistry(_ store: any WindowStore) async throws {
        var wrong: [RegistryEntry] = []
        for interval in [Duration.zero, .seconds(-1)] { wrong.append(entry("a", "t", interval)) }
        var limits = entry("a", "t")
        limits.max = -41
        wrong.append(limits)
        limits.max = .nan
        wrong.append(limits)
        for entry in wrong {
            try await refuses(.invalidArgument) {
                try await store.setRegistry([Self.entry("b", "t"), entry])
            }
        }
        try same(try await store.registry(after: nil, limit: 9), [])
    }

    @Sendable private static func seen(_ store: any WindowStore) async throws {
        let (a, b) = (Samples.key("a"), Samples.key("b"))
        try await store.commitNext(Samples.commit([(a, 1)]), at: Samples.minute(1))
        try await store.noteSeen(Samples.seen([(b, 5), (a, 4)]), at: Samples.minute(2))
        var commit = Samples.commit([])
        commit.seen = Samples.seen([(a, 3), (b, 6)])
        try await store.commitNext(commit, at: Samples.minute(3))
        try same(
            try await store.series(after: nil, limit: 9),
            [
                SeriesInfo(
                    key: a,
                    firstSeenAt: Samples.minute(1),
                    lastWindowEnd: Samples.minute(1),
                    lastEventAt: Samples.minute(4)
                ),
                SeriesInfo(
                    key: b,
                    firstSeenAt: Samples.minute(2),
                    lastWindowEnd: nil,
                    lastEventAt: Samples.minute(6)
                ),
            ]
        )
        try same(try await store.windowSequence(), 1)
    }

    @Sendable private static func silent(_ store: any WindowStore) async throws {
        try await store.noteSeen(
            Samples.seen(oddKeys.enumerated().map { ($1, Int64($0 % 5)) }),
            at: Samples.minute(9)
        )
        try await store.commitNext(
            Samples.commit([(Samples.key("never noted"), 1)]),
            at: Samples.minute(9)
        )
        let expected = oddKeys.enumerated().filter { $0.offset % 5 < 3 }
            .map { SilentSeries(key: $1, lastEventAt: Samples.minute(Int64($0 % 5))) }
            .sorted { $0.key < $1.key }
        try same(try await store.silentSeries(before: Samples.minute(3), limit: 999), expected)
        try same(
            try await store.silentSeries(before: Samples.minute(3), limit: 4),
            Array(expected.prefix(4))
        )
        try same(try await store.silentSeries(before: Samples.minute(0), limit: 9), [])
    }

    @Sendable private static func largeSnapshot(_ store: any WindowStore) async throws {
        func snapshot(_ count: Int, _ seed: UInt8) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) &+ seed }
        }
        let sizes = [3 << 20, (1 << 20) + 1, 1 << 20, 0]
        for (step, size) in sizes.enumerated() {
            let bytes = snapshot(size, UInt8(step))
            for partition in 0..<2 {
                var commit = Samples.commit([], through: Int64(step), partition: partition)
                commit.checkpoint.snapshot = bytes
                try await store.commitNext(commit, at: Samples.minute(0))
            }
            let read = try await store.checkpoints().map(\.snapshot)
            guard read == [bytes, bytes] else {
                throw StoreContractFailure(description: "a snapshot of \(size) bytes differs")
            }
        }
    }
}
