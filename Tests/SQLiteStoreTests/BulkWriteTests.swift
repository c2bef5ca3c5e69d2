import Core
import GRDB
import Store
import TestKit
import Testing

@testable import SQLiteStore

/// More rows than one statement takes, where the smaller tests have a few.
@Suite("Windows and series in bulk")
struct BulkWriteTests {
    private typealias Samples = StoreSamples

    @Test("Windows are found under their end and series, wherever in the file they go")
    func ids() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteWindowStore(path: folder.windows)
        let all = (0..<6_000).map { Samples.key("d\($0)") }
        let third = all.indices.filter { $0 % 3 == 0 }.map { all[$0] }
        let others = all.indices.filter { $0 % 3 != 0 }.map { all[$0] }
        let commits: [[(SeriesKey, Int64)]] = [
            // New ends, whole and with gaps.
            all.map { ($0, 1) } + third.map { ($0, 2) },
            // Beside and behind what is there; what is there comes again.
            others.map { ($0, 2) } + all.map { ($0, 3) } + third.map { ($0, 1) },
            // Behind the rows of the newest end, then between them.
            third.suffix(900).map { ($0, 4) },
            third.map { ($0, 4) } + others.reversed().map { ($0, 4) },
        ]
        for (number, rows) in commits.enumerated() {
            try await store.commitNext(
                Samples.commit(rows, through: Int64(number)),
                at: Samples.minute(9)
            )
        }
        for end in 1...4 as ClosedRange<Int64> {
            let read = try await store.windows(
                definition: "1m",
                interval: try Samples.interval(end - 1, end),
                throughSequence: .max,
                after: nil,
                limit: 10_000
            )
            let expected = Samples.windows(all.sorted().map { ($0, end) })
            #expect((0..<read.count).map(read.key(at:)) == all.sorted())
            #expect(read.ends == expected.ends)
            #expect(read.sums == expected.sums)
        }
        #expect(try await store.windowCount(definition: "1m") == 24_000)
        await store.close()
    }

    @Test("Keys get numbers of their own, new and known ones mixed, in key order where all are new")
    func keys() throws {
        let folder = try TemporaryFolder()
        let database = try DatabaseQueue(path: folder.windows)
        try WindowSchema.migrator().migrate(database)
        let rows = KeyRows()
        let all = (0..<12_000).map { SeriesKey(uncheckedDevice: "d\($0)", sensor: "") }
        let known = SeriesDictionary(all.prefix(9_000).shuffled())
        let mixed = SeriesDictionary(all.suffix(9_000).shuffled())
        try database.write { db in
            try rows.register(on: db)
            let table = try SeriesTable(db, rows: rows, now: Samples.minute(1))
            let first = try table.ids(of: known)
            let order = known.keys.indices.sorted { known.keys[$0] < known.keys[$1] }
            #expect(order.map { first[$0] } == Array(1...9_000))
            let second = try table.ids(of: mixed)
            #expect(try table.ids(of: mixed) == second)
            #expect(try table.ids(of: known) == first)
            for (keys, ids) in [(known, first), (mixed, second)] {
                let names = try SeriesNames(db)
                #expect(try ids.map { try names.key(of: Int64($0)) } == Array(keys.keys))
            }
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM series_data") == 12_000)
        }
    }

    @Test("Names as long as they may be take more statements")
    func longNames() throws {
        let folder = try TemporaryFolder()
        let database = try DatabaseQueue(path: folder.windows)
        try WindowSchema.migrator().migrate(database)
        let rows = KeyRows()
        let name = String(repeating: "n", count: SeriesDictionary.partByteCountMax - 3)
        let keys = SeriesDictionary(
            (100..<400).map { SeriesKey(uncheckedDevice: "\(name)\($0)", sensor: "\($0)\(name)") }
        )
        try database.write { db in
            try rows.register(on: db)
            let ids = try SeriesTable(db, rows: rows, now: Samples.minute(1)).ids(of: keys)
            #expect(ids == Array(1...300))
            let names = try SeriesNames(db)
            #expect(try ids.map { try names.key(of: Int64($0)) } == Array(keys.keys))
        }
    }
}
