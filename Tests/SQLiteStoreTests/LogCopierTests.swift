import FoundationEssentials
import GRDB
import Testing

@testable import SQLiteStore

@Suite("The write-ahead log")
struct LogCopierTests {
    @Test("Steady commits keep the log bounded, and nothing is lost")
    func bounded() async throws {
        let folder = try TemporaryFolder()
        let pool = try DatabasePool(path: folder.windows)
        let copier = try LogCopier(path: folder.windows, frameCount: 8, frameCountMax: 64)
        try await pool.writeWithoutTransaction { db in
            copier.watch(db)
            try db.execute(sql: "CREATE TABLE t (bytes BLOB)")
        }
        var largest = 0
        for _ in 0..<400 {
            try await pool.write { db in
                try db.execute(sql: "INSERT INTO t VALUES (zeroblob(8000))")
            }
            let size =
                try FileManager.default
                .attributesOfItem(atPath: folder.windows + "-wal")[.size] as? Int
            largest = max(largest, size ?? 0)
        }
        // 400 commits are some 1,200 frames of 4 KiB; the log began again before each 64 or so.
        #expect(largest > 0)
        #expect(largest < 128 * 4120)
        #expect(try await pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM t") } == 400)
        await copier.close()
        // A commit after the end of the copying still works.
        try await pool.write { try $0.execute(sql: "INSERT INTO t VALUES (1)") }
        await copier.close()
        try pool.close()
    }
}
