import Core
import Disk
import Store
import TestKit
import Testing

@testable import SQLiteStore

/// Two processes on one windows.db, as two stores: each has connections and caches of its own.
@Suite("Two aggregators on one windows.db")
struct SharedWindowsTests {
    private typealias Samples = StoreSamples

    @Test("A file that does not exist yet can be opened by many at once")
    func openTogether() async throws {
        let folder = try TemporaryFolder()
        let path = folder.windows
        try await withThrowingTaskGroup(of: SQLiteWindowStore.self) { group in
            for _ in 0..<6 { group.addTask { @concurrent in try SQLiteWindowStore(path: path) } }
            for try await store in group {
                #expect(try await store.seriesCount() == 0)
                await store.close()
            }
        }
    }

    @Test("Series and definitions of the other are known")
    func otherSeries() async throws {
        let folder = try TemporaryFolder()
        let first = try SQLiteWindowStore(path: folder.windows)
        let second = try SQLiteWindowStore(path: folder.windows)
        let keys = (0..<6).map { Samples.key("d\($0)") }
        for end in 1...4 as ClosedRange<Int64> {
            for (partition, store) in [first, second].enumerated() {
                // Every key comes in both, in another order, and the same windows too.
                let rows = (partition == 0 ? keys : keys.reversed()).prefix(Int(end) + 2)
                try await store.commitNext(
                    Samples.commit(
                        rows.map { ($0, end) },
                        through: end,
                        partition: partition
                    ),
                    at: Samples.minute(end)
                )
            }
        }
        for store in [first, second] {
            #expect(try await store.seriesCount() == 6)
            #expect(try await store.windowCount(definition: "1m") == 24)
            let read = try await store.windows(
                definition: "1m",
                interval: try Samples.interval(3, 4),
                throughSequence: .max,
                after: nil,
                limit: 99
            )
            #expect((0..<read.count).map(read.key(at:)) == keys)
        }
        await first.close()
        await second.close()
    }

    @Test("A task with threads of its own commits on them, beside others; a conflict undoes")
    func patientCommits() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteWindowStore(path: folder.windows)
        let executor = try PatientExecutor(name: "test")
        async let others: Void = {
            for end in 1...20 as ClosedRange<Int64> {
                try await store.commitNext(
                    Samples.commit([(Samples.key("o"), end)], through: end, partition: 1),
                    at: Samples.minute(end)
                )
            }
        }()
        try await PatientExecutor.run(on: executor) {
            for end in 1...20 as ClosedRange<Int64> {
                try await store.commitNext(
                    Samples.commit([(Samples.key("p\(end)"), end)], through: end),
                    at: Samples.minute(end)
                )
            }
            let error = await #expect(throws: FleetError.self) {
                try await store.commit(
                    [Samples.commit([(Samples.key("q"), 21)], through: 30, expected: 5)],
                    at: Samples.minute(21)
                )
            }
            #expect(error?.code == .conflict)
        }
        try await others
        #expect(try await store.seriesCount() == 21)
        #expect(try await store.windowCount(definition: "1m") == 40)
        await store.close()
    }

    @Test("A partition that moved is committed by its new owner only")
    func moved() async throws {
        let folder = try TemporaryFolder()
        let first = try SQLiteWindowStore(path: folder.windows)
        let second = try SQLiteWindowStore(path: folder.windows)
        let key = Samples.key("a")
        try await first.commit([Samples.commit([(key, 1)], through: 5)], at: Samples.minute(1))
        #expect(try await second.checkpoints().map(\.appliedThrough) == [5])
        try await second.commit(
            [Samples.commit([(key, 2)], through: 9, expected: 5)],
            at: Samples.minute(2)
        )
        let error = await #expect(throws: FleetError.self) {
            try await first.commit(
                [Samples.commit([(Samples.key("z"), 2)], through: 8, expected: 5)],
                at: Samples.minute(3)
            )
        }
        #expect(error?.code == .conflict)
        #expect(error?.message == "partition 0 has offset 9 stored, expected offset 5")
        #expect(try await first.seriesCount() == 1)
        // What the refused commit had found out about its series is forgotten.
        try await first.commit(
            [Samples.commit([(Samples.key("z"), 3)], through: 8, partition: 1)],
            at: Samples.minute(3)
        )
        #expect(try await second.seriesCount() == 2)
        await first.close()
        await second.close()
    }

    @Test("Commits at the same time each land once")
    func concurrent() async throws {
        let folder = try TemporaryFolder()
        let stores = [
            try SQLiteWindowStore(path: folder.windows),
            try SQLiteWindowStore(path: folder.windows),
        ]
        let keys = (0..<20).map { Samples.key("d\($0)") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for partition in 0..<6 {
                group.addTask {
                    var expected: Int64?
                    for end in 1...10 as ClosedRange<Int64> {
                        var commit = Samples.commit(
                            keys.shuffled().prefix(15).map { ($0, end) } + [(keys[partition], 99)],
                            through: end,
                            partition: partition,
                            expected: expected
                        )
                        commit.counts = [EventCount(reason: .late, count: 1)]
                        expected = end
                        try await stores[partition % 2].commit([commit], at: Samples.minute(end))
                    }
                }
            }
            try await group.waitForAll()
        }
        let offsets = try await stores[0].checkpoints().map(\.appliedThrough)
        #expect(offsets == Array(repeating: 10, count: 6))
        #expect(try await stores[1].eventCounts() == [EventCount(reason: .late, count: 60)])
        #expect(try await stores[0].seriesCount() == 20)
        let listed = try await stores[1].windows(
            definition: "1m",
            interval: try Samples.interval(0, 100),
            throughSequence: .max,
            after: nil,
            limit: 1000
        )
        #expect(try await stores[0].windowCount(definition: "1m") == listed.count)
        #expect(listed.ends.count { $0 == Samples.minute(99).microseconds } == 6)
        for store in stores { await store.close() }
    }
}
