import Blobs
import Core
import FoundationEssentials
import Scoring
import Service
import Store
import TestKit
import Testing

@Suite("Scoring anew what changed")
struct RescoreTests {
    private static let devices = 30

    /// A fleet with a model a device, and two windows of each in the first hour.
    private func prepared(_ features: String = "[mean]", keys: (Int) -> String) async throws
        -> ServiceFixture
    {
        let fixture = try ServiceFixture()
        try await fixture.publishFleet(
            (100..<(100 + Self.devices)).map { try TestModels.entry(keys($0)) }
        )
        try await fixture.publishPipeline(features: features)
        try await fixture.close(
            (100..<(100 + Self.devices)).flatMap { device in
                [("d\(device)/s", 60, 18 + Double(device % 7)), ("d\(device)/s", 120, 19.5)]
            }
        )
        return fixture
    }

    /// The published rows, without run and attempt.
    private func rows(_ run: RunRecord, _ fixture: ServiceFixture) async throws -> [String] {
        let batch = try await fixture.windows.predictions(
            run: run.id,
            key: nil,
            anomaliesOnly: false,
            offset: 0,
            limit: 10_000
        )
        return (0..<batch.count).map { row in
            "\(batch.keys[Int(batch.keyIndex[row])]) \(batch.ends[row]) \(batch.statuses[row]) "
                + "\(batch.scores[row].bitPattern) \(batch.features)"
                + "\(batch.modelDigests[Int(batch.keyIndex[row])] ?? "none")"
        }
    }

    private func plan(_ run: RunRecord, _ fixture: ServiceFixture) async throws -> RunPlan {
        let bytes = try await fixture.blobs.get(RunPlan.key(run: run.id))
        return try JSONDecoder().decode(RunPlan.self, from: Data(bytes))
    }

    @Test(
        "late windows of a few series score those alone, and publish what a full run publishes",
        arguments: [("[mean]", "s"), ("[s.mean]", "")]
    )
    func few(_ features: String, _ sensor: String) async throws {
        let fixture = try await prepared(features) { sensor.isEmpty ? "d\($0)" : "d\($0)/s" }
        let driver = fixture.makeDriver()
        let interval = try ServiceFixture.interval(0, 3600)
        let first = try await driver.start(pipeline: "plant", interval: interval)
        try await fixture.driveAll(driver)
        // One series of the fleet, and one that no model knows.
        try await fixture.close([("d111/s", 180, 40), ("d999/s", 180, 1)])
        try await fixture.makeScheduler().look()
        try await fixture.driveAll(fixture.makeDriver())
        let late = try #require(
            try await fixture.catalog.latestRun(pipeline: "plant", interval: interval)
        )
        #expect(late.trigger == .lateWindows && late.attempt == 2 && late.state == .published)
        let plan = try await plan(late, fixture)
        #expect(plan.tasks.allSatisfy { $0.previous != nil })
        #expect(plan.tasks.reduce(0) { $0 + $1.keyCount } == 2)

        let full = try await fixture.makeDriver().start(pipeline: "plant", interval: interval)
        let published = try await rows(late, fixture)
        try await fixture.driveAll(fixture.makeDriver())
        let again = try await fixture.catalog.run(full.id)
        #expect(try await rows(again, fixture) == published)
        #expect(published.count == Self.devices * 2 + 2)
        #expect(again.items == late.items && again.rowCount == late.rowCount)
        #expect(again.anomalyCount == late.anomalyCount)
        #expect(first.id != late.id)
    }

    @Test("another version of the fleet, or changes of most series, score everything")
    func everything() async throws {
        let fixture = try await prepared { "d\($0)/s" }
        let interval = try ServiceFixture.interval(0, 3600)
        let driver = fixture.makeDriver()
        _ = try await driver.start(pipeline: "plant", interval: interval)
        try await fixture.driveAll(driver)
        try await fixture.close((100..<125).map { ("d\($0)/s", 180, 21) })
        try await fixture.makeScheduler().look()
        try await fixture.driveAll(fixture.makeDriver())
        var run = try #require(
            try await fixture.catalog.latestRun(pipeline: "plant", interval: interval)
        )
        #expect(run.attempt == 2)
        #expect(try await plan(run, fixture).tasks.allSatisfy { $0.previous == nil })
        try await fixture.publishFleet(
            (100..<(100 + Self.devices)).map { try TestModels.entry("d\($0)/s") }
        )
        try await fixture.close([("d100/s", 240, 21)])
        try await fixture.makeScheduler().look()
        try await fixture.driveAll(fixture.makeDriver())
        run = try #require(
            try await fixture.catalog.latestRun(pipeline: "plant", interval: interval)
        )
        #expect(run.attempt == 3 && run.fleetVersion == 2)
        #expect(try await plan(run, fixture).tasks.allSatisfy { $0.previous == nil })
    }
}
