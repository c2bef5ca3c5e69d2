import Core
import Disk
import EventLog
import TestKit
import Testing

@Suite("Prepared segments") struct PreparedSegmentTests {
    private static let spare = "log/segment-next.log"
    private static let byteCount = 8000

    private static var configuration: LogConfiguration {
        var configuration = smallSegments(byteCount)
        configuration.preparesSegments = true
        return configuration
    }

    /// Appends batches of five until the log has so many segments; how many events there are.
    private func fill(_ log: SegmentLog, to segmentCount: Int) async throws -> Int {
        var count = 0
        while await log.status().segmentCount < segmentCount {
            try #require(count < 5000)
            _ = try await log.append(EventLogContract.batch(5, from: count), idempotencyKey: nil)
            count += 5
            // The file is made by another thread.
            try await Task.sleep(for: .milliseconds(1))
        }
        return count
    }

    private func segments(_ disk: FaultyDisk) throws -> [String] {
        try disk.list("log").filter { $0.hasSuffix(".log") }.map { "log/" + $0 }
    }

    @Test("A segment is written over zeros; a sealed one keeps none", .timeLimit(.minutes(1)))
    func use() async throws {
        let disk = FaultyDisk()
        let log = try await openLog(disk, Self.configuration)
        let count = try await fill(log, to: 2)
        let names = try segments(disk).filter { $0 != Self.spare }
        try #require(names.count == 2)
        let sealed = try #require(await log.sealedSegments().first)
        #expect(try disk.contents(of: names[0])?.count == sealed.byteCount)
        let active = try #require(try disk.contents(of: names[1]))
        #expect(active.count == Self.byteCount && active.last == 0)
        #expect(try await values(log) == Array(0..<count))
        let size = await log.status().byteCount - sealed.byteCount
        await log.close()
        #expect(!disk.exists(Self.spare))
        #expect(try disk.contents(of: names[1])?.count == size)
        let again = try await openLog(disk, Self.configuration)
        #expect(again.recovery.cutByteCount == 0)
        #expect(try await values(again) == Array(0..<count))
        _ = try await again.append(EventLogContract.batch(5, from: count), idempotencyKey: nil)
        #expect(try await values(again) == Array(0..<(count + 5)))
        await again.close()
    }

    @Test("A segment whose name a power failure took is found", .timeLimit(.minutes(1)))
    func lostName() async throws {
        let disk = FaultyDisk()
        let log = try await openLog(disk, Self.configuration)
        let count = try await fill(log, to: 2)
        let after = disk.crash()
        try #require(try segments(after) == [firstSegment, Self.spare])
        let again = try await openLog(after, Self.configuration)
        #expect(again.recovery.cutByteCount == 0)
        #expect(again.recovery.segmentCount == 2)
        #expect(try await values(again) == Array(0..<count))
        #expect(!after.exists(Self.spare))
        await again.close()
        let last = try await openLog(after.crash(), Self.configuration)
        #expect(try await values(last) == Array(0..<count))
        await last.close()
    }

    @Test("A sealed segment whose cut a power failure undid is whole", .timeLimit(.minutes(1)))
    func lostCut() async throws {
        let disk = FaultyDisk()
        let log = try await openLog(disk, Self.configuration)
        let count = try await fill(log, to: 3)
        let after = disk.crash()
        let names = try segments(after)
        try #require(try after.contents(of: names[1])?.count == Self.byteCount)
        let again = try await openLog(after, Self.configuration)
        #expect(try await values(again) == Array(0..<count))
        let sealed = await again.sealedSegments()
        #expect(try after.contents(of: names[1])?.count == sealed[1].byteCount)
        await again.close()
    }

    @Test("A torn group in a prepared segment is cut", .timeLimit(.minutes(1)))
    func tornGroup() async throws {
        let disk = FaultyDisk()
        let log = try await openLog(disk, Self.configuration)
        let count = try await fill(log, to: 2)
        let name = try #require(try segments(disk).last { $0 != Self.spare })
        let bytes = try #require(try disk.contents(of: name))
        let end = try #require(bytes.lastIndex { $0 != 0 })
        await log.close()
        try disk.flipBit(3, at: end, of: name)
        let again = try await openLog(disk, Self.configuration)
        #expect(again.recovery.cutByteCount > 0)
        #expect(again.recovery.cutSegment == name)
        #expect(try await values(again) == Array(0..<(count - 5)))
        await again.close()
    }

    @Test("A prepared file that was never used goes")
    func unused() async throws {
        let disk = FaultyDisk()
        let log = try await openLog(disk, Self.configuration)
        _ = try await log.append(EventLogContract.batch(5), idempotencyKey: nil)
        await log.close()
        _ = try disk.prepare(Self.spare, byteCount: Self.byteCount)
        let again = try await openLog(disk, Self.configuration)
        #expect(!disk.exists(Self.spare))
        #expect(try await values(again) == Array(0..<5))
        await again.close()
    }

    @Test("A disk with little room is left alone", .timeLimit(.minutes(1)))
    func littleRoom() async throws {
        let disk = FaultyDisk()
        disk.updateFaults { $0.freeByteCount = 16 * Self.byteCount - 1 }
        let log = try await openLog(disk, Self.configuration)
        let count = try await fill(log, to: 3)
        let sizes = try segments(disk).map { try disk.contents(of: $0)?.count }
        let active = await log.status().byteCount
        let sealed = await log.sealedSegments().map(\.byteCount)
        #expect(sizes == sealed + [active - sealed.reduce(0, +)])
        #expect(try await values(log) == Array(0..<count))
        await log.close()
    }
}
