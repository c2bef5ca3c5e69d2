import Core
import Disk
import EventLog
import Glibc
import Synchronization
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

    /// A new log of so many segments, and how many events are in it.
    private func filledLog(
        _ disk: FaultyDisk,
        _ segmentCount: Int
    ) async throws -> (log: SegmentLog, count: Int) {
        let log = try await openLog(disk, Self.configuration)
        return (log, try await fill(log, to: segmentCount))
    }

    private func segments(_ disk: FaultyDisk) throws -> [String] {
        try disk.list("log").filter { $0.hasSuffix(".log") }.map { "log/" + $0 }
    }

    @Test("A segment is written over zeros; a sealed one keeps none", .timeLimit(.minutes(1)))
    func use() async throws {
        let disk = FaultyDisk()
        let (log, count) = try await filledLog(disk, 2)
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
        let (_, count) = try await filledLog(disk, 2)
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
        let (_, count) = try await filledLog(disk, 3)
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
        let (log, count) = try await filledLog(disk, 2)
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

    @Test("Closing waits for a file that is being made", .timeLimit(.minutes(1)))
    func closing() async throws {
        let disk = SlowDisk()
        let log = try await openLog(disk, Self.configuration)
        var count = 0
        while disk.begun.load(ordering: .acquiring) == 0 {
            try #require(count < 1000)
            _ = try await log.append(EventLogContract.batch(5, from: count), idempotencyKey: nil)
            count += 5
            try await Task.sleep(for: .milliseconds(1))
        }
        await log.close()
        #expect(disk.ended.load(ordering: .acquiring) == 1)
        #expect(!disk.exists(Self.spare))
    }

    @Test("A disk with little room is left alone", .timeLimit(.minutes(1)))
    func littleRoom() async throws {
        let disk = FaultyDisk()
        disk.updateFaults { $0.freeByteCount = 16 * Self.byteCount - 1 }
        let (log, count) = try await filledLog(disk, 3)
        let sizes = try segments(disk).map { try disk.contents(of: $0)?.count }
        let active = await log.status().byteCount
        let sealed = await log.sealedSegments().map(\.byteCount)
        #expect(sizes == sealed + [active - sealed.reduce(0, +)])
        #expect(try await values(log) == Array(0..<count))
        await log.close()
    }
}

/// A disk on which it takes long to prepare a file.
private final class SlowDisk: Disk {
    private let disk = FaultyDisk()
    let begun = Atomic(0)
    let ended = Atomic(0)

    func prepare(_ path: String, byteCount: Int) throws -> any DiskFile {
        begun.add(1, ordering: .releasing)
        usleep(200_000)
        defer { ended.add(1, ordering: .releasing) }
        return try disk.prepare(path, byteCount: byteCount)
    }

    func open(_ path: String) throws -> any DiskFile { try disk.open(path) }
    func freeByteCount(of folder: String) throws -> Int { try disk.freeByteCount(of: folder) }
    func openForReading(_ path: String) throws -> any DiskFile { try disk.openForReading(path) }
    func createFolder(_ path: String) throws { try disk.createFolder(path) }
    func list(_ path: String) throws -> [String] { try disk.list(path) }
    func exists(_ path: String) -> Bool { disk.exists(path) }
    func remove(_ path: String) throws { try disk.remove(path) }
    func rename(_ path: String, to target: String) throws { try disk.rename(path, to: target) }
    func syncFolder(_ path: String) throws { try disk.syncFolder(path) }
}
