import Core
import Disk
import EventLog
import Service
import TestKit
import Testing

@Suite("Capture of numbered events")
struct CapturePartTests {
    /// Events of a numbering that has as many partitions as the log.
    private func events(
        _ count: Int,
        from first: Int,
        by numbering: SeriesNumbers
    ) throws -> NumberedEvents {
        var batch = EventBatch()
        for index in first..<(first + count) {
            let series = index * 37 % 150
            batch.append(
                SeriesKey(uncheckedDevice: "device-\(series / 5)", sensor: "sensor-\(series % 5)"),
                Timestamp(seconds: Int64(index)),
                Double(index) / 4
            )
        }
        _ = numbering.assign(to: &batch.series)
        return try #require(batch.numbered())
    }

    @Test("A file of numbered events is that of the same events by name, whatever came before")
    func sameFile() throws {
        let numbering = SeriesNumbers(countMax: 1000, partitionCount: 1)
        var names = SeriesTexts()
        for count in [1, 70, 400, 2000] {
            let events = try events(count, from: count, by: numbering)
            let file = try EventFile.encode(events, names: &names)
            #expect(try file == EventFile.encode(events.named()))
        }
        let other = SeriesNumbers(countMax: 1000, partitionCount: 3)
        let mixed = try events(300, from: 9, by: other)
        #expect(try EventFile.encode(mixed, names: &names) == EventFile.encode(mixed.named()))
    }

    @Test("Joined frames make the same parts as single ones, cut by the hour of arrival")
    func joined() async throws {
        let clock = ManualWallClock(ServiceFixture.at(3000))
        let log = try await SegmentLog.open(
            disk: FaultyDisk(),
            wallClock: clock,
            clock: ContinuousClock()
        )
        let count = await log.startOffsets().count
        let numbering = SeriesNumbers(countMax: 1000, partitionCount: count)
        for number in 0..<40 {
            _ = try await log.append(
                try events(50, from: number * 50, by: numbering),
                idempotencyKey: nil
            )
            if number % 15 == 7 {
                let named = EventLogContract.batch(20, from: number)
                _ = try await log.append(named, idempotencyKey: nil)
            }
            if number % 10 == 3 { try await log.append(control: .complete, partition: 1) }
            clock.advance(by: .seconds(40))
        }
        try await log.roll()
        let segment = try #require(await log.sealedSegments().first)
        let single = try await log.read(
            from: segment.startOffsets,
            eventCountMax: 1_000_000
        )
        let joined = try await log.frames(ofSegment: segment.sequence)
        #expect(joined.count < single.count / 2)
        let (expected, found) = (CapturePart.parts(of: single), CapturePart.parts(of: joined))
        #expect(expected.map(\.key).sorted() == found.map(\.key).sorted())
        #expect(Set(found.map { $0.key.prefix(22) }).count == 2)
        var (some, others) = (SeriesTexts(), SeriesTexts())
        for part in found {
            let same = try #require(expected.first { $0.key == part.key })
            #expect(try part.encode(&some) == same.encode(&others))
        }
        await log.close()
    }
}
