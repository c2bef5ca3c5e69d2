import Blobs
import Compute
import Core
import Scoring
import Service
import Store
import Synchronization
import TestKit
import Testing

@Suite("Runs from their trigger to their end")
struct RunDriverTests {
    /// Windows of three models and one key without a model in the first five minutes.
    private func prepared(_ fixture: ServiceFixture) async throws {
        try await fixture.publishFleet([
            TestModels.entry("a/s"), TestModels.entry("b/s"), TestModels.entry("c/s"),
        ])
        try await fixture.close([
            ("a/s", 60, 20), ("a/s", 120, 28), ("a/s", 360, 20), ("b/s", 300, 20.25),
            ("x/s", 60, 20),
        ])
        try await fixture.publishPipeline()
    }

    private func start(_ driver: RunDriver) async throws -> RunRecord {
        try await driver.start(pipeline: "plant", interval: ServiceFixture.interval(0, 300))
    }

    private func rows(_ fixture: ServiceFixture, _ run: String) async throws -> [PlainRow] {
        try await fixture.windows.predictions(
            run: run,
            key: nil,
            anomaliesOnly: false,
            offset: 0,
            limit: .max
        ).plainRows
    }

    private func items(_ fixture: ServiceFixture, _ run: String) async throws -> [ItemOutcome] {
        try await fixture.windows.items(run: run, status: nil, offset: 0, limit: .max)
    }

    @Test("a run publishes a manifest, its parts, the pointer, its rows and its items")
    func publishes() async throws {
        let fixture = try ServiceFixture()
        try await prepared(fixture)
        let driver = fixture.makeDriver()
        let id = try await start(driver).id
        try await fixture.driveAll(driver)
        let run = try await fixture.catalog.run(id)
        #expect(run.state == .published && run.message == nil)
        #expect(run.trigger == .manual && run.attempt == 1 && run.fleetVersion == 1)
        let rows = try await rows(fixture, id)
        #expect(
            rows.map { "\($0.key) \($0.status.rawValue) \($0.anomaly)" } == [
                "a/s scored 0", "a/s scored 1", "b/s scored 0", "x/s no_model -1",
            ]
        )
        let items = try await items(fixture, id)
        #expect(
            items.map { "\($0.key) \($0.status.rawValue)" } == [
                "a/s scored", "b/s scored", "c/s no_data", "x/s no_model",
            ]
        )
        try await checkPublication(fixture, run, items: items, rowCount: rows.count)
    }

    /// Checks that manifest, parts, record, tables and pointer say the same.
    private func checkPublication(
        _ fixture: ServiceFixture,
        _ run: RunRecord,
        items: [ItemOutcome],
        rowCount: Int
    ) async throws {
        let key = try #require(run.manifestKey)
        let manifest: Manifest = try await decoded(fixture.blobs.get(key))
        let folder = key.dropLast("manifest.json".count)
        #expect(
            folder.hasPrefix("predictions/plant/interval=20260301T000000Z_20260301T000500Z/run=")
        )
        #expect(manifest.run == run.id && manifest.attempt == run.attempt)
        #expect(manifest.items == run.items && manifest.rowCount == run.rowCount)
        #expect(manifest.anomalyCount == run.anomalyCount)
        #expect(manifest.interval == run.interval && manifest.features == ["mean"])
        for status in ItemStatus.allCases {
            #expect(run.items[status] == items.count { $0.status == status })
        }
        #expect(manifest.rowCount == rowCount)
        #expect(manifest.parts.reduce(0) { $0 + $1.rowCount } == rowCount)
        #expect(run.tasksDone == run.taskCount)
        for part in manifest.parts {
            let bytes = try await fixture.blobs.get(folder + part.key)
            #expect(bytes.count == part.byteCount)
            #expect(BlobDigest.sha256Hex(bytes) == part.sha256)
            let batch = try bytes.withUnsafeBytes { try PredictionFile.decode($0) }
            #expect(batch.count == part.rowCount)
        }
        let pointer: Pointer = try await decoded(
            fixture.blobs.get(
                "predictions/plant/interval=20260301T000000Z_20260301T000500Z/latest.json"
            )
        )
        #expect(pointer == Pointer(run: run.id, attempt: run.attempt, manifest: key))
    }

    @Test("a rerun is the next attempt, and readers see only that one")
    func rerun() async throws {
        let fixture = try ServiceFixture()
        try await prepared(fixture)
        let driver = fixture.makeDriver()
        let first = try await start(driver).id
        try await fixture.driveAll(driver)
        try await fixture.close([("c/s", 240, 20)])
        let second = try await start(driver).id
        try await fixture.driveAll(driver)
        let run = try await fixture.catalog.run(second)
        #expect(run.attempt == 2 && run.state == .published)
        #expect(try await rows(fixture, first).isEmpty)
        #expect(try await items(fixture, first).isEmpty)
        #expect(try await rows(fixture, second).count == 5)
        let publication = try await fixture.catalog.publication(
            pipeline: "plant",
            interval: run.interval
        )
        #expect(publication?.run == second && publication?.attempt == 2)
        try await checkPublication(
            fixture,
            run,
            items: items(fixture, second),
            rowCount: 5
        )
    }

    /// Fifty windows of each of 800 devices.
    private static var manyWindows: [(key: String, end: Int, mean: Double)] {
        var windows: [(key: String, end: Int, mean: Double)] = []
        for device in 100..<900 {
            for minute in 1...50 {
                let mean = 18 + Double((device * minute) % 40) / 10
                windows.append(("d\(device)/s", minute * 60, mean))
            }
        }
        return windows
    }

    @Test("tasks cut over many keys reconcile, and a lost worker changes nothing in the result")
    func lostWorker() async throws {
        let killed = Mutex<Set<Int>>([])
        let fixture = try ServiceFixture { ticket, executor in
            // The worker of each task's first attempt is killed before it has written anything.
            if ticket.attempt == 1, killed.withLock({ $0.insert(ticket.task).inserted }) {
                return -9
            }
            return try await ServiceFixture.execute(ticket, executor)
        }
        let steady = try ServiceFixture()
        var lines: [[PlainRow]] = []
        for fixture in [fixture, steady] {
            try await fixture.publishFleet(
                (100..<900).map { try TestModels.entry("d\($0)/s") }
            )
            try await fixture.publishPipeline()
            try await fixture.close(Self.manyWindows)
            let driver = fixture.makeDriver()
            let id = try await driver.start(
                pipeline: "plant",
                interval: ServiceFixture.interval(0, 3600)
            ).id
            try await fixture.driveAll(driver)
            let run = try await fixture.catalog.run(id)
            #expect(run.state == .published && run.taskCount == 2, "\(run.message ?? "")")
            #expect(run.items[.scored] == 800 && run.rowCount == 40_000)
            let manifest: Manifest = try await decoded(
                fixture.blobs.get(#require(run.manifestKey))
            )
            #expect(manifest.parts.count == 2)
            var rows: [PlainRow] = []
            for part in manifest.parts {
                let folder = try #require(run.manifestKey).dropLast("manifest.json".count)
                let bytes = try await fixture.blobs.get(folder + part.key)
                rows += try bytes.withUnsafeBytes { try PredictionFile.decode($0) }.plainRows
            }
            lines.append(rows)
        }
        #expect(killed.withLock { $0 } == [0, 1])
        #expect(lines[0] == lines[1] && lines[0].count == 40_000)
    }

    @Test("a task that has stored its result counts, however its worker ended")
    func exitCodeProvesNothing() async throws {
        let attempts = Mutex(0)
        let fixture = try ServiceFixture { ticket, executor in
            attempts.withLock { $0 += 1 }
            _ = try await ServiceFixture.execute(ticket, executor)
            return -9
        }
        try await prepared(fixture)
        let driver = fixture.makeDriver()
        let id = try await start(driver).id
        try await fixture.driveAll(driver)
        #expect(try await fixture.catalog.run(id).state == .published)
        #expect(attempts.withLock { $0 } == 1)
    }

    @Test("a worker that says done without a result is tried again, then the run fails")
    func doneWithoutResult() async throws {
        let attempts = Mutex(0)
        let fixture = try ServiceFixture { _, _ in
            attempts.withLock { $0 += 1 }
            return 0
        }
        try await prepared(fixture)
        let driver = fixture.makeDriver()
        let id = try await start(driver).id
        try await fixture.driveAll(driver)
        let run = try await fixture.catalog.run(id)
        #expect(run.state == .failed && attempts.withLock { $0 } == 3)
        #expect(run.message?.contains("no retry is left") == true)
        try await expectNothingPublished(fixture, run)
    }

    @Test("failures above the limit publish nothing and end the run as failed")
    func failedItems() async throws {
        let fixture = try ServiceFixture()
        try await prepared(fixture)
        try await fixture.publishFleet([
            TestModels.entry("a/s"), TestModels.entry("b/s", features: 2),
        ])
        let driver = fixture.makeDriver()
        let id = try await start(driver).id
        try await fixture.driveAll(driver)
        let run = try await fixture.catalog.run(id)
        #expect(run.state == .failed)
        #expect(
            run.message
                == "1 of 3 items failed, more than failed_items (10%) allows"
        )
        #expect(run.items[.failed] == 1 && run.items.total == 3)
        try await expectNothingPublished(fixture, run)
    }

    @Test("failures within the limit publish what scored, and say so")
    func failuresWithin() async throws {
        let fixture = try ServiceFixture()
        try await prepared(fixture)
        try await fixture.publishFleet([
            TestModels.entry("a/s"), TestModels.entry("b/s", features: 2),
        ])
        try await fixture.publishPipeline(more: "limits: {failed_items: 50%}")
        let driver = fixture.makeDriver()
        let id = try await start(driver).id
        try await fixture.driveAll(driver)
        let run = try await fixture.catalog.run(id)
        #expect(run.state == .publishedWithFailures)
        #expect(try await rows(fixture, id).count == 4)
        try await checkPublication(fixture, run, items: items(fixture, id), rowCount: 4)
    }

    @Test("a run whose fleet does not exist fails with what to do")
    func noFleet() async throws {
        let fixture = try ServiceFixture()
        try await fixture.publishPipeline()
        let driver = fixture.makeDriver()
        let id = try await start(driver).id
        try await fixture.driveAll(driver)
        let run = try await fixture.catalog.run(id)
        #expect(run.state == .failed)
        #expect(run.message?.contains("there is no fleet \"plant\"") == true)
        #expect(run.message?.contains("fleets import") == true)
        try await expectNothingPublished(fixture, run)
    }

    @Test("a run without an interval takes the schedule's last one, or says what to pass")
    func manualInterval() async throws {
        let fixture = try ServiceFixture()
        fixture.clock.set(to: ServiceFixture.at(730))
        try await fixture.publishPipeline()
        let driver = fixture.makeDriver()
        let run = try await driver.start(pipeline: "plant", interval: nil)
        #expect(try run.interval == ServiceFixture.interval(300, 600))
        try await fixture.publishPipeline(name: "other", schedule: nil)
        let error = await #expect(throws: FleetError.self) {
            try await driver.start(pipeline: "other", interval: nil)
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.hint == "pass --interval START/END")
        await #expect(throws: FleetError.self) {
            try await driver.start(pipeline: "none", interval: nil)
        }
    }

    @Test("a waiting run says what it waits for, starts at the deadline and notes it")
    func waits() async throws {
        let fixture = try ServiceFixture()
        try await prepared(fixture)
        try await fixture.publishPipeline(
            schedule: "{every: 5m, wait_for: {watermark: true, at_most: 10m}}"
        )
        fixture.clock.set(to: ServiceFixture.at(300))
        let driver = fixture.makeDriver()
        let id = try await start(driver).id
        try await fixture.drive(driver, until: "the run says why it waits") {
            try await fixture.catalog.run(id).message != nil
        }
        let waiting = try await fixture.catalog.run(id)
        #expect(waiting.state == .waiting)
        #expect(waiting.message?.hasPrefix("waits until 2026-03-01T00:15:00Z") == true)
        fixture.clock.set(to: ServiceFixture.at(901))
        try await fixture.driveAll(driver)
        let run = try await fixture.catalog.run(id)
        #expect(run.state == .published)
        let manifest: Manifest = try await decoded(fixture.blobs.get(#require(run.manifestKey)))
        #expect(manifest.notes.count == 1)
        #expect(manifest.notes.first?.contains("watermark") == true)
    }

    private func expectNothingPublished(
        _ fixture: ServiceFixture,
        _ run: RunRecord
    ) async throws {
        let publications = try await fixture.catalog.publications(pipeline: nil, limit: 10)
        #expect(!publications.contains { $0.run == run.id })
        let blobs = try await fixture.blobs.list(prefix: "predictions/").map(\.key)
        #expect(!blobs.contains { $0.hasSuffix("/manifest.json") || $0.hasSuffix("/latest.json") })
        #expect(try await rows(fixture, run.id).isEmpty)
        #expect(try await items(fixture, run.id).isEmpty)
        #expect(run.manifestKey == nil && run.endedAt != nil)
    }
}
