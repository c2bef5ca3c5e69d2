import Core
import Store
import TestKit
import Testing

@testable import SQLiteStore

/// More rows than one statement takes, where the smaller tests have a few.
@Suite("Windows in bulk")
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
}
