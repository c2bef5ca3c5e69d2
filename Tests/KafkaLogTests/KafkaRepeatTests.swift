import Core
import EventLog
import KafkaLog
import TestKit
import Testing

@Suite("A batch that is sent again", .timeLimit(.minutes(2))) struct KafkaRepeatTests {
    private func batch(_ first: Int, _ count: Int = 16) -> EventBatch {
        EventLogContract.batch(count, from: first)
    }

    @Test("It counts once when another process takes it, and after every restart of the reader")
    func otherProcess() async throws {
        let broker = try MockBroker.shared.get()
        let topic = try broker.topic()
        let first = try await openLog(broker.address, topic)
        let second = try await openLog(broker.address, topic)
        _ = try await first.append(batch(0), idempotencyKey: "a")
        _ = try await second.append(batch(16), idempotencyKey: "b")
        let again = try await second.append(batch(0), idempotencyKey: "a")
        #expect(again == AppendReceipt(accepted: 16, isDuplicate: false))
        _ = try await first.append(batch(16), idempotencyKey: "b")
        _ = try await second.append(batch(32), idempotencyKey: nil)
        let frames = try await EventLogContract.drain(first)
        #expect(values(frames).sorted() == Array(0..<48))

        // A reader that begins between the first time and the second, anywhere.
        for start in frames where start.partition == frames[0].partition {
            let reader = try await openLog(broker.address, topic)
            var offsets = [Int64](repeating: .max, count: 4)
            offsets[start.partition] = start.endOffset
            let rest = try await EventLogContract.drain(reader, from: offsets)
            let wanted = frames.filter {
                $0.partition == start.partition && $0.baseOffset >= start.endOffset
            }
            #expect(values(rest) == values(wanted), "from \(start.endOffset)")
            await reader.close()
        }
        await first.close()
        await second.close()
    }

    @Test("What is too far back to be remembered counts again, for every reader alike")
    func beyondWindow() async throws {
        let broker = try MockBroker.shared.get()
        let topic = try broker.topic(1)
        let first = try await openLog(broker.address, topic, change: { $0.dedupeOffsetCount = 3 })
        let second = try await openLog(broker.address, topic, change: { $0.dedupeOffsetCount = 3 })
        let keys = ["a", "b", "a", "c", "d", "e", "f", "b", "f", "f"]
        for (index, key) in keys.enumerated() {
            // A process a batch, so that only readers can find out.
            let sender = try await openLog(broker.address, topic)
            _ = try await sender.append(batch(index, 1), idempotencyKey: key)
            await sender.close()
        }
        let wanted = [0, 1, 3, 4, 5, 6, 7]
        let all = try await EventLogContract.drain(first)
        #expect(values(all) == wanted)
        for start in 0..<keys.count {
            let rest = try await EventLogContract.drain(second, from: [Int64(start)])
            #expect(values(rest) == wanted.filter { $0 >= start }, "from \(start)")
        }
        await first.close()
        await second.close()
    }
}
