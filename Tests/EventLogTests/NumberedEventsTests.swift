import Core
import Disk
import TestKit
import Testing

@testable import EventLog

@Suite("Events of numbered series in the log") struct NumberedEventsTests {
    /// A batch whose series have numbers.
    private func batch(
        _ count: Int,
        from first: Int = 0,
        devices: Int = 8,
        sensor: String = "s",
        by numbers: SeriesNumbers
    ) throws -> NumberedEvents {
        var batch = EventLogContract.batch(count, from: first, devices: devices, sensor: sensor)
        _ = numbers.assign(to: &batch.series)
        return try #require(batch.numbered())
    }

    private func numbers() -> SeriesNumbers {
        SeriesNumbers(countMax: 1000, partitionCount: 4)
    }

    /// What the log holds, by key, sorted by value.
    private func entries(_ log: any EventLog) async throws -> [EventLogContract.Entry] {
        try await EventLogContract.drain(log, eventCountMax: 100)
            .compactMap(\.record.events).flatMap(EventLogContract.entries)
            .sorted { Double(bitPattern: $0.valueBits) < Double(bitPattern: $1.valueBits) }
    }

    private func bytes(_ disk: FaultyDisk, _ name: String) throws -> [UInt8] {
        try #require(try disk.contents(of: "log/" + name))
    }

    /// Where a text stands.
    private func places(of text: String, in bytes: [UInt8]) -> [Int] {
        let text = Array(text.utf8)
        return bytes.indices.filter { bytes[$0...].starts(with: text) }
    }

    @Test("A segment has each name once, and each segment has the names it needs")
    func namedOnce() async throws {
        let disk = FaultyDisk()
        let log = try await openLog(disk, smallSegments(3000))
        let numbers = numbers()
        for number in 0..<40 {
            let events = try batch(
                16,
                from: number * 16,
                devices: 4,
                sensor: "pressure-\(number / 20)",
                by: numbers
            )
            _ = try await log.append(events, idempotencyKey: nil)
        }
        let segments = try disk.list("log").filter { $0.hasSuffix(".log") }
        #expect(segments.count > 3)
        for segment in segments {
            let bytes = try bytes(disk, segment)
            for name in ["pressure-0", "pressure-1"] {
                #expect([0, 4].contains(places(of: name, in: bytes).count), "\(segment) \(name)")
            }
        }
        await log.close()
    }

    @Test("A segment that is mostly names grows by twice as many bytes, at most to thrice its size")
    func namesGrowSegments() async throws {
        for (nameByteCount, growth) in [(60, 2), (900, 6)] {
            let disk = FaultyDisk()
            let log = try await openLog(disk, smallSegments(3000))
            let numbers = numbers()
            let sensor = String(repeating: "s", count: nameByteCount)
            for number in 0..<60 {
                let events = try batch(16, from: number * 16, sensor: sensor, by: numbers)
                _ = try await log.append(events, idempotencyKey: nil)
            }
            // Eight names; each time they came anew a segment began.
            let sealed = await log.sealedSegments()
            try #require(sealed.count > 1)
            let names = 8 * (nameByteCount + 8)
            for segment in sealed {
                let limit = 3000 + 2 * names
                let bytes = try self.bytes(disk, segmentName(segment.sequence))
                #expect(places(of: sensor, in: bytes).count == 8)
                #expect(segment.byteCount > min(limit, 9000) * 3 / 4, "\(segment.byteCount)")
                #expect(segment.byteCount < 1000 * (3 + growth) + 600, "\(segment.byteCount)")
            }
            await log.close()
        }
    }

    private func segmentName(_ sequence: Int64) -> String {
        let digits = "\(sequence)"
        return "segment-" + String(repeating: "0", count: 20 - digits.utf8.count) + digits + ".log"
    }

    @Test("The process that wrote gets numbers, from memory and from files; the next one names")
    func numbersAndNames() async throws {
        for cacheByteCount in [0, 1 << 20] {
            let disk = FaultyDisk()
            var configuration = smallSegments(3000)
            configuration.cacheByteCount = cacheByteCount
            var expected: [EventLogContract.Entry] = []
            for life in 0..<3 {
                let log = try await openLog(disk, configuration)
                let numbers = numbers()
                for number in 0..<30 {
                    // Other series have the numbers in another life.
                    let events = try batch(
                        10,
                        from: life * 300 + number * 10,
                        devices: 3 + (number + life * 7) % 11,
                        by: numbers
                    )
                    _ = try await log.append(events, idempotencyKey: nil)
                    expected += EventLogContract.entries(events.named())
                }
                #expect(try await entries(log) == expected)
                let frames = try await EventLogContract.drain(log, eventCountMax: 100)
                let own = frames.filter {
                    if case .numbered = $0.record { true } else { false }
                }
                #expect(own.reduce(0) { $0 + Int($1.endOffset - $1.baseOffset) } == 300)
                await log.close()
            }
        }
    }

    @Test("Names are found from any offset on, in one segment of several lives")
    func anyOffset() async throws {
        let disk = FaultyDisk()
        for life in 0..<4 {
            let log = try await openLog(disk)
            let numbers = numbers()
            for number in 0..<50 {
                let first = life * 1000 + number * 20
                let events = try batch(20, from: first, devices: 5 + life, by: numbers)
                _ = try await log.append(events, idempotencyKey: nil)
            }
            await log.close()
        }
        let log = try await openLog(disk)
        let all = try await EventLogContract.drain(log, eventCountMax: 100_000)
        let ends = await log.endOffsets()
        var byPartition: [[EventLogContract.Entry]] = [[], [], [], []]
        for frame in all {
            let events = try #require(frame.record.events)
            byPartition[frame.partition] += EventLogContract.entries(events)
        }
        for part in 0..<9 {
            let offsets = ends.map { $0 * Int64(part) / 9 }
            // Each time by a log that knows no names yet.
            let fresh = try await openLog(disk)
            var offset = offsets
            while case let frames = try await fresh.read(from: offset, eventCountMax: 150),
                !frames.isEmpty
            {
                for frame in frames {
                    let from = Int(offset[frame.partition])
                    let found = EventLogContract.entries(try #require(frame.record.events))
                    let expected = byPartition[frame.partition][from...].prefix(found.count)
                    #expect(found == Array(expected))
                    offset[frame.partition] = frame.endOffset
                }
            }
            #expect(offset == ends)
        }
    }

    @Test("What a failed write declared is declared again")
    func failedWrite() async throws {
        let disk = FaultyDisk()
        let log = try await openLog(disk)
        let numbers = numbers()
        disk.updateFaults { $0.writeErrorProbability = 1 }
        let events = try batch(20, by: numbers)
        await #expect(throws: FleetError.self) {
            _ = try await log.append(events, idempotencyKey: nil)
        }
        disk.updateFaults { $0.writeErrorProbability = 0 }
        _ = try await log.append(events, idempotencyKey: nil)
        await log.close()
        let again = try await openLog(disk)
        #expect(try await entries(again) == EventLogContract.entries(events.named()))
    }

    @Test("Two numberings in one log are told apart")
    func twoNumberings() async throws {
        let disk = FaultyDisk()
        let log = try await openLog(disk)
        let both = [numbers(), numbers()]
        var expected: [EventLogContract.Entry] = []
        for number in 0..<20 {
            let events = try batch(
                10,
                from: number * 10,
                devices: 3,
                sensor: "s\(number % 2)",
                by: both[number % 2]
            )
            _ = try await log.append(events, idempotencyKey: nil)
            expected += EventLogContract.entries(events.named())
        }
        #expect(try await entries(log) == expected)
        let joined = try await log.readJoined(from: [0, 0, 0, 0], eventCountMax: 1000)
        #expect(joined.reduce(0) { $0 + ($1.record.events?.count ?? 0) } == 200)
        await log.close()
        #expect(try await entries(try await openLog(disk)) == expected)
    }

    @Test("Damaged names are an error that names the place, and never other names")
    func damage() async throws {
        let disk = FaultyDisk()
        let log = try await openLog(disk, smallSegments(2000))
        let numbers = numbers()
        for number in 0..<30 {
            let events = try batch(20, from: number * 20, sensor: "pressure", by: numbers)
            _ = try await log.append(events, idempotencyKey: nil)
        }
        await log.close()
        let bytes = try bytes(disk, "segment-00000000000000000000.log")
        let at = try #require(places(of: "pressure", in: bytes).first)
        try disk.flipBit(1, at: at, of: firstSegment)
        let again = try await openLog(disk, smallSegments(2000))
        let error = await #expect(throws: FleetError.self) {
            _ = try await again.read(from: [7, 7, 7, 7], eventCountMax: 10)
        }
        #expect(error?.code == .dataLoss)
        #expect(error?.message.contains("segment-00000000000000000000.log") == true)
    }

    @Test("Frames of any times and values come back bit by bit, and cut ones are refused")
    func frames() throws {
        var random = SeededGenerator(seed: 5)
        let numbers = numbers()
        for round in 0..<60 {
            let count = Int.random(in: 1...80, using: &random)
            var events = try batch(count, devices: 1 + round % 9, by: numbers)
            for row in 0..<count {
                let spread: Int64 = [0, 1000, Int64(UInt32.max) * 3][round % 3]
                events.times[row] = -5 + Int64.random(in: 0...spread, using: &random)
                let bits = UInt64.random(in: 0...(.max), using: &random)
                events.values[row] = Double(bitPattern: bits)
            }
            let payload = try NumberedPayload(events, epoch: 7, partitionCount: 4)
            var start = 0
            for frame in payload.frames {
                let rows = (0..<count).filter { events.numbers[$0].partition == frame.partition }
                let bytes = Array(payload.bytes[start..<(start + frame.byteCount)])
                start += frame.byteCount
                var found = NumberedEvents(by: numbers)
                #expect(Self.read(bytes, frame.count, into: &found))
                #expect(found.numbers == rows.map { events.numbers[$0] })
                #expect(found.times == rows.map { events.times[$0] })
                #expect(
                    found.values.map(\.bitPattern) == rows.map { events.values[$0].bitPattern }
                )
                for length in stride(from: 0, to: bytes.count, by: 7) {
                    var cut = NumberedEvents(by: numbers)
                    #expect(!Self.read(Array(bytes[..<length]), frame.count, into: &cut))
                }
            }
            #expect(start == payload.bytes.count)
        }
    }

    private static func read(
        _ bytes: [UInt8],
        _ count: Int,
        into events: inout NumberedEvents
    ) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return reader.number(UInt64.self) == 7 && events.append(&reader, count: count)
        }
    }
}
