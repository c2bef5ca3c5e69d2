import Core
import Disk
import EventLog
import TestKit
import Testing

@Suite("Retention and capture of the segment log") struct LogMaintenanceTests {
    private func filled(
        _ disk: FaultyDisk,
        _ configuration: LogConfiguration,
        _ clock: HandWallClock
    ) async throws -> SegmentLog {
        let log = try await openLog(disk, configuration, wallClock: clock)
        for number in 0..<10 {
            let events = EventLogContract.batch(10, from: number * 10)
            _ = try await log.append(events, idempotencyKey: "\(number)")
            clock.advance(by: .seconds(60))
            try await log.roll()
        }
        return log
    }

    @Test("Old segments go by age, but only when released")
    func age() async throws {
        let disk = FaultyDisk()
        let clock = HandWallClock()
        var configuration = LogConfiguration()
        configuration.retention = .seconds(300)
        let log = try await filled(disk, configuration, clock)
        #expect(await log.sealedSegments().count == 10)
        #expect(await log.startOffsets() == [0, 0, 0, 0])
        let sealed = await log.sealedSegments()
        await log.release(before: sealed[2].endOffsets)
        #expect(await log.startOffsets() == sealed[2].endOffsets)
        await log.release(before: await log.endOffsets())
        #expect(await log.sealedSegments().count == 5)
        #expect(try await values(log).count == 50)
        let error = await #expect(throws: FleetError.self) {
            _ = try await log.read(from: [0, 0, 0, 0], eventCountMax: 1)
        }
        #expect(error?.code == .dataLoss)
        let start = await log.startOffsets()
        await log.close()
        let again = try await openLog(disk.crash(), configuration, wallClock: clock)
        #expect(await again.startOffsets() == start)
        #expect(try await values(again) == Array(50..<100))
    }

    @Test("Old segments go by size, and the active one stays")
    func size() async throws {
        let clock = HandWallClock()
        var configuration = LogConfiguration()
        configuration.retentionByteCount = 1
        let log = try await filled(FaultyDisk(), configuration, clock)
        await log.release(before: await log.endOffsets())
        #expect(await log.sealedSegments().isEmpty)
        #expect(await log.startOffsets() == log.endOffsets())
        _ = try await log.append(EventLogContract.batch(3, from: 100), idempotencyKey: nil)
        #expect(try await values(log) == [100, 101, 102])
    }

    @Test("Retention waits for capture, which is remembered across restarts")
    func capture() async throws {
        let disk = FaultyDisk()
        let clock = HandWallClock()
        var configuration = LogConfiguration()
        configuration.retentionByteCount = 1
        configuration.keepsUntilCaptured = true
        let log = try await filled(disk, configuration, clock)
        await log.release(before: await log.endOffsets())
        let sealed = await log.sealedSegments()
        #expect(sealed.count == 10)
        var events = 0
        for segment in sealed {
            for frame in try await log.frames(ofSegment: segment.sequence) {
                #expect(frame.baseOffset >= segment.startOffsets[frame.partition])
                #expect(frame.endOffset <= segment.endOffsets[frame.partition])
                #expect(frame.appendedAt >= segment.firstAppendedAt)
                events += Int(frame.endOffset - frame.baseOffset)
            }
        }
        #expect(events == 100)
        try await log.markCaptured(through: sealed[3].sequence)
        #expect(await log.sealedSegments().count == 6)
        await log.close()
        configuration.retentionByteCount = 1 << 30
        let again = try await openLog(disk.crash(), configuration, wallClock: clock)
        #expect(await again.sealedSegments().allSatisfy { !$0.isCaptured })
        try await again.markCaptured(through: sealed[5].sequence)
        #expect(await again.sealedSegments().map(\.isCaptured).filter { $0 }.count == 2)
        await #expect(throws: FleetError.self) {
            _ = try await again.frames(ofSegment: sealed[0].sequence)
        }
    }

    @Test("A segment is sealed by age at the next append, an empty one never")
    func segmentAge() async throws {
        let clock = HandWallClock()
        var configuration = LogConfiguration()
        configuration.segmentAge = .seconds(60)
        let log = try await openLog(FaultyDisk(), configuration, wallClock: clock)
        clock.advance(by: .seconds(100))
        _ = try await log.append(EventLogContract.batch(1), idempotencyKey: nil)
        #expect(await log.sealedSegments().isEmpty)
        try await log.roll()
        try await log.roll()
        #expect(await log.sealedSegments().count == 1)
        _ = try await log.append(EventLogContract.batch(1, from: 1), idempotencyKey: nil)
        clock.advance(by: .seconds(61))
        _ = try await log.append(EventLogContract.batch(1, from: 2), idempotencyKey: nil)
        #expect(await log.sealedSegments().count == 2)
        #expect(try await values(log) == [0, 1, 2])
    }
}
