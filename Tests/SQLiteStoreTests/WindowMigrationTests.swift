import Core
import FoundationEssentials
import GRDB
import Store
import TestKit
import Testing

@testable import SQLiteStore

@Suite("The schema of windows.db over versions")
struct WindowMigrationTests {
    private typealias Samples = StoreSamples

    @Test("A released migration never changes")
    func frozen() {
        let text = WindowSchemaFirst.tables + WindowSchemaFirst.views
        #expect(XXHash64.hash(text) == 12_395_465_297_773_536_173)
    }

    /// A database as the first version made it, with something in every table.
    private func makeFirst(at path: String) throws {
        let queue = try DatabaseQueue(path: path)
        var migrator = DatabaseMigrator()
        migrator.registerMigration("windows-1") { db in
            try db.execute(sql: WindowSchemaFirst.tables + WindowSchemaFirst.views)
        }
        try migrator.migrate(queue)
        let minute = { (number: Int64) in Samples.minute(number).microseconds }
        try queue.write { db in
            try db.execute(
                sql: """
                    INSERT INTO definitions VALUES (1, '1m'), (2, '5m'), (3, 'empty');
                    INSERT INTO series_data VALUES (1, 'a', 't', 5), (2, 'b', 't', 6);
                    INSERT INTO counters_data VALUES ('window_sequence', 7);
                    INSERT INTO rejected_data VALUES (4, 11, 'http', 'bad value', 'x');
                    INSERT INTO late_data VALUES (9, '1m', 'a', 't', 12, 1.5, 3, 44);
                    INSERT INTO checkpoints_data VALUES
                      (0, 10, 5, 99, '{"accepted":10,"definitions":{"1m":{"closed":4,"filtered":0,
                        "late":1,"windowed":9}},"duplicates":2}', x'0102ff', 77),
                      (1, 3, 3, NULL, '{"accepted":0,"definitions":{},"duplicates":0}', NULL, 78);
                    """
            )
            for (definition, size, end, series) in [
                (1, 1, 1, 1), (1, 1, 1, 2), (1, 1, 2, 2), (2, 5, 5, 1),
            ] as [(Int64, Int64, Int64, Int64)] {
                try db.execute(
                    sql: """
                        INSERT INTO windows_data VALUES
                          (?, ?, ?, ?, ?, 3, 0.1, 0.2, 0.3, 0.4, NULL, 0.5, 0.6)
                        """,
                    arguments: [definition, minute(end), series, minute(end - size), end]
                )
                try db.execute(
                    sql: """
                        INSERT INTO ends_data VALUES (?, ?, 1, ?)
                        ON CONFLICT (definition, end_us) DO UPDATE SET windows = windows + 1
                        """,
                    arguments: [definition, minute(end), end]
                )
            }
        }
        try queue.close()
    }

    @Test("A database of the first version keeps everything it has")
    func upgrade() async throws {
        let folder = try TemporaryFolder()
        try makeFirst(at: folder.windows)
        let store = try SQLiteWindowStore(path: folder.windows)
        #expect(try await store.windowSequence() == 7)
        #expect(try await store.windowCount(definition: "1m") == 3)
        let read = try await store.windows(
            definition: "1m",
            interval: try Samples.interval(0, 9),
            throughSequence: 7,
            after: nil,
            limit: 9
        )
        #expect((0..<3).map { read.key(at: $0).device } == ["a", "b", "b"])
        #expect(read.ends == [1, 1, 2].map { Samples.minute($0).microseconds })
        #expect(read.starts == [0, 0, 1].map { Samples.minute($0).microseconds })
        #expect(read.sums == [0.1, 0.1, 0.1] && read.lasts == [0.6, 0.6, 0.6])
        #expect(read.stddevs.allSatisfy(\.isNaN) && read.rates.allSatisfy(\.isNaN))
        #expect(read.revisions == [0, 0, 0])
        #expect(
            try await store.windowEnds(definition: "1m", afterSequence: 1)
                == [Samples.minute(2).microseconds]
        )
        let chart = try await store.windows(
            definition: "5m",
            key: Samples.key("a"),
            from: .distantPast,
            to: .distantFuture,
            limit: 9
        )
        #expect(chart.starts == [Samples.minute(0).microseconds])
        let checkpoints = try await store.checkpoints()
        #expect(checkpoints.map(\.appliedThrough) == [10, 3])
        #expect(checkpoints.map(\.snapshot) == [[1, 2, 255], nil])
        #expect(checkpoints[0].counters.definitions["1m"]?.windowed == 9)
        #expect(checkpoints[0].counters.definitions["1m"]?.corrected == 0)
        let letters = try await store.deadLetters(DeadLetterFilter(), before: nil, limit: 9)
        #expect(letters.map(\.letter.reason.rawValue) == ["late", "bad value"])
        #expect(letters.map(\.letter.offset) == [44, nil])
        #expect(letters.map(\.letter.text) == [nil, "x"])
        #expect(
            try await store.eventCounts().map(\.count) == [1, 1]
        )
        let series = try await store.series(after: nil, limit: 9)
        #expect(series.map(\.lastWindowEnd) == [Samples.minute(5), Samples.minute(2)])
        #expect(series.map(\.lastEventAt) == [Samples.minute(5), Samples.minute(2)])
        // It goes on: what is there is known again, what is new comes beside it.
        try await store.commitNext(
            Samples.commit([(Samples.key("b"), 2), (Samples.key("a"), 2)], through: 11),
            at: Samples.minute(9)
        )
        #expect(try await store.windowCount(definition: "1m") == 4)
        #expect(try await store.seriesCount() == 2)
        #expect(try await store.windowSequence() == 8)
        await store.close()
        let again = try SQLiteWindowStore(path: folder.windows)
        #expect(try await again.windowCount(definition: "1m") == 4)
        await again.close()
    }

    @Test("An upgraded database has the schema of a new one")
    func sameSchema() async throws {
        var schemas: [[String]] = []
        for isOld in [true, false] {
            let folder = try TemporaryFolder()
            if isOld { try makeFirst(at: folder.windows) }
            let store = try SQLiteWindowStore(path: folder.windows)
            schemas.append(
                try await store.file.read { db in
                    try String.fetchAll(
                        db,
                        sql: "SELECT sql FROM sqlite_master WHERE sql <> '' ORDER BY name"
                    )
                }
            )
            await store.close()
        }
        #expect(schemas[0] == schemas[1])
        #expect(!schemas[0].joined().contains("windows_by_series"))
    }
}
