import Core
import GRDB
import Store
import TestKit
import Testing

@testable import SQLiteStore

@Suite("Plans of the queries over windows")
struct WindowQueryPlanTests {
    private typealias Samples = StoreSamples

    private struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sql: String
        /// Steps the plan must have.
        let steps: [String]
        /// Whether the rows found are sorted.
        var isSorted = false
    }

    private static let cases = [
        Case(
            testDescription: "chart",
            sql: WindowQueries.chart,
            steps: [
                "SEARCH e USING COVERING INDEX ends_by_end (definition=? AND end_us>? AND end_us<?)",
                "SEARCH w USING INTEGER PRIMARY KEY (rowid=?)",
            ]
        ),
        Case(
            testDescription: "chart of sessions",
            sql: WindowQueries.chartOfSessions,
            steps: [
                "SEARCH w USING INDEX windows_with_start (<expr>=?)",
                "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)",
            ],
            isSorted: true
        ),
        Case(
            testDescription: "one window",
            sql: WindowQueries.one,
            steps: ["SEARCH w USING INTEGER PRIMARY KEY (rowid=?)"]
        ),
        Case(
            testDescription: "series of an end",
            sql: WindowQueries.seriesOfEnd,
            steps: ["SEARCH windows_data USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"]
        ),
        Case(
            testDescription: "series after a key",
            sql: WindowQueries.seriesAfter,
            steps: ["SEARCH series_data USING COVERING INDEX", "((device,sensor)>(?,?))"]
        ),
        Case(
            testDescription: "touched series",
            sql: WindowQueries.touched,
            steps: ["SEARCH w USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"]
        ),
        Case(
            testDescription: "the view by series",
            sql: """
                SELECT * FROM windows WHERE definition = '1m' AND device = 'a' AND sensor = 't'
                ORDER BY end_us DESC LIMIT 10
                """,
            steps: [
                "SEARCH s USING COVERING INDEX", "(device=? AND sensor=?)",
                "SEARCH e USING COVERING INDEX ends_by_end (definition=?)",
                "SEARCH w USING INTEGER PRIMARY KEY (rowid=?)",
            ]
        ),
        Case(
            testDescription: "the view by device and time",
            sql: """
                SELECT * FROM windows WHERE definition = '1m' AND device = 'a' AND end_us > 5
                """,
            steps: [
                "SEARCH e USING COVERING INDEX ends_by_end (definition=? AND end_us>?)",
                "SEARCH w USING INTEGER PRIMARY KEY (rowid=?)",
            ]
        ),
        Case(
            testDescription: "the view by interval",
            sql: """
                SELECT * FROM windows
                WHERE definition = '1m' AND end_us > 5 AND end_us <= 7 AND coverage < 1
                """,
            steps: [
                "SEARCH e USING COVERING INDEX ends_by_end (definition=? AND end_us>? AND end_us<?)",
                "SEARCH w USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
                "SEARCH s USING INTEGER PRIMARY KEY (rowid=?)",
            ]
        ),
        Case(
            testDescription: "letters by reason",
            sql: """
                SELECT * FROM dead_letters_data WHERE number < 5 AND reason = 'late'
                ORDER BY number DESC LIMIT 5
                """,
            steps: ["SEARCH dead_letters_data USING INDEX letters_by_reason (reason=? AND rowid<?)"]
        ),
    ]

    @Test("Windows are found by number and never by a scan", arguments: Self.cases)
    private func plan(_ example: Case) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteWindowStore(path: folder.windows)
        try await store.commitNext(
            Samples.commit((1...9).map { (Samples.key("a"), $0) }),
            at: Samples.minute(1)
        )
        let plan = try await store.file.read { db in
            let sql = (1...5).reduce(example.sql) { $0.replacing("?\($1)", with: "\($1)") }
            return try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql)
                .map { $0["detail"] as String }
        }
        for step in example.steps {
            #expect(plan.contains { $0.contains(step) }, "\(plan)")
        }
        #expect(!plan.contains { $0.hasPrefix("SCAN") }, "\(plan)")
        #expect(plan.contains { $0.contains("TEMP B-TREE") } == example.isSorted, "\(plan)")
        await store.close()
    }
}
