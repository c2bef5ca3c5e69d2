import Core
import EventLog
import KafkaLog
import Logging

/// How many events a second the log takes and gives, as batches of 1,000 events.
enum Rates {
    /// Appends batches, one after another and sixteen at a time, and reads them back.
    static func measure(_ brokers: String, _ topic: String, batchCount: Int) async throws {
        let clock = ContinuousClock()
        let batches = (0..<16).map(batch)
        let log = try await open(brokers, topic)
        for width in [1, 16] {
            let start = clock.now
            let count = width == 1 ? batchCount / 10 : batchCount
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<width {
                    group.addTask {
                        for number in stride(from: lane, to: count, by: width) {
                            _ = try await log.append(
                                batches[number % batches.count],
                                idempotencyKey: "\(width)-\(number)"
                            )
                        }
                    }
                }
                try await group.waitForAll()
            }
            say("append, \(width) at a time", count * 1000, clock.now - start)
        }
        await log.close()
        let reader = try await open(brokers, topic)
        let start = clock.now
        var offsets = await reader.startOffsets()
        let ends = await reader.endOffsets()
        var eventCount = 0
        while zip(offsets, ends).contains(where: { $0 < $1 }) {
            for frame in try await reader.read(from: offsets, eventCountMax: 200_000) {
                offsets[frame.partition] = frame.endOffset
                if case .events(let batch) = frame.record { eventCount += batch.count }
            }
        }
        say("read", eventCount, clock.now - start)
        await reader.close()
    }

    private static func open(_ brokers: String, _ topic: String) async throws -> KafkaLog {
        var settings = KafkaSettings(brokers: brokers, topic: topic)
        settings.partitionCount = 4
        return try await KafkaLog.open(
            settings,
            joinsGroup: false,
            wallClock: SystemWallClock(),
            clock: ContinuousClock(),
            logger: Logger(label: "rates", factory: { _ in SwiftLogNoOpLogHandler() })
        )
    }

    /// 100 devices with ten sensors; one reading each.
    private static func batch(_ number: Int) -> EventBatch {
        var batch = EventBatch()
        for event in 0..<1000 {
            batch.append(
                SeriesKey(uncheckedDevice: "device-\(event / 10)", sensor: "sensor-\(event % 10)"),
                Timestamp(microseconds: Int64(number * 1_000_000 + event * 1000)),
                Double((event &* 7919 &+ number &* 104_729) % 100_000) / 100
            )
        }
        return batch
    }

    private static func say(_ what: String, _ eventCount: Int, _ time: Duration) {
        let seconds = time / .seconds(1)
        let rate = Double(eventCount) / seconds / 1e6
        print("\(what): \(eventCount) events in \(seconds) s, \(rate) M events/s")
    }
}
