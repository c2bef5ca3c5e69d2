import Core
import Disk
import EventLog
import TestKit
import Testing

/// Cuts the power under a log in use, opens it again and compares with what was acknowledged.
struct PowerLossRun {
    let seed: UInt64
    let syncs: Bool

    private static let tasks = 4
    private static let batches = 8

    /// Batches by name, such as `2-5`, with whether the log acknowledged them.
    private typealias Ledger = [String: Bool]

    /// Runs several lives of one log; returns what was not as promised.
    func findings() async throws -> [String] {
        var random = SeededGenerator(seed: seed)
        var faults = DiskFaults(seed: seed)
        faults.tearsWrites = seed % 4 != 0
        faults.rotsBits = seed % 3 == 0
        var disk = FaultyDisk(faults: faults)
        var configuration = smallSegments(3000)
        configuration.syncs = syncs
        configuration.preparesSegments = seed / 2 % 2 == 1
        var ledger: Ledger = [:]
        var findings: [String] = []
        for life in 0..<3 {
            let callCount = disk.callCount
            let calls = Int.random(in: 1...120, using: &random)
            disk.updateFaults { $0.powerFailsAfterCallCount = callCount + calls }
            do {
                await use(numbering(try await openLog(disk, configuration)), life, &ledger)
            } catch let error as FleetError where error.code == .unavailable {
                // The power failed while the log was opened.
            } catch let error as FleetError where !syncs {
                return findings + ["cannot open: \(error)"]
            }
            disk = disk.crash()
            do {
                let log = numbering(try await openLog(disk, configuration))
                findings += try await check(log, ledger)
                for (name, isKnown) in ledger where !isKnown {
                    let receipt = try await log.append(batch(name), idempotencyKey: name)
                    ledger[name] = true
                    if receipt.accepted != 5 { findings.append("\(name) answers \(receipt)") }
                }
                findings += try await check(log, ledger)
                await log.close()
            } catch let error as FleetError {
                return findings + ["cannot open or read again: \(error)"]
            }
        }
        return findings
    }

    /// Every second seed with events whose series have numbers, of this life only.
    private func numbering(_ log: SegmentLog) -> any EventLog {
        seed % 2 == 0 ? log : NumberingLog(log)
    }

    private func use(_ log: any EventLog, _ life: Int, _ ledger: inout Ledger) async {
        let results = await withTaskGroup(of: Ledger.self) { group in
            for task in 0..<Self.tasks {
                group.addTask {
                    var results: Ledger = [:]
                    for number in 0..<Self.batches {
                        let name = "\(life)-\(task)-\(number)"
                        results[name] = false
                        do {
                            _ = try await log.append(batch(name), idempotencyKey: name)
                            results[name] = true
                        } catch {
                            break
                        }
                    }
                    return results
                }
            }
            return await group.reduce(into: Ledger()) { $0.merge($1) { $1 } }
        }
        await log.close()
        ledger.merge(results) { $1 }
    }

    /// Five events on five devices, and so on several partitions.
    private func batch(_ name: String) -> EventBatch {
        var batch = EventBatch()
        for row in 0..<5 {
            let key = SeriesKey(uncheckedDevice: "device-\(row)", sensor: name)
            batch.append(key, Timestamp(seconds: Int64(row)), Double(row))
        }
        return batch
    }

    private func check(_ log: any EventLog, _ ledger: Ledger) async throws -> [String] {
        var counts: [String: Int] = [:]
        for frame in try await EventLogContract.drain(log, eventCountMax: 100) {
            guard let batch = frame.record.events else { continue }
            for entry in EventLogContract.entries(batch) {
                counts[entry.key.sensor, default: 0] += 1
            }
        }
        var findings: [String] = []
        for (name, isAcknowledged) in ledger.sorted(by: { $0.key < $1.key }) {
            let count = counts[name] ?? 0
            if isAcknowledged, count < 5 { findings.append("lost: \(name) has \(count) of 5") }
            if count > 5 { findings.append("twice: \(name) has \(count) of 5") }
            if count % 5 != 0 { findings.append("torn: \(name) has \(count) of 5") }
        }
        return findings
    }
}

@Suite("Power loss under the segment log") struct PowerLossTests {
    @Test(
        "Acknowledged batches are there exactly once, others whole or not at all",
        .timeLimit(.minutes(1))
    )
    func powerLoss() async throws {
        for seed in 0..<80 as Range<UInt64> {
            let findings = try await PowerLossRun(seed: seed, syncs: true).findings()
            #expect(findings.isEmpty, "seed \(seed)")
        }
    }

    @Test("Without the sync the same check reports lost batches", .timeLimit(.minutes(1)))
    func withoutSync() async throws {
        var lost = 0
        for seed in 0..<20 as Range<UInt64> {
            let findings = try await PowerLossRun(seed: seed, syncs: false).findings()
            lost += findings.contains { $0.hasPrefix("lost") } ? 1 : 0
        }
        #expect(lost > 0)
    }

    @Test("A disk that ignores syncs is found out as well", .timeLimit(.minutes(1)))
    func ignoredSync() async throws {
        let disk = FaultyDisk()
        let log = try await openLog(disk)
        disk.updateFaults { $0.syncIsIgnored = true }
        _ = try await log.append(EventLogContract.batch(5), idempotencyKey: nil)
        let again = try await openLog(disk.crash())
        #expect(try await values(again).isEmpty)
    }
}
