import Core
import EventLog
import Service
import Store
import TestKit
import Testing
import Wire

@Suite("Taking events")
struct IngestTests {
    private func accept(
        _ fixture: ServiceFixture,
        _ text: String,
        _ format: EventFormat = .ndjson,
        key: String? = nil
    ) async throws -> Ingest.Outcome {
        try await fixture.ingest.accept(
            Array(text.utf8),
            format: format,
            options: DecodeOptions(),
            idempotencyKey: key,
            source: "test"
        )
    }

    private static let mixed = """
        {"device":"d","sensor":"s","time":"2026-03-01T00:00:00Z","value":1}
        {"device":"d","sensor":"s","time":"yesterday","value":1}
        {"device":"d","sensor":"s","time":"2026-03-01T00:00:01Z"}
        {"device":"d","sensor":"s","time":"2026-03-01T00:00:02Z","value":2}
        """

    @Test("bad events are rejected and kept, their neighbours are in the log")
    func mixed() async throws {
        let fixture = try ServiceFixture()
        let outcome = try await accept(fixture, Self.mixed)
        #expect(outcome.accepted == 2 && outcome.rejectedCount == 2 && !outcome.isDuplicate)
        #expect(outcome.rejected.map(\.index) == [1, 2])
        #expect(outcome.rejected.map(\.reason) == [.badTime, .missingValue])
        #expect(await fixture.log.endOffsets().reduce(0, +) == 2)
        let kept = try await fixture.windows.letters()
        #expect(kept.count == 2)
        #expect(kept.allSatisfy { $0.source == "test" && $0.receivedAt == fixture.clock.now })
        #expect(Set(kept.compactMap(\.message)) == Set(outcome.rejected.map(\.message)))
    }

    @Test("a time years ahead of the clock is rejected, since it would make the rest late")
    func farAhead() async throws {
        let fixture = try ServiceFixture()
        let soon = fixture.clock.now + .seconds(3600)
        let outcome = try await accept(
            fixture,
            """
            {"device":"d","sensor":"s","time":"2199-01-01T00:00:00Z","value":1}
            {"device":"d","sensor":"s","time":"\(soon)","value":2}
            """
        )
        #expect(outcome.accepted == 1 && outcome.rejected.map(\.reason) == [.early])
    }

    @Test("a body sent again with its key adds nothing and answers the first count")
    func duplicate() async throws {
        let fixture = try ServiceFixture()
        let first = try await accept(fixture, Self.mixed, key: "k1")
        let again = try await accept(fixture, Self.mixed, key: "k1")
        #expect(again.isDuplicate && again.accepted == first.accepted)
        #expect(await fixture.log.endOffsets().reduce(0, +) == 2)
        #expect(try await fixture.windows.letters().count == 2)
        let other = try await accept(fixture, Self.mixed, key: "k2")
        #expect(!other.isDuplicate)
        #expect(await fixture.log.endOffsets().reduce(0, +) == 4)
    }

    @Test("a body without any good event is answered, and appends nothing")
    func allRejected() async throws {
        let fixture = try ServiceFixture()
        let outcome = try await accept(fixture, "{\"device\":\"d\"}\n{}")
        #expect(outcome.accepted == 0 && outcome.rejectedCount == 2)
        #expect(await fixture.log.endOffsets() == [0, 0, 0, 0])
    }

    @Test("a body without any good event counts once, however often it is sent with its key")
    func allRejectedAgain() async throws {
        let fixture = try ServiceFixture()
        let body = "{\"device\":\"d\"}\n{}"
        #expect(try await !accept(fixture, body, key: "k").isDuplicate)
        let again = try await accept(fixture, body, key: "k")
        #expect(again.isDuplicate && again.accepted == 0 && again.rejectedCount == 2)
        #expect(try await fixture.windows.eventCounts().reduce(0) { $0 + $1.count } == 2)
        #expect(await fixture.log.endOffsets() == [0, 0, 0, 0])
    }

    @Test("what a killed server had not kept is kept when the batch is sent again, once")
    func keptLater() async throws {
        let fixture = try ServiceFixture()
        // The events are in the log, the rejected ones nowhere.
        var events = EventBatch()
        events.append(try SeriesKey(parsing: "d/s"), fixture.clock.now, 1)
        events.append(try SeriesKey(parsing: "d/s"), fixture.clock.now + .seconds(2), 2)
        _ = try await fixture.log.append(events, idempotencyKey: "k")
        for _ in 0..<3 {
            let outcome = try await accept(fixture, Self.mixed, key: "k")
            #expect(outcome.isDuplicate && outcome.accepted == 2)
        }
        #expect(try await fixture.windows.letters().count == 2)
        #expect(try await fixture.windows.eventCounts().map(\.count) == [1, 1])
        #expect(await fixture.log.endOffsets().reduce(0, +) == 2)
    }

    @Test("the list of rejected events is capped, their count is not")
    func cap() async throws {
        let fixture = try ServiceFixture()
        let body = String(repeating: "{}\n", count: 250)
        let outcome = try await accept(fixture, body)
        #expect(outcome.rejectedCount == 250)
        #expect(outcome.rejected.count == fixture.settings.limits.rejectedListCountMax)
    }

    @Test("a body that is none is refused as a whole")
    func refused() async throws {
        let fixture = try ServiceFixture()
        for (text, format) in [("", EventFormat.json), ("[1,", .json), ("a,b\n1,2\n", .csv)] {
            let error = await #expect(throws: FleetError.self) {
                try await accept(fixture, text, format)
            }
            #expect(error?.code == .invalidArgument, "\(text)")
        }
        #expect(await fixture.log.endOffsets() == [0, 0, 0, 0])
    }

    @Test("after the log has closed nothing is acknowledged")
    func closed() async throws {
        let fixture = try ServiceFixture()
        await fixture.log.close()
        let error = await #expect(throws: FleetError.self) {
            try await accept(fixture, Self.mixed)
        }
        #expect(error?.code == .unavailable)
    }

    @Test("complete reaches the partitions that have events, and only those")
    func complete() async throws {
        let fixture = try ServiceFixture()
        try await fixture.send([("d1/s", 0, 1)])
        try await fixture.ingest.complete()
        #expect(await fixture.log.endOffsets().sorted() == [0, 0, 0, 2])
    }
}
