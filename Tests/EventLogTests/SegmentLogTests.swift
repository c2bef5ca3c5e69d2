import Core
import Disk
import EventLog
import TestKit
import Testing

@Suite("The segment log") struct SegmentLogTests {
    @Test(
        "It keeps the log's promises",
        .timeLimit(.minutes(1)),
        arguments: EventLogContract.checks
    )
    func contract(_ check: EventLogContract.Check) async throws {
        try await check.run(try await openLog(FaultyDisk()))
        // Rolls and reads from files instead of the cache.
        var small = smallSegments(600)
        small.cacheByteCount = 0
        try await check.run(try await openLog(FaultyDisk(), small))
        try await check.run(NumberingLog(try await openLog(FaultyDisk())))
        try await check.run(NumberingLog(try await openLog(FaultyDisk(), small)))
    }

    @Test("Closed and opened again it goes on where it was")
    func reopen() async throws {
        let disk = FaultyDisk()
        for round in 0..<5 {
            let log = try await openLog(disk, smallSegments(1500))
            #expect(try await values(log) == Array(0..<(round * 40)))
            for number in 0..<4 {
                let events = EventLogContract.batch(10, from: round * 40 + number * 10)
                _ = try await log.append(events, idempotencyKey: "\(round)-\(number)")
            }
            await log.close()
        }
        let log = try await openLog(disk, smallSegments(1500))
        #expect(log.recovery.entryCount == 200)
        #expect(log.recovery.segmentCount > 3)
        #expect(log.recovery.cutByteCount == 0)
        for round in 0..<5 {
            let receipt = try await log.append(
                EventLogContract.batch(1),
                idempotencyKey: "\(round)-2"
            )
            #expect(receipt == AppendReceipt(accepted: 10, isDuplicate: true))
        }
    }

    @Test("The key of an empty batch is known after a restart, from segments and their indexes")
    func emptyBatch() async throws {
        let disk = FaultyDisk()
        var log = try await openLog(disk, smallSegments(500))
        _ = try await log.append(EventBatch(), idempotencyKey: "sealed")
        for number in 0..<6 {
            let events = EventLogContract.batch(20, from: number * 20)
            _ = try await log.append(events, idempotencyKey: nil)
        }
        _ = try await log.append(EventBatch(), idempotencyKey: "active")
        for _ in 0..<2 {
            await log.close()
            log = try await openLog(disk, smallSegments(500))
            #expect(try await values(log) == Array(0..<120))
            #expect(try await !log.knows(idempotencyKey: "other"))
            for key in ["sealed", "active"] {
                #expect(try await log.knows(idempotencyKey: key))
                let again = try await log.append(EventLogContract.batch(1), idempotencyKey: key)
                #expect(again == AppendReceipt(accepted: 0, isDuplicate: true))
            }
        }
    }

    @Test("A missing or damaged index file is made again from the segment")
    func indexFile() async throws {
        let disk = FaultyDisk()
        let log = try await openLog(disk, smallSegments(500))
        for number in 0..<6 {
            let events = EventLogContract.batch(20, from: number * 20)
            _ = try await log.append(events, idempotencyKey: "\(number)")
        }
        await log.close()
        let indexes = try disk.list("log").filter { $0.hasSuffix(".index") }
        try #require(indexes.count == 5)
        try disk.remove("log/" + indexes[0])
        try disk.flipBit(3, at: 20, of: "log/" + indexes[1])
        let again = try await openLog(disk, smallSegments(500))
        #expect(try await values(again) == Array(0..<120))
        #expect(try disk.list("log").filter { $0.hasSuffix(".index") } == indexes)
        let receipt = try await again.append(EventLogContract.batch(1), idempotencyKey: "0")
        #expect(receipt.isDuplicate)
    }

    @Test("The partition count is fixed when the log is made")
    func partitionCount() async throws {
        let disk = FaultyDisk()
        var configuration = LogConfiguration()
        configuration.partitionCount = 7
        try await openLog(disk, configuration).close()
        #expect(try await openLog(disk).partitionCount == 7)
        configuration.partitionCount = 8
        let error = await #expect(throws: FleetError.self) {
            _ = try await openLog(disk, configuration)
        }
        #expect(error?.code == .conflict)
        #expect(error?.message == "the event log in log has 7 partitions, not 8")
        configuration.partitionCount = 0
        await #expect(throws: FleetError.self) { _ = try await openLog(disk, configuration) }
    }

    @Test("Too much pending is refused with a retriable error")
    func pending() async throws {
        var limits = Limits()
        limits.pendingEventCountMax = 100
        let log = try await openLog(FaultyDisk(), limits: limits)
        let tooLarge = await #expect(throws: FleetError.self) {
            _ = try await log.append(EventLogContract.batch(101), idempotencyKey: nil)
        }
        #expect(tooLarge?.code == .invalidArgument)
        let accepted = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    do {
                        _ = try await log.append(EventLogContract.batch(60), idempotencyKey: nil)
                        return true
                    } catch {
                        #expect((error as? FleetError)?.code == .resourceExhausted)
                        return false
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(accepted > 0)
        #expect(await log.endOffsets().reduce(0, +) == Int64(accepted * 60))
        #expect(await log.status().pendingEventCount == 0)
    }

    @Test("A long log is read from any offset, with and without the cache")
    func seek() async throws {
        let disk = FaultyDisk()
        var configuration = smallSegments(1 << 20)
        configuration.partitionCount = 2
        let log = try await openLog(disk, configuration)
        for number in 0..<12 {
            let events = EventLogContract.batch(10_000, from: number * 10_000)
            _ = try await log.append(events, idempotencyKey: nil)
        }
        let end = await log.endOffsets()
        await log.close()
        configuration.cacheByteCount = 0
        let cold = try await openLog(disk, configuration)
        for part in 0..<8 {
            let wanted = end.map { $0 / 8 * Int64(part) }
            let frames = try await cold.read(from: wanted, eventCountMax: 10)
            let frame = try #require(frames.first)
            #expect(frame.baseOffset == wanted[frame.partition])
        }
        #expect(try await values(cold).count == 120_000)
    }

    @Test("It works on a real file system")
    func posix() async throws {
        let folder = try TemporaryFolder()
        let disk = PosixDisk(root: folder.path)
        let log = try await openLog(disk, smallSegments(2000))
        for number in 0..<20 {
            let events = EventLogContract.batch(10, from: number * 10)
            _ = try await log.append(events, idempotencyKey: nil)
        }
        await log.close()
        let again = try await openLog(disk, smallSegments(2000))
        #expect(try await values(again) == Array(0..<200))
        await again.close()
        #expect(folder.path.hasPrefix("/tmp/"))  // Keeps the folder until here.
    }

    /// What each partition holds, in order, of frames that follow each other without a gap.
    private static func entries(
        _ frames: [LogFrame],
        from offsets: [Int64]
    ) throws -> [[EventLogContract.Entry]] {
        var offsets = offsets
        var entries: [[EventLogContract.Entry]] = [[], [], [], []]
        for frame in frames {
            #expect(frame.baseOffset == offsets[frame.partition])
            offsets[frame.partition] = frame.endOffset
            guard let events = frame.record.events else { continue }
            #expect(frame.hasOffsetPerEvent)
            entries[frame.partition] += EventLogContract.entries(events)
        }
        return entries
    }

    @Test("Frames with numbers are joined up to a control record, with the same events in order")
    func joined() async throws {
        let numbers = SeriesNumbers(countMax: 20, partitionCount: 4)
        let log = try await openLog(FaultyDisk())
        for number in 0..<40 {
            // Some batches have no numbered series, one has some.
            let devices = number == 17 ? 30 : 20
            var batch = EventLogContract.batch(60, from: number * 60, devices: devices)
            if number % 9 != 8 || number == 17 { _ = numbers.assign(to: &batch.series) }
            _ = try await log.append(batch, idempotencyKey: nil)
            if number == 20 { try await log.append(control: .complete, partition: 2) }
        }
        for offsets in [[0, 0, 0, 0], [7, 300, 31, 2] as [Int64], [.max, 5, .max, 600]] {
            let plain = try await log.read(from: offsets, eventCountMax: 100_000)
            let joined = try await log.readJoined(from: offsets, eventCountMax: 100_000)
            #expect(joined.count < plain.count / 3)
            #expect(
                try Self.entries(joined, from: offsets) == Self.entries(plain, from: offsets)
            )
            let ends = [plain, joined].map { frames in
                (0..<4).map { partition in frames.last { $0.partition == partition }?.endOffset }
            }
            #expect(ends[0] == ends[1])
            #expect(joined.allSatisfy { $0.partition != 2 || $0.endOffset > $0.baseOffset })
        }
        // A read that is full goes on where it stopped.
        var offsets: [Int64] = [0, 0, 0, 0]
        var frames: [LogFrame] = []
        while case let more = try await log.readJoined(from: offsets, eventCountMax: 200),
            !more.isEmpty
        {
            for frame in more { offsets[frame.partition] = frame.endOffset }
            frames += more
        }
        let plain = try await log.read(from: [0, 0, 0, 0], eventCountMax: 100_000)
        #expect(
            try Self.entries(frames, from: [0, 0, 0, 0])
                == Self.entries(plain, from: [0, 0, 0, 0])
        )
        await log.close()
    }
}
