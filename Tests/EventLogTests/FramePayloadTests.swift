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

    /// The only frame of a batch, decoded.
    private static func roundTrip(_ batch: EventBatch) throws -> (EventBatch?, byteCount: Int) {
        let payload = try FramePayload(batch, partitionCount: 1)
        let header = RecordHeader.Frame(
            partition: 0,
            kind: RecordHeader.Kind.events,
            count: batch.count,
            baseOffset: 0,
            byteCount: payload.bytes.count
        )
        let record = payload.bytes.withUnsafeBytes { RecordHeader.decode(header, $0) }
        guard case .events(let decoded) = record else { return (nil, payload.bytes.count) }
        return (decoded, payload.bytes.count)
    }

    @Test(
        "Times keep every microsecond, however far apart",
        arguments: [
            (0, 0), (1, 4), (Int64(UInt32.max), 4), (Int64(UInt32.max) + 1, 8), (.max, 8),
        ]
    )
    func times(span: Int64, width: Int) throws {
        let times = [-7, -7 &+ span, -7 &+ span / 2]
        var batch = EventBatch()
        for time in times {
            let key = SeriesKey(uncheckedDevice: "d", sensor: "s")
            batch.append(key, Timestamp(microseconds: time), 0.1)
        }
        #expect(FrameTimes(of: times).width == width)
        #expect(FrameTimes(of: [.min, .max]).width == 8)
        let (decoded, byteCount) = try Self.roundTrip(batch)
        #expect(decoded?.times == times)
        // A header of 20, lengths and names of one series, then its number, time and value.
        #expect(byteCount == 20 + 6 + 3 * (2 + width + 8))
    }

    @Test("A sensor that follows itself is written once, and lengths that lie are refused")
    func sensors() throws {
        var batch = EventBatch()
        let names = [
            ("a", "flow"), ("bb", "flow"), ("c", "level"), ("d", ""), ("e", ""), ("f", "x"),
        ]
        for (device, sensor) in names {
            let key = SeriesKey(uncheckedDevice: device, sensor: sensor)
            batch.append(key, Timestamp(seconds: 1), 1)
        }
        let (decoded, byteCount) = try Self.roundTrip(batch)
        #expect(decoded.map { Array($0.series.keys) } == Array(batch.series.keys))
        // Every event has a new series and the same time: neither column is there.
        #expect(byteCount == 20 + 6 * (4 + 8) + "abbcdef".count + "flowlevelx".count)

        let same: [UInt8] = [0xFF, 0xFF]
        for (lengths, names) in [
            ([1, 0] + same, "a"), ([1, 0, 1, 0] + [1, 0] + same, "ab"), ([1, 0, 0, 4], "a"),
            ([0, 4, 1, 0], "ab"), ([1, 0, 1, 0] + [1, 0] + same, "abcd"),
        ] {
            let dictionary = lengths.withUnsafeBytes { lengths in
                Array(names.utf8).withUnsafeBytes {
                    SeriesDictionary(distinctNames: $0, lengths: lengths)
                }
            }
            #expect(dictionary == nil, "\(lengths)")
        }
    }

    @Test("Frames of logs that were written with columns of full width are read")
    func full() throws {
        var writer = ByteWriter()
        writer.append(UInt32(2))
        writer.append(UInt32(7))
        for length: UInt16 in [1, 2, 2, 2] { writer.append(length) }
        writer.bytes += Array("axybbxz".utf8)
        for index: UInt32 in [1, 0, 1] { writer.append(index) }
        for time: Int64 in [5, -6, 7] { writer.append(time) }
        for value in [0.5, -0.25, 3] { writer.append(value.bitPattern) }
        let header = RecordHeader.Frame(
            partition: 0,
            kind: RecordHeader.Kind.eventsInFull,
            count: 3,
            baseOffset: 0,
            byteCount: writer.bytes.count
        )
        let record = writer.bytes.withUnsafeBytes { RecordHeader.decode(header, $0) }
        guard case .events(let batch) = record else {
            Issue.record("the frame cannot be decoded")
            return
        }
        #expect(batch.series.keys.map(\.description) == ["a/xy", "bb/xz"])
        #expect(batch.seriesIndex == [1, 0, 1])
        #expect(batch.times == [5, -6, 7])
        #expect(batch.values == [0.5, -0.25, 3])
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
