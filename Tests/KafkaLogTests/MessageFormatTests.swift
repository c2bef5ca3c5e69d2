import Core
import EventLog
@testable import KafkaLog
import TestKit
import Testing

@Suite("The log's own messages") struct MessageFormatTests {
    private typealias Entry = EventLogContract.Entry

    /// Batches that differ in every way the format cares for.
    private static func batch(_ random: inout SeededRandom, wide: Bool) -> EventBatch {
        var batch = EventBatch()
        let seriesCount = [1, 3, 300, 70_000][random.below(4)]
        for series in 0..<min(seriesCount, 2000) {
            _ = batch.series.insert(SeriesKey(uncheckedDevice: "gerät-\(series)", sensor: "s"))
        }
        for _ in 0..<random.below(3000) {
            batch.append(
                series: UInt32(random.below(batch.series.count)),
                time: wide ? Int64(bitPattern: random.next()) : Int64(random.below(1_000_000)),
                value: Double(bitPattern: random.next())
            )
        }
        return batch
    }

    private func decoded(
        _ messages: [EncodedMessage],
        _ partitionCount: Int
    ) -> [Int: [Entry]] {
        var decoder = MessageDecoder(partitionCount: partitionCount, checksPartition: true)
        var found: [Int: [Entry]] = [:]
        for message in messages {
            let content = message.payload.withUnsafeBytes {
                #expect(MessageDecoder.eventCount($0) == message.eventCount)
                return decoder.decode($0, partition: message.partition)
            }
            guard case .events(let batch, misplaced: nil) = content else {
                Issue.record("\(content)")
                continue
            }
            #expect(batch.count == message.eventCount)
            found[message.partition, default: []] += EventLogContract.entries(batch)
        }
        return found
    }

    @Test("Every batch comes back by partition, in order, bit by bit", arguments: 0..<20)
    func roundTrip(_ seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let batch = Self.batch(&random, wide: seed % 2 == 0)
        let partitionCount = [1, 4, 7, 1024][seed % 4]
        let messages = try MessageEncoder.messages(of: batch, partitionCount: partitionCount)
        let found = decoded(messages, partitionCount)
        let wanted = Dictionary(grouping: EventLogContract.entries(batch)) {
            $0.key.partition(of: partitionCount)
        }
        #expect(found == wanted)
    }

    @Test("A large batch is cut below the size limit, alike every time")
    func cut() throws {
        var batch = EventBatch()
        let long = String(repeating: "x", count: 250)
        for index in 0..<200_000 {
            let name = index % 3 == 0 ? "d\(index % 1000)\(long)" : "d\(index % 7)"
            batch.append(
                series: batch.series.insert(SeriesKey(uncheckedDevice: name, sensor: long)),
                time: Int64(index) << 20,
                value: 1
            )
        }
        let messages = try MessageEncoder.messages(of: batch, partitionCount: 2)
        #expect(messages.count > 4)
        #expect(messages.allSatisfy { $0.payload.count <= MessageFormat.byteCountMax })
        for partition in 0..<2 {
            let parts = messages.filter { $0.partition == partition }.map(\.part)
            #expect(parts == Array(0..<parts.count))
        }
        // The same cut with other values and times: what is sent again has the same parts.
        var other = batch
        other.times = other.times.map { _ in 0 }
        let again = try MessageEncoder.messages(of: other, partitionCount: 2)
        #expect(again.map(\.eventCount) == messages.map(\.eventCount))
        #expect(decoded(messages, 2).values.reduce(0) { $0 + $1.count } == 200_000)
    }

    @Test("An event on a partition that is not its own is taken out and counted")
    func misplaced() throws {
        let batch = EventLogContract.batch(64)
        let messages = try MessageEncoder.messages(of: batch, partitionCount: 1)
        var decoder = MessageDecoder(partitionCount: 4, checksPartition: true)
        var kept = 0
        for partition in 0..<4 {
            let content = messages[0].payload.withUnsafeBytes {
                decoder.decode($0, partition: partition)
            }
            guard case .events(let events, let misplaced) = content else {
                Issue.record("\(content)")
                continue
            }
            #expect(events.series.keys.count == 8)
            #expect(
                EventLogContract.entries(events).allSatisfy {
                    $0.key.partition(of: 4) == partition
                }
            )
            #expect(events.count + (misplaced?.count ?? 0) == 64)
            #expect(misplaced?.reason == "wrong_partition")
            kept += events.count
        }
        #expect(kept == 64)
        var trusting = MessageDecoder(partitionCount: 4, checksPartition: false)
        let all = messages[0].payload.withUnsafeBytes { trusting.decode($0, partition: 3) }
        guard case .events(let events, misplaced: nil) = all else {
            Issue.record("\(all)")
            return
        }
        #expect(events.count == 64)
    }

    @Test("Names that a reader would refuse are refused when they are appended")
    func names() throws {
        for name in ["", "a/b", "a\u{7}", String(repeating: "n", count: 257)] {
            var batch = EventBatch()
            batch.append(SeriesKey(uncheckedDevice: name, sensor: "s"), Timestamp(seconds: 1), 1)
            #expect(throws: FleetError.self) {
                try MessageEncoder.messages(of: batch, partitionCount: 4)
            }
        }
    }

    @Test("A changed or cut message is damaged, never another one")
    func damage() throws {
        let message = try MessageEncoder.messages(
            of: EventLogContract.batch(20),
            partitionCount: 1
        )[0].payload
        var decoder = MessageDecoder(partitionCount: 1, checksPartition: true)
        for position in message.indices {
            for bit in 0..<8 {
                var changed = message
                changed[position] ^= 1 << UInt8(bit)
                let content = changed.withUnsafeBytes { decoder.decode($0, partition: 0) }
                guard case .damaged = content else {
                    Issue.record("bit \(bit) of byte \(position)")
                    return
                }
            }
            let content = message[..<position].withUnsafeBytes {
                decoder.decode($0, partition: 0)
            }
            guard case .damaged = content else {
                Issue.record("cut at \(position)")
                return
            }
        }
    }

    @Test("Hostile bytes behind a good checksum never trap", arguments: 0..<8)
    func hostile(_ seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let good = try MessageEncoder.messages(
            of: EventLogContract.batch(20),
            partitionCount: 1
        )[0].payload
        var decoder = MessageDecoder(partitionCount: 1, checksPartition: true)
        var damagedCount = 0
        for _ in 0..<4000 {
            var bytes = Array(good.prefix(16 + random.below(good.count)))
            for _ in 0..<random.below(4) {
                let position = 16 + random.below(max(1, min(40, bytes.count - 16)))
                guard position < bytes.count else { continue }
                bytes[position] = [0, 0xFF, 0x7F, 0x80, UInt8(random.below(256))][random.below(5)]
            }
            let kind = UInt8(random.below(5))
            let widths = UInt8(random.below(8))
            bytes.withUnsafeMutableBytes { MessageFormat.seal($0, kind: kind, widths: widths) }
            let content = bytes.withUnsafeBytes { decoder.decode($0, partition: 0) }
            switch content {
            case .damaged: damagedCount += 1
            case .events(let batch, _):
                #expect(batch.seriesIndex.allSatisfy { $0 < batch.series.count })
                #expect(batch.times.count == batch.count)
            case .control: break
            }
        }
        #expect(damagedCount > 2000)
    }

    @Test("Control records come back")
    func control() throws {
        var decoder = MessageDecoder(partitionCount: 1, checksPartition: true)
        let until = Timestamp(microseconds: -5)
        let idle = try MessageFormat.encode(control: .idle(until: until), partition: 0)
        guard
            case .control(.idle(let read)) = idle.withUnsafeBytes({
                decoder.decode($0, partition: 0)
            })
        else {
            Issue.record("no idle record")
            return
        }
        #expect(read == until)
        let complete = try MessageFormat.encode(control: .complete, partition: 0)
        guard
            case .control(.complete) = complete.withUnsafeBytes({
                decoder.decode($0, partition: 0)
            })
        else {
            Issue.record("no complete record")
            return
        }
    }
}
