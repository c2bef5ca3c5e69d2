import Core
import EventLog
import TestKit
import Testing

@Suite("The log in memory") struct MemoryLogTests {
    @Test(
        "It keeps the log's promises",
        .timeLimit(.minutes(1)),
        arguments: EventLogContract.checks
    )
    func contract(_ check: EventLogContract.Check) async throws {
        try await check.run(
            MemoryLog(wallClock: HandWallClock(), clock: EventLogContract.clock)
        )
    }

    @Test("Released frames are dropped beyond the bound")
    func release() async throws {
        let log = MemoryLog(
            partitionCount: 1,
            retainedEventCountMax: 10,
            wallClock: HandWallClock(),
            clock: EventLogContract.clock
        )
        for number in 0..<10 {
            _ = try await log.append(
                EventLogContract.batch(5, from: number * 5),
                idempotencyKey: nil
            )
        }
        await log.release(before: [20])
        #expect(await log.startOffsets() == [20])
        await log.release(before: [50])
        #expect(await log.startOffsets() == [40])
        #expect(try await values(log) == Array(40..<50))
        await #expect(throws: FleetError.self) {
            _ = try await log.read(from: [39], eventCountMax: 1)
        }
    }
}
