import Core
import EventLog
import Service
import Store
import TestKit
import Testing
import Wire

/// What is looked at before an event goes into the log.
@Suite("At the door")
struct DoorTests {
    private func ingest(
        _ fixture: ServiceFixture,
        _ change: (inout ServiceSettings) -> Void
    ) async throws -> Ingest {
        var settings = fixture.settings
        change(&settings)
        let rules = RuleBook()
        try await rules.reload(from: fixture.windows)
        let gate = SeriesGate(
            countMax: settings.limits.seriesCountMax,
            partitionCount: fixture.log.partitionCount
        )
        try await gate.load(from: fixture.windows)
        return Ingest(
            log: fixture.log,
            store: fixture.windows,
            settings: settings,
            rules: rules,
            gate: gate,
            progress: fixture.board,
            clock: fixture.clock,
            timer: fixture.timer,
            logger: fixture.logger
        )
    }

    private func send(
        _ rows: [String],
        key: String? = nil,
        to ingest: Ingest
    ) async throws -> Ingest.Outcome {
        try await ingest.accept(
            Array((["time,device,sensor,value"] + rows).joined(separator: "\n").utf8),
            format: .csv,
            options: DecodeOptions(),
            idempotencyKey: key,
            source: "test"
        )
    }

    private static let time = ServiceFixture.start.description

    @Test(
        "values outside the registry's limits are flagged or rejected, a sensor's over a device's"
    )
    func limits() async throws {
        for rejects in [false, true] {
            let fixture = try ServiceFixture()
            let now = fixture.clock.now
            try await fixture.windows.setRegistry([
                RegistryEntry(
                    key: try SeriesKey(device: "d"),
                    min: 0,
                    max: 10,
                    updatedAt: now
                ),
                RegistryEntry(key: try SeriesKey(parsing: "d/wide"), max: 100, updatedAt: now),
            ])
            let ingest = try await ingest(fixture) { $0.rejectsOutOfRange = rejects }
            let outcome = try await send(
                [
                    "\(Self.time),d,s,5", "\(Self.time),d,s,11", "\(Self.time),d,wide,50",
                    "\(Self.time),d,wide,-1", "\(Self.time),other,s,1e9",
                ],
                to: ingest
            )
            #expect(outcome.accepted == (rejects ? 3 : 5))
            #expect(outcome.rejectedCount == (rejects ? 2 : 0))
            #expect(outcome.rejectedByReason == (rejects ? ["out_of_range": 2] : [:]))
            #expect(outcome.rejected.map(\.index) == (rejects ? [1, 3] : []))
            let letters = try await fixture.windows.letters(.outOfRange)
            #expect(letters.compactMap(\.value).sorted() == [-1, 11])
            #expect(
                try await fixture.windows.eventCounts() == [
                    EventCount(reason: .outOfRange, count: 2)
                ]
            )
        }
    }

    @Test("series appear up to the limit; those that are known go on, also after a restart")
    func series() async throws {
        let fixture = try ServiceFixture()
        let ingest = try await ingest(fixture) { $0.limits.seriesCountMax = 50 }
        let rows = (0..<80).map { "\(Self.time),d\($0),s,1" }
        let first = try await send(rows, to: ingest)
        #expect(first.accepted == 50 && first.rejectedByReason == ["over_limit": 30])
        let again = try await send(rows, to: ingest)
        #expect(again.accepted == 50 && again.rejectedCount == 30)
        #expect(try await fixture.windows.eventCounts().map(\.count) == [60])
        #expect(try await fixture.windows.letters(.overLimit).count == 60)

        let aggregator = fixture.makeAggregator()
        try await aggregator.recover()
        try await fixture.ingest.complete()
        try await fixture.settle(aggregator)
        let restarted = try await self.ingest(fixture) { $0.limits.seriesCountMax = 50 }
        let third = try await send(rows, to: restarted)
        #expect(third.accepted == 50 && third.rejectedCount == 30)
    }

    @Test("another body under a known key brings no series; what is wrong with it is told")
    func knownKey() async throws {
        let fixture = try ServiceFixture()
        let ingest = try await ingest(fixture) { $0.limits.seriesCountMax = 2 }
        func rows(_ devices: Int...) -> [String] { devices.map { "\(Self.time),d\($0),s,1" } }
        #expect(try await send(rows(0), key: "key", to: ingest).accepted == 1)
        let other = try await send(rows(1, 2, 3) + ["never,d0,s,1"], key: "key", to: ingest)
        #expect(other.isDuplicate && other.accepted == 1)
        #expect(other.rejectedByReason == ["bad_time": 1])
        let next = try await send(rows(4), key: "next", to: ingest)
        #expect(!next.isDuplicate && next.accepted == 1, "there is room for one more")
        let full = try await send(rows(0, 4, 5), key: "key", to: ingest)
        #expect(full.isDuplicate && full.rejectedByReason == ["over_limit": 1])
    }

    @Test("the answer lists what the limits reject by its place in the body, among the rest")
    func listed() async throws {
        let fixture = try ServiceFixture()
        let ingest = try await ingest(fixture) {
            $0.limits.seriesCountMax = 2
            $0.limits.rejectedListCountMax = 5
        }
        let (good, bad) = ("\(Self.time),d0,s,1", "never,d0,s,1")
        func over(_ number: Int) -> String { "\(Self.time),new\(number),s,1" }
        let known = ["\(Self.time),d1,s,1", good]
        let outcome = try await send(known + [bad, over(2), bad, bad, good, over(3)], to: ingest)
        #expect(outcome.accepted == 3 && outcome.rejectedCount == 5)
        #expect(outcome.rejected.map(\.index) == [2, 3, 4, 5, 7])
        #expect(
            outcome.rejected.map(\.reason)
                == [.badTime, .overLimit, .badTime, .badTime, .overLimit]
        )
        #expect(outcome.rejected.map(\.line) == [4, nil, 6, 7, nil])
        let message = try #require(outcome.rejected.last?.message)
        #expect(message.hasPrefix("new3/s: there are 2 series already"), "\(message)")
        // The list is cut in the order of the body, whatever the reasons are.
        let many = try await send(
            [over(4), bad, over(5), bad, bad, bad, bad, bad, bad, over(6)],
            to: ingest
        )
        #expect(many.rejectedCount == 10)
        #expect(many.rejected.map(\.index) == [0, 1, 2, 3, 4])
        #expect(try await send(known, to: ingest).rejected.isEmpty)
    }

    @Test("too many events without windows refuse more, as something to try again")
    func lag() async throws {
        let fixture = try ServiceFixture()
        let aggregator = fixture.makeAggregator()
        try await aggregator.recover()
        try await fixture.settle(aggregator)
        let ingest = try await ingest(fixture) { $0.limits.lagEventCountMax = 10 }
        _ = try await send((0..<20).map { "\(Self.time),d\($0),s,1" }, to: ingest)
        await #expect {
            try await send(["\(Self.time),d,s,1"], to: ingest)
        } throws: { error in
            (error as? FleetError).map { $0.code == .resourceExhausted && $0.isRetriable } ?? false
        }
        try await fixture.settle(aggregator)
        #expect(try await send(["\(Self.time),d,s,1"], to: ingest).accepted == 1)
    }

    @Test(
        "the more events wait for their windows, the longer a batch does, up to a quarter second",
        arguments: [
            (0, 0), (2_000_000, 0), (2_100_000, 10), (3_000_000, 100), (4_500_001, 250),
            (Int64.max, 250),
        ]
    )
    func delay(lag: Int64, milliseconds: Int) {
        #expect(Ingest.delay(lag: lag) == .milliseconds(milliseconds))
    }
}
