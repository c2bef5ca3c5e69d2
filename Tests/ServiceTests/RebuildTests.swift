import Blobs
import Core
import EventLog
import Service
import Store
import TestKit
import Testing

@Suite("Replaying raw events")
struct RebuildTests {
    private func rebuilder(
        _ fixture: ServiceFixture,
        log: (any EventLog)? = nil
    ) -> WindowRebuilder {
        WindowRebuilder(
            log: log ?? fixture.log,
            blobs: fixture.blobs,
            store: fixture.windows,
            settings: fixture.settings
        )
    }

    /// A server's hour: out of order, with a late reading, a quiet time and an end.
    private func lived() async throws -> ServiceFixture {
        let fixture = try ServiceFixture(lateness: .seconds(5))
        let aggregator = fixture.makeAggregator()
        try await aggregator.recover()
        for minute in 0..<30 {
            fixture.clock.set(to: ServiceFixture.at(minute * 60 + 61))
            var events: [(key: String, at: Int, value: Double)] = []
            for device in 0..<12 {
                let start = minute * 60
                events.append(("d\(device)/s", start + device * 4, Double(device + minute)))
                events.append(("d\(device)/t", start + 59 - device, Double(minute) / 3))
            }
            try await fixture.send(events)
            if minute % 7 == 3 { try await fixture.send([("d1/s", minute * 60 - 500, -1)]) }
            try await fixture.settle(aggregator)
        }
        fixture.clock.advance(by: .seconds(120))
        try await fixture.settle(aggregator)
        try await fixture.ingest.complete()
        try await fixture.settle(aggregator)
        return fixture
    }

    private static let day = ServiceFixture.start...(ServiceFixture.start + .seconds(86_400))

    @Test("windows that are as the log has them stay; what was altered comes back")
    func log() async throws {
        let fixture = try await lived()
        let interval = try TimeInterval(start: Self.day.lowerBound, end: Self.day.upperBound)
        let stored = try await fixture.storedWindows()
        #expect(stored.count > 400)
        let first = try await rebuilder(fixture).rebuild(
            definition: "1m",
            interval: interval,
            source: .log,
            at: fixture.clock.now
        )
        #expect(first == RebuildOutcome(unchanged: stored.count))

        // One window altered, one gone.
        var windows = try await fixture.windows.windows(
            definition: "1m",
            interval: interval,
            throughSequence: .max,
            after: nil,
            limit: .max
        )
        windows.sums[7] += 1
        windows = windows.slice(0..<(windows.count - 1))
        _ = try await fixture.windows.replaceWindows(
            definition: "1m",
            interval: interval,
            windows: windows,
            at: fixture.clock.now
        )
        let second = try await rebuilder(fixture).rebuild(
            definition: "1m",
            interval: interval,
            source: .log,
            at: fixture.clock.now
        )
        #expect(second == RebuildOutcome(unchanged: stored.count - 2, changed: 1, added: 1))
        #expect(try await fixture.storedWindows() == stored)
    }

    @Test("the capture gives what the log gave, control records included")
    func capture() async throws {
        let fixture = try await lived()
        let interval = try TimeInterval(start: Self.day.lowerBound, end: Self.day.upperBound)
        let ends = await fixture.log.endOffsets()
        let frames = try await EventLogContract.drain(fixture.log, eventCountMax: 100_000)
        var names = SeriesTexts()
        for part in CapturePart.parts(of: frames) {
            try await fixture.blobs.put(part.key, part.encode(&names))
        }
        // The log has lost its past: what it still holds begins where the capture ends.
        let rest = MemoryLog(
            partitionCount: 4,
            wallClock: fixture.clock,
            clock: EventLogContract.clock
        )
        let outcome = try await rebuilder(fixture, log: TailOnly(rest, from: ends)).rebuild(
            definition: "1m",
            interval: interval,
            source: .capture,
            at: fixture.clock.now
        )
        let count = try await fixture.storedWindows().count
        #expect(outcome == RebuildOutcome(unchanged: count))
    }

    @Test("frames come back from a capture object as they were, cut at control records")
    func frames() throws {
        var first = EventBatch()
        first.append(try SeriesKey(parsing: "a/s"), Timestamp(seconds: 5), 1)
        first.append(try SeriesKey(parsing: "b/s"), Timestamp(seconds: 6), 2)
        var second = EventBatch()
        second.append(try SeriesKey(parsing: "b/s"), Timestamp(seconds: 7), 3)
        let records: [LogRecord] = [
            .idle(until: Timestamp(seconds: 1)), .events(first), .complete,
            .idle(until: Timestamp(seconds: 9)), .events(second),
        ]
        var offset: Int64 = 40
        let frames = records.map { record in
            let frame = LogFrame(
                partition: 3,
                baseOffset: offset,
                appendedAt: ServiceFixture.start,
                record: record
            )
            offset = frame.endOffset
            return frame
        }
        let parts = CapturePart.parts(of: frames)
        try #require(parts.count == 1)
        var names = SeriesTexts()
        let bytes = try parts[0].encode(&names)
        let back = try bytes.withUnsafeBytes {
            try CapturePart.frames(
                $0,
                key: parts[0].key,
                partition: 3,
                appendedAt: ServiceFixture.start
            )
        }
        #expect(back.map(\.baseOffset) == frames.map(\.baseOffset))
        #expect(back.map(\.endOffset) == frames.map(\.endOffset))
        #expect(back.map { Self.text($0.record) } == records.map(Self.text))
        for count in 0..<bytes.count where count % 7 == 0 {
            #expect(throws: FleetError.self) {
                try bytes[..<count].withUnsafeBytes {
                    try CapturePart.frames(
                        $0,
                        key: "k",
                        partition: 3,
                        appendedAt: ServiceFixture.start
                    )
                }
            }
        }
    }

    private static func text(_ record: LogRecord) -> String {
        switch record {
        case .numbered(let events): text(.events(events.named()))
        case .events(let batch):
            (0..<batch.count).map {
                "\(batch.series.keys[Int(batch.seriesIndex[$0])]) \(batch.times[$0]) "
                    + "\(batch.values[$0])"
            }.joined(separator: ",")
        case .idle(let until): "idle \(until)"
        case .complete: "complete"
        }
    }
}

/// A log whose retained part begins, and ends, at some offsets.
private struct TailOnly: EventLog {
    private let log: MemoryLog
    private let offsets: [Int64]

    init(_ log: MemoryLog, from offsets: [Int64]) {
        self.log = log
        self.offsets = offsets
    }

    var partitionCount: Int { log.partitionCount }
    func startOffsets() async -> [Int64] { offsets }
    func endOffsets() async -> [Int64] { offsets }
    func read(from offsets: [Int64], eventCountMax: Int) async throws -> [LogFrame] { [] }
    func append(_ events: EventBatch, idempotencyKey: String?) async throws -> AppendReceipt {
        try await log.append(events, idempotencyKey: idempotencyKey)
    }
    func append(control: LogRecord, partition: Int) async throws {
        try await log.append(control: control, partition: partition)
    }
    func waitForAppend(beyond offsets: [Int64], timeout: Duration) async {}
    func release(before offsets: [Int64]) async {}
    func close() async { await log.close() }
}
