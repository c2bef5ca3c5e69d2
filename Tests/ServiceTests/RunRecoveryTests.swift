import Blobs
import Compute
import Core
import Scoring
import Service
import Store
import Synchronization
import TestKit
import Testing

@Suite("Runs and what interrupts them")
struct RunRecoveryTests {
    /// A gate that holds workers until it is opened.
    private final class Gate: Sendable {
        private let state = Mutex((isOpen: false, arrived: 0))

        var arrived: Int { state.withLock { $0.arrived } }

        func open() { state.withLock { $0.isOpen = true } }

        func pass() async throws {
            state.withLock { $0.arrived += 1 }
            while !state.withLock({ $0.isOpen }) {
                try await Task.sleep(for: .milliseconds(1))
            }
        }
    }

    private func prepared(_ fixture: ServiceFixture) async throws {
        try await fixture.publishFleet([TestModels.entry("a/s")])
        try await fixture.close([("a/s", 60, 20), ("a/s", 120, 28)])
        try await fixture.publishPipeline()
    }

    private func gated(_ gate: Gate) throws -> ServiceFixture {
        try ServiceFixture { ticket, executor in
            try await gate.pass()
            return try await ServiceFixture.execute(ticket, executor)
        }
    }

    private func start(_ driver: RunDriver) async throws -> RunRecord {
        try await driver.start(pipeline: "plant", interval: ServiceFixture.interval(0, 300))
    }

    private func visibleRows(_ fixture: ServiceFixture, _ run: String) async throws -> Int {
        try await fixture.windows.predictions(
            run: run,
            key: nil,
            anomaliesOnly: false,
            offset: 0,
            limit: .max
        ).count
    }

    private static let latest =
        "predictions/plant/interval=20260301T000000Z_20260301T000500Z/latest.json"

    @Test("a cancelled run ends as cancelled, stops its workers and publishes nothing")
    func cancel() async throws {
        let gate = Gate()
        let fixture = try gated(gate)
        try await prepared(fixture)
        let driver = fixture.makeDriver()
        let id = try await start(driver).id
        let running = Task { try await driver.run() }
        defer { running.cancel() }
        try await fixture.wait(until: "a worker has begun") { gate.arrived == 1 }
        try await driver.cancel(run: id)
        try await fixture.wait(until: "the run has ended") {
            try await fixture.catalog.run(id).state.isFinal
        }
        let run = try await fixture.catalog.run(id)
        #expect(run.state == .cancelled && run.message == "cancelled by request")
        try await fixture.wait(until: "no worker is left") {
            await fixture.compute.workers().isEmpty
        }
        #expect(try await fixture.catalog.publications(pipeline: nil, limit: 10).isEmpty)
        let error = await #expect(throws: FleetError.self) { try await driver.cancel(run: id) }
        #expect(error?.code == .conflict)
        gate.open()
        // The pipeline is free for the next run.
        let next = try await start(driver).id
        try await fixture.wait(until: "the next run has ended") {
            try await fixture.catalog.run(next).state == .published
        }
    }

    @Test("a run that a stopped server left behind ends as failed, a new attempt replaces it")
    func recover() async throws {
        let gate = Gate()
        let fixture = try gated(gate)
        try await prepared(fixture)
        let first = fixture.makeDriver()
        let id = try await start(first).id
        try await fixture.drive(first, until: "a worker has begun") { gate.arrived == 1 }
        #expect(try await fixture.catalog.run(id).state == .running)
        gate.open()
        try await fixture.driveAll(fixture.makeDriver())
        let interrupted = try await fixture.catalog.run(id)
        #expect(interrupted.state == .failed)
        #expect(interrupted.message?.contains("replaces it") == true)
        let runs = try await fixture.catalog.runs(pipeline: "plant", limit: 10)
        #expect(runs.count == 2)
        let replacement = try #require(runs.first)
        #expect(replacement.state == .published && replacement.attempt == 2)
        #expect(replacement.interval == interrupted.interval)
        #expect(try await visibleRows(fixture, replacement.id) == 2)
        #expect(try await visibleRows(fixture, id) == 0)
        // Another start finds nothing to replace.
        try await fixture.makeDriver().recover()
        #expect(try await fixture.catalog.runs(pipeline: "plant", limit: 10).count == 2)
    }

    @Test("a waiting run survives a restart as it is")
    func recoverWaiting() async throws {
        let fixture = try ServiceFixture()
        try await prepared(fixture)
        let id = try await start(fixture.makeDriver()).id
        try await fixture.makeDriver().recover()
        let run = try await fixture.catalog.run(id)
        #expect(run.state == .waiting && run.attempt == 1)
        try await fixture.driveAll(fixture.makeDriver())
        #expect(try await fixture.catalog.run(id).state == .published)
    }

    @Test("a server whose lease was taken over cannot publish")
    func staleEpoch() async throws {
        let gate = Gate()
        let fixture = try gated(gate)
        try await prepared(fixture)
        let driver = fixture.makeDriver()
        let id = try await start(driver).id
        let running = Task { try await driver.run() }
        defer { running.cancel() }
        try await fixture.wait(until: "a worker has begun") { gate.arrived == 1 }
        _ = try await fixture.catalog.takeLease(
            role: "schedule",
            holder: "another server",
            at: fixture.clock.now
        )
        gate.open()
        try await fixture.wait(until: "the run has ended") {
            try await fixture.catalog.run(id).state.isFinal
        }
        let run = try await fixture.catalog.run(id)
        #expect(run.state == .failed && run.message?.contains("stale") == true)
        #expect(try await fixture.catalog.publications(pipeline: nil, limit: 10).isEmpty)
        #expect(try await !fixture.blobs.exists(Self.latest))
        #expect(try await visibleRows(fixture, id) == 0)
    }

    @Test("a publication whose pointer could not be written is repaired at the next start")
    func repair() async throws {
        let blobs = RefusingBlobs(suffix: "/latest.json")
        let fixture = try ServiceFixture(blobs: blobs)
        try await prepared(fixture)
        let driver = fixture.makeDriver()
        let id = try await start(driver).id
        try await fixture.driveAll(driver)
        let run = try await fixture.catalog.run(id)
        #expect(run.state == .published)
        #expect(try await !fixture.blobs.exists(Self.latest))
        blobs.allow()
        try await fixture.makeDriver().recover()
        let pointer: Pointer = try await decoded(fixture.blobs.get(Self.latest))
        #expect(pointer.run == id && pointer.manifest == run.manifestKey)
        #expect(try await visibleRows(fixture, id) == 2)
        #expect(try await fixture.catalog.runs(pipeline: nil, limit: 10).count == 1)
    }

    @Test("a publication made just before the power failed becomes visible at the next start")
    func repairVisibility() async throws {
        let fixture = try ServiceFixture()
        try await prepared(fixture)
        let driver = fixture.makeDriver()
        try await driver.recover()
        var run = try await start(driver)
        let batch = try PredictionBatch(oneRowOf: "a/s", end: ServiceFixture.at(60))
        try await fixture.windows.addPredictions(
            batch,
            run: run.id,
            attempt: 1,
            pipeline: "plant"
        )
        run.state = .published
        let publication = Publication(
            pipeline: "plant",
            interval: run.interval,
            run: run.id,
            attempt: 1,
            manifestKey: "m",
            publishedAt: fixture.clock.now
        )
        try await fixture.catalog.publish(publication, run: run, role: "schedule", epoch: 1)
        #expect(try await visibleRows(fixture, run.id) == 0)
        try await fixture.makeDriver().recover()
        #expect(try await visibleRows(fixture, run.id) == 1)
        let pointer: Pointer = try await decoded(fixture.blobs.get(Self.latest))
        #expect(pointer == Pointer(run: run.id, attempt: 1, manifest: "m"))
    }
}

extension PredictionBatch {
    /// One scored row.
    init(oneRowOf key: String, end: Timestamp) throws {
        self.init(featureNames: ["mean"])
        keys = [try SeriesKey(parsing: key)]
        modelDigests = ["ab"]
        keyIndex = [0]
        starts = [end.microseconds - 60_000_000]
        ends = [end.microseconds]
        features = [20]
        statuses = [.scored]
        scores = [1]
        anomalies = [0]
        thresholds = [0]
        coverages = [.nan]
    }
}

/// Blob storage in memory that cannot take objects of one name until it is allowed to.
private final class RefusingBlobs: Blobs {
    private let inner = MemoryBlobs()
    private let suffix: String
    private let isRefusing = Atomic(true)

    init(suffix: String) {
        self.suffix = suffix
    }

    func allow() { isRefusing.store(false, ordering: .relaxed) }

    func put(_ key: String, _ bytes: [UInt8]) async throws {
        if key.hasSuffix(suffix), isRefusing.load(ordering: .relaxed) {
            throw FleetError(.unavailable, "cannot store \(key): the network is down")
        }
        try await inner.put(key, bytes)
    }

    func put(_ key: String, contentsOfFile path: String) async throws {
        try await inner.put(key, contentsOfFile: path)
    }
    func get(_ key: String) async throws -> [UInt8] { try await inner.get(key) }
    func map(_ key: String, range: Range<Int>?) async throws -> MappedBytes {
        try await inner.map(key, range: range)
    }
    func exists(_ key: String) async throws -> Bool { try await inner.exists(key) }
    func list(prefix: String) async throws -> [BlobInfo] { try await inner.list(prefix: prefix) }
    func delete(_ key: String) async throws { try await inner.delete(key) }
    func location(of key: String) -> String { inner.location(of: key) }
}
