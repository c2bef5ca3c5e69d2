import Core
import Testing

@testable import EventLog

@Suite("Frame payloads")
struct FramePayloadTests {
    /// Events over so many devices, some series again and again.
    private static func batch(_ count: Int, devices: Int, seed: UInt64) -> EventBatch {
        var batch = EventBatch()
        var state = seed
        for row in 0..<count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let pick = Int(state >> 33)
            let name = String(repeating: "n", count: pick % 40) + "\(pick % devices)"
            let key = SeriesKey(uncheckedDevice: name, sensor: "s\(pick % 3)")
            batch.append(key, Timestamp(microseconds: Int64(row) * 7), Double(pick) / 3)
        }
        return batch
    }

    @Test(
        "A payload decodes to what the plain split gives",
        arguments: [(0, 1), (1, 1), (50, 1), (1000, 7), (1000, 4000), (5000, 60)]
    )
    func equalsSplit(_ count: Int, _ devices: Int) throws {
        for partitionCount in [1, 4, 16, 1024] {
            var batch = Self.batch(count, devices: devices, seed: UInt64(count + partitionCount))
            if count % 2 == 0 {
                let numbers = SeriesNumbers(countMax: 500, partitionCount: partitionCount)
                _ = numbers.assign(to: &batch.series)
            }
            let payload = try FramePayload(batch, partitionCount: partitionCount)
            let parts = try batch.split(partitionCount: partitionCount)
            try #require(payload.frames.map(\.partition) == parts.map(\.partition))
            var start = 0
            for (frame, part) in zip(payload.frames, parts) {
                let bytes = Array(payload.bytes[start..<(start + frame.byteCount)])
                start += frame.byteCount
                let header = RecordHeader.Frame(
                    partition: frame.partition,
                    kind: RecordHeader.Kind.events,
                    count: frame.count,
                    baseOffset: 0,
                    byteCount: frame.byteCount
                )
                let record = bytes.withUnsafeBytes { RecordHeader.decode(header, $0) }
                guard case .events(let decoded) = record else {
                    Issue.record("a frame cannot be decoded")
                    return
                }
                let expected = part.batch(of: batch)
                #expect(Array(decoded.series.keys) == Array(expected.series.keys))
                #expect(decoded.seriesIndex == expected.seriesIndex)
                #expect(decoded.times == expected.times)
                #expect(decoded.values == expected.values)
            }
            #expect(start == payload.bytes.count)
        }
    }

    @Test("A frame that is cut anywhere is refused")
    func cut() throws {
        let payload = try FramePayload(
            Self.batch(20, devices: 5, seed: 1),
            partitionCount: 1
        )
        for count in 0..<payload.bytes.count {
            let header = RecordHeader.Frame(
                partition: 0,
                kind: RecordHeader.Kind.events,
                count: 20,
                baseOffset: 0,
                byteCount: count
            )
            let record = payload.bytes[..<count].withUnsafeBytes {
                RecordHeader.decode(header, $0)
            }
            #expect(record == nil)
        }
    }

    @Test("A batch whose columns do not fit is refused")
    func malformed() {
        var batch = Self.batch(3, devices: 2, seed: 4)
        batch.seriesIndex[1] = 99
        #expect(throws: FleetError.self) { try FramePayload(batch, partitionCount: 4) }
        batch = Self.batch(3, devices: 2, seed: 4)
        batch.times.removeLast()
        #expect(throws: FleetError.self) { try FramePayload(batch, partitionCount: 4) }
    }
}
