import Blobs
import Core
import Disk
import EventLog
import Logging
import Parquet
import Service
import Store
import TestKit
import Testing

@Suite("Capture of raw events")
struct HousekeepingTests {
    /// Events of a captured object as texts.
    private func rows(_ bytes: [UInt8]) throws -> [String] {
        try bytes.withUnsafeBytes { bytes in
            let reader = try ParquetReader(bytes: bytes)
            guard case .string(let devices, let device) = try reader.column("device"),
                case .string(let sensors, let sensor) = try reader.column("sensor"),
                case .timestamp(let times, _) = try reader.column("time"),
                case .double(let values, _) = try reader.column("value")
            else { throw FleetError(.dataLoss, "a captured object has other columns") }
            return times.indices.map { row in
                "\(devices[Int(device[row])])/\(sensors[Int(sensor[row])]) \(times[row]) "
                    + "\(values[row])"
            }
        }
    }

    private func text(_ batch: EventBatch) -> [String] {
        (0..<batch.count).map { row in
            "\(batch.series.keys[Int(batch.seriesIndex[row])]) \(batch.times[row]) "
                + "\(batch.values[row])"
        }
    }

    private func housekeeping(
        _ log: SegmentLog,
        _ blobs: MemoryBlobs,
        _ clock: ManualWallClock,
        retention: Duration = .seconds(86_400)
    ) throws -> Housekeeping {
        var settings = try ServiceFixture().settings
        settings.captureRetention = retention
        return Housekeeping(
            log: log,
            windows: MemoryWindowStore(),
            blobs: blobs,
            settings: settings,
            clock: clock,
            timer: ImpatientClock(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    @Test("sealed segments become Parquet by hour of arrival that holds every event once")
    func capture() async throws {
        let clock = ManualWallClock(ServiceFixture.at(3500))
        let log = try await SegmentLog.open(
            disk: FaultyDisk(),
            wallClock: clock,
            clock: ContinuousClock()
        )
        let blobs = MemoryBlobs()
        var sent: [String] = []
        for index in 0..<6 {
            let batch = EventLogContract.batch(50, from: index * 50)
            _ = try await log.append(batch, idempotencyKey: nil)
            sent += text(batch)
            clock.advance(by: .seconds(40))
            if index == 2 || index == 5 { try await log.roll() }
        }
        let chores = try housekeeping(log, blobs, clock)
        await chores.pass()
        let objects = try await blobs.list(prefix: "")
        #expect(objects.allSatisfy { $0.key.hasPrefix("capture/2026-03-01/") })
        #expect(objects.contains { $0.key.hasPrefix("capture/2026-03-01/00/") })
        #expect(objects.contains { $0.key.hasPrefix("capture/2026-03-01/01/") })
        var captured: [String] = []
        for object in objects { captured += try rows(await blobs.get(object.key)) }
        #expect(captured.sorted() == sent.sorted())
        #expect(await log.sealedSegments().allSatisfy(\.isCaptured))
        // Another pass writes the same objects or none.
        await chores.pass()
        #expect(try await blobs.list(prefix: "") == objects)
        await log.close()
    }

    @Test("captures older than their retention are deleted, younger ones stay")
    func retention() async throws {
        let clock = ManualWallClock(ServiceFixture.at(0))
        let log = try await SegmentLog.open(
            disk: FaultyDisk(),
            wallClock: clock,
            clock: ContinuousClock()
        )
        let blobs = MemoryBlobs()
        let keys = [
            "capture/2026-02-28/22/0-0.parquet", "capture/2026-02-28/23/0-9.parquet",
            "capture/2026-03-01/00/1-0.parquet",
        ]
        for key in keys + ["fleets/plant/1/pack"] { try await blobs.put(key, [1]) }
        let chores = try housekeeping(log, blobs, clock, retention: .seconds(3600))
        await chores.pass()
        #expect(try await blobs.list(prefix: "capture/").map(\.key) == Array(keys.dropFirst()))
        #expect(try await blobs.exists("fleets/plant/1/pack"))
        await log.close()
    }

    @Test("a storage that is full leaves the segment to the next pass")
    func fullStorage() async throws {
        let clock = ManualWallClock(ServiceFixture.at(0))
        let log = try await SegmentLog.open(
            disk: FaultyDisk(),
            wallClock: clock,
            clock: ContinuousClock()
        )
        _ = try await log.append(EventLogContract.batch(10), idempotencyKey: nil)
        try await log.roll()
        let full = MemoryBlobs(byteCountMax: 10)
        await (try housekeeping(log, full, clock)).pass()
        #expect(await log.sealedSegments().map(\.isCaptured) == [false])
        let blobs = MemoryBlobs()
        await (try housekeeping(log, blobs, clock)).pass()
        #expect(await log.sealedSegments().map(\.isCaptured) == [true])
        #expect(try await !blobs.list(prefix: "capture/").isEmpty)
        await log.close()
    }

    @Test("windows are kept for the retention of their definition, others for ever")
    func windowRetention() async throws {
        let fixture = try ServiceFixture()
        try await fixture.close([("d/s", 60, 1), ("d/s", 3600, 2), ("e/s", 7200, 3)])
        let clock = ManualWallClock(ServiceFixture.at(7300))
        for (retention, left) in [(nil, 3), (Duration.seconds(7200), 2), (.seconds(3600), 1)] {
            var settings = fixture.settings
            settings.windowRetentions["1m"] = retention
            let housekeeping = Housekeeping(
                log: nil,
                windows: fixture.windows,
                blobs: fixture.blobs,
                settings: settings,
                clock: clock,
                timer: ImpatientClock(),
                logger: fixture.logger
            )
            await housekeeping.pass()
            #expect(try await fixture.windows.windowCount(definition: "1m") == left)
        }
    }
}
