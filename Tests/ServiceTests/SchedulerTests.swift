import Core
import Disk
import Service
import Store
import TestKit
import Testing

@Suite("Schedules")
struct SchedulerTests {
    private func runs(_ fixture: ServiceFixture) async throws -> [RunRecord] {
        try await fixture.catalog.runs(pipeline: nil, limit: 10_000).reversed()
    }

    /// Ends a run as if a driver had published it after reading all windows there are now.
    private func end(
        _ run: RunRecord,
        as state: RunState = .published,
        read sequence: Int64? = nil,
        in fixture: ServiceFixture
    ) async throws {
        var run = run
        run.state = state
        if let sequence {
            run.windowSequence = sequence
        } else {
            run.windowSequence = try await fixture.windows.windowSequence()
        }
        try await fixture.catalog.update(run)
    }

    @Test("publishing a pipeline fires nothing, nor does looking again and again")
    func creationFiresNothing() async throws {
        let fixture = try ServiceFixture()
        fixture.clock.set(to: ServiceFixture.at(123))
        let scheduler = fixture.makeScheduler()
        try await fixture.publishPipeline()
        for _ in 0..<5 { try await scheduler.look() }
        fixture.clock.set(to: ServiceFixture.at(299))
        try await scheduler.look()
        #expect(try await runs(fixture).isEmpty)
        fixture.clock.set(to: ServiceFixture.at(300))
        try await scheduler.look()
        #expect(try await runs(fixture).map(\.interval) == [ServiceFixture.interval(0, 300)])
        let run = try #require(await runs(fixture).first)
        #expect(run.trigger == .schedule && run.attempt == 1 && run.state == .waiting)
    }

    @Test("a pipeline without a schedule never fires")
    func noSchedule() async throws {
        let fixture = try ServiceFixture()
        try await fixture.publishPipeline(schedule: nil)
        let scheduler = fixture.makeScheduler()
        fixture.clock.advance(by: .seconds(100_000))
        try await scheduler.look()
        #expect(try await runs(fixture).isEmpty)
    }

    @Test(
        "over hours of random looks every interval fires once, without gaps",
        arguments: 1...10,
        ["{every: 5m}", "{cron: \"*/10 * * * *\"}"]
    )
    func everyIntervalOnce(_ seed: UInt64, _ schedule: String) async throws {
        var random = SeededGenerator(seed: seed)
        let fixture = try ServiceFixture()
        fixture.clock.advance(by: .seconds(Int.random(in: 0..<900, using: &random)))
        try await fixture.publishPipeline(schedule: schedule)
        let published = fixture.clock.now
        var scheduler = fixture.makeScheduler()
        let end = ServiceFixture.at(6 * 3600)
        while fixture.clock.now < end {
            try await scheduler.look()
            let step = Int.random(in: 0..<10, using: &random) == 0 ? 5000 : 400
            fixture.clock.advance(by: .seconds(Int.random(in: 1...step, using: &random)))
            // A restart in between must neither repeat nor skip.
            if Int.random(in: 0..<5, using: &random) == 0 { scheduler = fixture.makeScheduler() }
        }
        try await scheduler.look()
        let runs = try await runs(fixture)
        let step = schedule.contains("5m") ? 300 : 600
        let first = try #require(runs.first)
        #expect(first.interval.start <= published, "seed \(seed)")
        #expect(published - first.interval.start < .seconds(step), "seed \(seed)")
        for (run, next) in zip(runs, runs.dropFirst()) {
            #expect(run.interval.end == next.interval.start, "seed \(seed)")
        }
        #expect(runs.allSatisfy { $0.interval.duration == .seconds(step) }, "seed \(seed)")
        #expect(runs.allSatisfy { $0.attempt == 1 }, "seed \(seed)")
        let last = try #require(runs.last).interval.end
        #expect(last <= fixture.clock.now, "seed \(seed)")
        #expect(fixture.clock.now - last < .seconds(step), "seed \(seed)")
    }

    @Test("intervals of a paused pipeline are recorded as skipped, and never run later")
    func paused() async throws {
        let fixture = try ServiceFixture()
        try await fixture.publishPipeline()
        let scheduler = fixture.makeScheduler()
        fixture.clock.set(to: ServiceFixture.at(300))
        try await scheduler.look()
        try await fixture.pipelines.pause("plant")
        for second in [450, 700, 1250] {
            fixture.clock.set(to: ServiceFixture.at(second))
            try await scheduler.look()
        }
        let skipped = try await fixture.catalog.skippedTriggers(pipeline: "plant", limit: 10)
        #expect(
            try skipped.reversed().map(\.interval) == [
                ServiceFixture.interval(300, 600), ServiceFixture.interval(600, 900),
                ServiceFixture.interval(900, 1200),
            ]
        )
        #expect(skipped.allSatisfy { $0.reason == "the pipeline was paused" })
        try await fixture.pipelines.resume("plant")
        try await scheduler.look()
        #expect(try await runs(fixture).count == 1)
        fixture.clock.set(to: ServiceFixture.at(1500))
        try await scheduler.look()
        #expect(
            try await runs(fixture).map(\.interval) == [
                ServiceFixture.interval(0, 300), ServiceFixture.interval(1200, 1500),
            ]
        )
    }

    @Test("more intervals than one look answers are recorded as skipped, not lost silently")
    func tooManyDue() async throws {
        let fixture = try ServiceFixture()
        try await fixture.publishPipeline(schedule: "{every: 1s}")
        let scheduler = fixture.makeScheduler()
        fixture.clock.set(to: ServiceFixture.at(1500))
        try await scheduler.look()
        let runs = try await runs(fixture)
        let skipped = try await fixture.catalog.skippedTriggers(pipeline: "plant", limit: 10)
        #expect(runs.count == 1000)
        #expect(try skipped.map(\.interval) == [ServiceFixture.interval(0, 500)])
        #expect(runs.first?.interval.start == ServiceFixture.at(500))
    }

    @Test("a window that closes after its run read them makes exactly one new attempt")
    func lateWindow() async throws {
        let fixture = try ServiceFixture()
        try await fixture.publishPipeline()
        let scheduler = fixture.makeScheduler()
        try await fixture.close([("d/s", 60, 20)])
        fixture.clock.set(to: ServiceFixture.at(300))
        try await scheduler.look()
        try await end(runs(fixture)[0], in: fixture)
        try await scheduler.look()
        #expect(try await runs(fixture).count == 1)
        // The interval covers its end, and not its start.
        try await fixture.close([("d/s", 0, 20), ("e/s", 360, 20)])
        try await scheduler.look()
        #expect(try await runs(fixture).count == 1)
        try await fixture.close([("d/s", 300, 20)])
        for _ in 0..<4 { try await scheduler.look() }
        var all = try await runs(fixture)
        #expect(all.count == 2)
        let attempt = try #require(all.last)
        #expect(attempt.trigger == .lateWindows && attempt.attempt == 2)
        #expect(attempt.interval == all[0].interval)
        try await end(attempt, in: fixture)
        for _ in 0..<4 { try await scheduler.look() }
        #expect(try await runs(fixture).count == 2)
        // A new scheduler compares again and finds all of it read.
        try await fixture.makeScheduler().look()
        all = try await runs(fixture)
        #expect(all.count == 2)
    }

    @Test("a window that closes while its run is on the way is decided when that has ended")
    func lateWindowDuringRun() async throws {
        let fixture = try ServiceFixture()
        try await fixture.publishPipeline()
        let scheduler = fixture.makeScheduler()
        try await fixture.close([("d/s", 60, 20)])
        fixture.clock.set(to: ServiceFixture.at(300))
        try await scheduler.look()
        let read = try await fixture.windows.windowSequence()
        try await fixture.close([("d/s", 120, 20)])
        for _ in 0..<3 { try await scheduler.look() }
        #expect(try await runs(fixture).count == 1)
        try await end(runs(fixture)[0], read: read, in: fixture)
        for _ in 0..<3 { try await scheduler.look() }
        #expect(try await runs(fixture).map(\.attempt) == [1, 2])
    }

    @Test("a cancelled interval is not taken up again by late windows")
    func cancelledInterval() async throws {
        let fixture = try ServiceFixture()
        try await fixture.publishPipeline()
        let scheduler = fixture.makeScheduler()
        fixture.clock.set(to: ServiceFixture.at(300))
        try await scheduler.look()
        try await end(runs(fixture)[0], as: .cancelled, in: fixture)
        try await fixture.close([("d/s", 120, 20)])
        for _ in 0..<3 { try await scheduler.look() }
        #expect(try await runs(fixture).count == 1)
    }
}
