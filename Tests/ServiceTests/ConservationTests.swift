import Core
import Disk
import Service
import Store
import TestKit
import Testing

@Suite("Conservation over a day")
struct ConservationTests {
    private struct Slot: Hashable {
        let key: SeriesKey
        let end: Int64
    }

    private static let keys = (0..<6).map {
        SeriesKey(uncheckedDevice: "d\($0)", sensor: "s")
    }

    @Test("every closed window is scored exactly once in what is published", arguments: 1...3)
    func day(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let fixture = try ServiceFixture(window: .seconds(600), lateness: .seconds(60))
        try await fixture.publishFleet(Self.keys.map { try TestModels.entry($0.description) })
        try await fixture.publishPipeline(
            schedule: "{every: 1h, wait_for: {watermark: true, at_most: 20m}}",
            more: "limits: {run_timeout: 24h}"
        )
        let aggregator = fixture.makeAggregator()
        try await aggregator.recover()
        let scheduler = fixture.makeScheduler()
        let driver = fixture.makeDriver()
        let running = Task { try await driver.run() }
        defer { running.cancel() }
        var sent = Self.keys.map { _ in 0 }
        while fixture.clock.now < ServiceFixture.at(86_400) {
            fixture.clock.advance(by: .seconds(Int.random(in: 60...1500, using: &random)))
            let now = Int((fixture.clock.now - ServiceFixture.start).inSeconds)
            try await send(fixture, &sent, now: min(now, 86_400), using: &random)
            try await fixture.settle(aggregator)
            try await scheduler.look()
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...4, using: &random)))
        }
        // However slow the machine is: what devices still owe comes after runs that did not wait
        // for it any longer.
        fixture.clock.advance(by: .seconds(1300))
        try await fixture.wait(until: "the runs so far are done (seed \(seed))") {
            try await fixture.catalog.unfinishedRuns().isEmpty
        }
        try await send(fixture, &sent, now: 86_400, isLast: true, using: &random)
        try await fixture.ingest.complete()
        try await fixture.settle(aggregator)
        fixture.clock.advance(by: .seconds(7200))
        try await fixture.settle(aggregator)
        try await scheduler.look()
        try await fixture.wait(until: "nothing is left to do (seed \(seed))") {
            guard try await fixture.catalog.unfinishedRuns().isEmpty else { return false }
            try await scheduler.look()
            return try await fixture.catalog.unfinishedRuns().isEmpty
        }
        try await check(fixture, seed: seed)
    }

    /// Sends what devices have measured since; some are silent for hours and send all at once.
    private func send(
        _ fixture: ServiceFixture,
        _ sent: inout [Int],
        now: Int,
        isLast: Bool = false,
        using random: inout SeededGenerator
    ) async throws {
        var events: [(key: String, at: Int, value: Double)] = []
        for (device, key) in Self.keys.enumerated() {
            let isSilent = Int.random(in: 0..<(device + 2), using: &random) > 0
            if isSilent, !isLast { continue }
            while sent[device] < now {
                let value = Double.random(in: 17...23, using: &random)
                events.append((key.description, sent[device], value))
                sent[device] += Int.random(in: 100...400, using: &random)
            }
        }
        if !events.isEmpty { try await fixture.send(events.sorted { $0.at < $1.at }) }
    }

    private func check(_ fixture: ServiceFixture, seed: UInt64) async throws {
        let closed = try await fixture.storedWindows().map { Slot(key: $0.key, end: $0.end) }
        var scored: [Slot: Int] = [:]
        let publications = try await fixture.catalog.publications(pipeline: "plant", limit: 1000)
        for publication in publications {
            let batch = try await fixture.windows.predictions(
                run: publication.run,
                key: nil,
                anomaliesOnly: false,
                offset: 0,
                limit: .max
            )
            for row in 0..<batch.count {
                let key = batch.keys[Int(batch.keyIndex[row])]
                scored[Slot(key: key, end: batch.ends[row]), default: 0] += 1
                #expect(batch.statuses[row] == .scored, "seed \(seed)")
                #expect(publication.interval.covers(end: batch.ends[row]), "seed \(seed)")
            }
        }
        #expect(closed.count > 400, "seed \(seed)")
        #expect(Set(scored.keys) == Set(closed), "seed \(seed)")
        #expect(scored.values.allSatisfy { $0 == 1 }, "seed \(seed)")
        let runs = try await fixture.catalog.runs(pipeline: "plant", limit: 1000)
        let intervals = Set(runs.map(\.interval)).sorted { $0.start < $1.start }
        #expect(
            zip(intervals, intervals.dropFirst()).allSatisfy { $0.end == $1.start },
            "seed \(seed)"
        )
        // The test is about late windows too: without any it would prove little.
        #expect(runs.contains { $0.trigger == .lateWindows }, "seed \(seed)")
        #expect(runs.allSatisfy { $0.state.isFinal }, "seed \(seed)")
    }
}
