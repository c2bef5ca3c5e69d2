import Core
import Disk
import EventLog
import TestKit
import Testing

@Suite("Disk errors under the segment log") struct LogFaultTests {
    @Test("A full disk refuses appends, and space given back lets them in again")
    func fullDisk() async throws {
        for free in 0..<400 where free % 7 == 0 {
            let disk = FaultyDisk()
            let log = try await openLog(disk, smallSegments(700))
            _ = try await log.append(EventLogContract.batch(5), idempotencyKey: "first")
            disk.updateFaults { $0.freeByteCount = free }
            let error = await #expect(throws: FleetError.self, "\(free) bytes free") {
                for number in 0..<9 {
                    let events = EventLogContract.batch(5, from: 100 + number * 5)
                    _ = try await log.append(events, idempotencyKey: "n\(number)")
                }
            }
            #expect(error?.code == .resourceExhausted, "\(free) bytes free")
            #expect(await log.status().writeFailure == nil)
            disk.updateFaults { $0.freeByteCount = nil }
            for number in 0..<9 {
                let events = EventLogContract.batch(5, from: 100 + number * 5)
                _ = try await log.append(events, idempotencyKey: "n\(number)")
            }
            let wanted = Array(0..<5) + Array(100..<145)
            #expect(try await values(log) == wanted, "\(free) bytes free")
            await log.close()
            let again = try await openLog(disk.crash(), smallSegments(700))
            #expect(try await values(again) == wanted, "\(free) bytes free")
            await again.close()
        }
    }

    @Test("Write errors lose nothing that was acknowledged and write nothing twice")
    func writeErrors() async throws {
        for seed in 0..<20 as Range<UInt64> {
            let disk = FaultyDisk(faults: DiskFaults(seed: seed))
            var configuration = smallSegments(2000)
            configuration.preparesSegments = seed % 4 > 1
            let segments = try await openLog(disk, configuration)
            let log: any EventLog = seed % 2 == 0 ? segments : NumberingLog(segments)
            disk.updateFaults { $0.writeErrorProbability = 0.3 }
            var accepted: [Int] = []
            for number in 0..<40 {
                do {
                    let events = EventLogContract.batch(3, from: number * 3)
                    _ = try await log.append(events, idempotencyKey: nil)
                    accepted += Array((number * 3)..<(number * 3 + 3))
                } catch {
                    #expect((error as? FleetError)?.code == .unavailable)
                }
            }
            disk.updateFaults { $0.writeErrorProbability = 0 }
            #expect(!accepted.isEmpty && accepted.count < 120)
            #expect(try await values(log) == accepted, "seed \(seed)")
            await log.close()
            let again = try await openLog(disk.crash(), smallSegments(2000))
            #expect(try await values(again) == accepted, "seed \(seed)")
            await again.close()
        }
    }

    @Test("A tail that cannot be cut back makes the log read-only until it is opened again")
    func readOnly() async throws {
        let disk = FaultyDisk()
        let log = try await openLog(disk)
        _ = try await log.append(EventLogContract.batch(5), idempotencyKey: nil)
        disk.updateFaults { $0.syncErrorProbability = 1 }
        await #expect(throws: FleetError.self) {
            _ = try await log.append(EventLogContract.batch(5, from: 5), idempotencyKey: "k")
        }
        disk.updateFaults { $0.syncErrorProbability = 0 }
        let error = await #expect(throws: FleetError.self) {
            _ = try await log.append(EventLogContract.batch(5, from: 5), idempotencyKey: "k")
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("read-only") == true)
        #expect(await log.status().writeFailure != nil)
        #expect(try await values(log) == Array(0..<5))
        await log.close()
        let again = try await openLog(disk)
        _ = try await again.append(EventLogContract.batch(5, from: 5), idempotencyKey: "k")
        #expect(try await values(again) == Array(0..<10))
    }
}
