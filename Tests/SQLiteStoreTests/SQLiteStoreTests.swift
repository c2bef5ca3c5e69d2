import Core
import Dispatch
import FoundationEssentials
import Store
import TestKit
import Testing

@testable import SQLiteStore

@Suite("The SQLite stores")
struct SQLiteStoreTests {
    private typealias Samples = StoreSamples

    @Test("The catalog keeps its contract", arguments: CatalogContract.checks)
    func catalog(check: CatalogCheck) async throws {
        let folder = try TemporaryFolder()
        let catalog = try SQLiteCatalog(path: folder.catalog)
        try await check.run(catalog)
        await catalog.close()
    }

    @Test("The window store keeps its contract", arguments: WindowStoreContract.checks)
    func windowStore(check: WindowStoreCheck) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteWindowStore(path: folder.windows)
        try await check.run(store)
        await store.close()
    }

    @Test("Everything is there after closing and opening again")
    func reopen() async throws {
        let folder = try TemporaryFolder()
        var catalog = try SQLiteCatalog(path: folder.catalog)
        var store = try SQLiteWindowStore(path: folder.windows)
        let pipeline = try await catalog.publishPipeline(
            name: "plant",
            document: "version: 1",
            at: Samples.minute(1),
            scheduledThrough: nil
        )
        _ = try await catalog.takeLease(role: "schedule", holder: "a", at: Samples.minute(1))
        try await store.commitNext(
            Samples.commit([(Samples.key("a"), 1)], through: 7),
            at: Samples.minute(2)
        )
        await catalog.close()
        await store.close()
        catalog = try SQLiteCatalog(path: folder.catalog)
        store = try SQLiteWindowStore(path: folder.windows)
        #expect(try await catalog.pipelines() == [pipeline])
        #expect(
            try await catalog.takeLease(role: "schedule", holder: "b", at: Samples.minute(1)) == 2
        )
        #expect(try await store.checkpoints() == [Samples.checkpoint(0, through: 7)])
        #expect(try await store.windowSequence() == 1)
        // Known series keep their ids: the window below is another one of the same series.
        try await store.commitNext(
            Samples.commit([(Samples.key("a"), 1), (Samples.key("a"), 2)]),
            at: Samples.minute(3)
        )
        #expect(try await store.seriesCount() == 1)
        #expect(try await store.windowCount(definition: "1m") == 2)
        await catalog.close()
        await store.close()
    }

    @Test("A file that a newer version wrote is refused with what to do")
    func newerSchema() async throws {
        let folder = try TemporaryFolder()
        let catalog = try SQLiteCatalog(path: folder.catalog)
        try await catalog.file.execute("INSERT INTO grdb_migrations VALUES ('catalog-99')")
        await catalog.close()
        let error = #expect(throws: FleetError.self) {
            _ = try SQLiteCatalog(path: folder.catalog)
        }
        #expect(error?.code == .unsupported)
        #expect(error?.message == "catalog.db was written by a newer version of fleetscore")
    }

    @Test("A file that is no database is refused by name")
    func damaged() throws {
        let folder = try TemporaryFolder()
        try Data(String(repeating: "no database ", count: 1000).utf8)
            .write(to: URL(filePath: folder.windows))
        let error = #expect(throws: FleetError.self) {
            _ = try SQLiteWindowStore(path: folder.windows)
        }
        #expect(error?.code == .dataLoss)
        #expect(error?.message.contains("windows.db") == true)
    }

    @Test("A folder that does not exist is named")
    func missingFolder() throws {
        let error = #expect(throws: FleetError.self) {
            _ = try SQLiteCatalog(path: "/nonexistent/catalog.db")
        }
        #expect(error?.code == .unavailable)
    }

    @Test("A full disk is said so, and the failed commit changes nothing")
    func fullDisk() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteWindowStore(path: folder.windows)
        let key = Samples.key("a")
        try await store.commitNext(Samples.commit([(key, 1)], through: 3), at: Samples.minute(2))
        try await store.file.execute("PRAGMA max_page_count = 80")
        let many = (0..<20_000).map { (Samples.key("device-\($0)"), Int64(2)) }
        let large = WindowCommit(
            checkpoint: Samples.checkpoint(0, through: 9),
            expectedAppliedThrough: nil,
            closed: [("1m", Samples.windows(many)), ("2m", Samples.windows(many))]
        )
        let error = await #expect(throws: FleetError.self) {
            try await store.commitNext(large, at: Samples.minute(3))
        }
        #expect(error?.code == .resourceExhausted)
        #expect(error?.message == "the disk is full: cannot write windows.db")
        #expect(try await store.checkpoints() == [Samples.checkpoint(0, through: 3)])
        #expect(try await store.windowSequence() == 1)
        #expect(try await store.seriesCount() == 1)
        #expect(try await store.windowCount(definition: "2m") == 0)
        // With space again the same commit works: no id of the failed one is remembered.
        try await store.file.execute("PRAGMA max_page_count = 1000000")
        try await store.commitNext(large, at: Samples.minute(3))
        #expect(try await store.seriesCount() == 20_001)
        #expect(try await store.windowCount(definition: "1m") == 20_001)
        let read = try await store.windows(
            definition: "2m",
            interval: try Samples.interval(0, 9),
            throughSequence: 9,
            after: nil,
            limit: 100_000
        )
        #expect((0..<read.count).map(read.key(at:)) == many.map(\.0).sorted())
        await store.close()
    }

    @Test("A file held by another process is busy")
    func busy() async throws {
        let folder = try TemporaryFolder()
        let (first, second) = (
            try SQLiteWindowStore(path: folder.windows),
            try SQLiteWindowStore(path: folder.windows)
        )
        try await second.file.execute("PRAGMA busy_timeout = 20")
        let (began, mayEnd) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        async let holder: Void = first.file.write { _ in
            began.signal()
            mayEnd.wait()
        }
        let error = await #expect(throws: FleetError.self) {
            // The first call waits off the pool; the second then meets the held lock.
            try await second.file.read { _ in began.wait() }
            try await second.commit([Samples.commit([])], at: Samples.minute(0))
        }
        mayEnd.signal()
        try await holder
        #expect(error?.code == .unavailable)
        try await second.commit([Samples.commit([])], at: Samples.minute(0))
        await first.close()
        await second.close()
    }
}
