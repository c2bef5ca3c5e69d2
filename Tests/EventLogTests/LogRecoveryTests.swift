import Core
import Disk
import EventLog
import TestKit
import Testing

@Suite("Recovery of the segment log") struct LogRecoveryTests {
    private let batches = 4

    /// A log whose batch i holds i + 1 events, and where each batch's record ends.
    private func written(_ disk: FaultyDisk) async throws -> [Int] {
        let log = try await openLog(disk)
        var ends: [Int] = [await log.status().byteCount]
        for number in 0..<batches {
            let events = EventLogContract.batch(number + 1, from: number * 100)
            _ = try await log.append(events, idempotencyKey: "\(number)")
            ends.append(await log.status().byteCount)
        }
        await log.close()
        return ends
    }

    private func expected(_ count: Int) -> [Int] {
        (0..<count).flatMap { number in (0...number).map { number * 100 + $0 } }
    }

    @Test("A log cut at any byte recovers to whole batches and goes on")
    func tornTail() async throws {
        let original = FaultyDisk()
        let ends = try await written(original)
        let bytes = try #require(try original.contents(of: firstSegment))
        let meta = try #require(try original.contents(of: "log/meta"))
        try #require(ends.last == bytes.count)
        for cut in 0...bytes.count {
            let disk = FaultyDisk()
            try disk.createFolder("log")
            try disk.replaceContents(of: "log/meta", with: meta)
            try disk.replaceContents(of: firstSegment, with: Array(bytes[..<cut]))
            let log = try await openLog(disk)
            let whole = max(0, ends.filter { $0 <= cut }.count - 1)
            #expect(try await values(log) == expected(whole), "cut at \(cut)")
            if cut >= ends[0] {
                #expect(log.recovery.cutByteCount == cut - ends[whole], "cut at \(cut)")
                #expect((log.recovery.cutSegment == nil) == (cut == ends[whole]))
            }
            for number in 0..<batches {
                let events = EventLogContract.batch(number + 1, from: number * 100)
                let receipt = try await log.append(events, idempotencyKey: "\(number)")
                #expect(receipt.isDuplicate == (number < whole), "cut at \(cut)")
            }
            await log.close()
            let again = try await openLog(disk.crash())
            #expect(try await values(again) == expected(batches), "cut at \(cut)")
            await again.close()
        }
    }

    @Test("A flipped bit is cut in the last group and data loss before it")
    func flippedBits() async throws {
        let original = FaultyDisk()
        let ends = try await written(original)
        let bytes = try #require(try original.contents(of: firstSegment))
        for position in 0..<bytes.count {
            let disk = FaultyDisk()
            try disk.createFolder("log")
            let meta = try #require(try original.contents(of: "log/meta"))
            try disk.replaceContents(of: "log/meta", with: meta)
            try disk.replaceContents(of: firstSegment, with: bytes)
            try disk.flipBit(position, at: position, of: firstSegment)
            if position >= ends[batches - 1] {
                let log = try await openLog(disk)
                #expect(try await values(log) == expected(batches - 1), "flip at \(position)")
                await log.close()
            } else {
                let error = await #expect(throws: FleetError.self, "flip at \(position)") {
                    _ = try await openLog(disk)
                }
                #expect(error?.code == .dataLoss)
                #expect(error?.message.contains(firstSegment) == true)
                let record = ends.last { $0 <= position }
                if let record {
                    #expect(error?.message.contains("at byte \(record)") == true)
                }
            }
        }
    }

    @Test("A damaged sealed segment is data loss, when opened or when read")
    func sealedDamage() async throws {
        let disk = FaultyDisk()
        var configuration = LogConfiguration()
        configuration.cacheByteCount = 0
        let log = try await openLog(disk, configuration)
        for number in 0..<3 {
            let events = EventLogContract.batch(50, from: number * 50)
            _ = try await log.append(events, idempotencyKey: nil)
            try await log.roll()
        }
        try disk.flipBit(1, at: 1000, of: firstSegment)
        let readError = await #expect(throws: FleetError.self) { _ = try await values(log) }
        #expect(readError?.code == .dataLoss)
        await log.close()
        try disk.remove("log/segment-00000000000000000000.index")
        let error = await #expect(throws: FleetError.self) { _ = try await openLog(disk) }
        #expect(error?.code == .dataLoss)
        #expect(error?.message.contains("at byte 68") == true)
    }

    @Test("A missing segment, a missing meta file and a short sealed segment are data loss")
    func missingFiles() async throws {
        for victim in ["segment-00000000000000000001.log", "meta", "cut"] {
            let disk = FaultyDisk()
            let log = try await openLog(disk)
            for number in 0..<3 {
                _ = try await log.append(
                    EventLogContract.batch(5, from: number),
                    idempotencyKey: nil
                )
                try await log.roll()
            }
            await log.close()
            if victim == "cut" {
                try disk.open("log/segment-00000000000000000001.log").truncate(to: 200)
            } else {
                try disk.remove("log/" + victim)
            }
            let error = await #expect(throws: FleetError.self, "\(victim)") {
                _ = try await openLog(disk)
            }
            #expect(error?.code == .dataLoss, "\(victim)")
        }
    }

    @Test("What is left of a failed roll is removed")
    func failedRoll() async throws {
        let disk = FaultyDisk()
        let log = try await openLog(disk)
        _ = try await log.append(EventLogContract.batch(5), idempotencyKey: nil)
        try await log.roll()
        _ = try await log.append(EventLogContract.batch(5, from: 5), idempotencyKey: nil)
        await log.close()
        let torn = "log/segment-00000000000000000002.log"
        try disk.replaceContents(of: torn, with: [1, 2, 3])
        let again = try await openLog(disk)
        #expect(try await values(again) == Array(0..<10))
        #expect(!disk.exists(torn))
        await again.close()
        // A whole but empty successor that the segment before it has outgrown.
        let second = "log/segment-00000000000000000001.log"
        let header = try #require(try disk.contents(of: second))[..<68]
        let third = try await openLog(disk)
        try await third.roll()
        _ = try await third.append(EventLogContract.batch(5, from: 10), idempotencyKey: nil)
        await third.close()
        #expect(header.count == 68)
        let stale = try #require(try disk.contents(of: torn))
        let other = FaultyDisk()
        try other.createFolder("log")
        for name in try disk.list("log") where name != "segment-00000000000000000002.log" {
            let bytes = try #require(try disk.contents(of: "log/" + name))
            try other.replaceContents(of: "log/" + name, with: bytes)
        }
        try other.replaceContents(of: torn, with: Array(stale[..<68]))
        let fourth = try await openLog(other)
        #expect(try await values(fourth) == Array(0..<10))
        _ = try await fourth.append(EventLogContract.batch(5, from: 10), idempotencyKey: nil)
        #expect(try await values(fourth) == Array(0..<15))
    }
}
