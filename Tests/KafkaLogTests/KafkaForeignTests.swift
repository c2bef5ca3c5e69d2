import Core
import EventLog
import KafkaLog
import Synchronization
import TestKit
import Testing

@Suite("Messages of other programs", .timeLimit(.minutes(2))) struct KafkaForeignTests {
    /// Reads "device=value device=value …"; a word without = is rejected.
    private static let decode: ForeignDecoder = { message, events in
        var rejects: [ForeignReject] = []
        for word in String(decoding: message.value, as: UTF8.self).split(separator: " ") {
            let parts = word.split(separator: "=")
            guard parts.count == 2, let value = Double(parts[1]) else {
                rejects.append(ForeignReject(reason: "malformed", sample: String(word)))
                continue
            }
            let device =
                parts[0] == "KEY" ? String(decoding: message.key, as: UTF8.self) : String(parts[0])
            events.append(
                SeriesKey(uncheckedDevice: device, sensor: "s"),
                message.time ?? .distantPast,
                value
            )
        }
        return rejects
    }

    /// A device that our hash puts on a partition.
    private static func device(on partition: Int) -> String {
        var number = 0
        while SeriesKey(uncheckedDevice: "d\(number)", sensor: "").partition(of: 4) != partition {
            number += 1
        }
        return "d\(number)"
    }

    final class Rejects: Sendable {
        private let list = Mutex<[KafkaReject]>([])

        func add(_ rejects: [KafkaReject]) { list.withLock { $0 += rejects } }

        var all: [KafkaReject] { list.withLock { $0 } }
    }

    private func drained(_ log: KafkaLog) async throws -> [LogFrame] {
        try await EventLogContract.drain(log, eventCountMax: 1000)
    }

    @Test("They become events; what cannot be read and what is misplaced is reported")
    func mixed() async throws {
        let broker = try MockBroker.shared.get()
        let topic = try broker.topic()
        let here = Self.device(on: 1)
        let elsewhere = Self.device(on: 2)
        let producer = try ForeignProducer(broker.address, topic)
        try producer.send((0..<50).map { "\(here)=\($0)" }, partition: 1)
        try producer.send(
            ["nonsense", "\(here)=50 bad \(here)=51", "\(elsewhere)=7"],
            partition: 1
        )
        try producer.send(["\(here)=52"], partition: 1)
        let rejects = Rejects()
        let log = try await openLog(
            broker.address,
            topic,
            decode: Self.decode,
            reject: { rejects.add($0) }
        )
        var own = EventBatch()
        let key = SeriesKey(uncheckedDevice: here, sensor: "s")
        own.append(key, Timestamp(seconds: 1), 53)
        own.append(key, Timestamp(seconds: 1), 54)
        _ = try await log.append(own, idempotencyKey: nil)
        let frames = try await drained(log)
        #expect(values(frames) == Array(0...54))
        #expect(frames.map(\.partition).allSatisfy { $0 == 1 })
        #expect(frames.last?.endOffset == 55)
        // Fifty messages are not fifty frames.
        #expect(frames.count < 10)
        let found = rejects.all
        #expect(found.map(\.offset) == [50, 51, 52])
        #expect(found.map(\.reject.reason) == ["malformed", "malformed", "wrong_partition"])
        #expect(found.last?.reject.sample == "\(elsewhere)/s")
        #expect(found[0].time == Timestamp(seconds: 1))

        // Reading on inside the run of single events gives the rest of it.
        let rest = try await EventLogContract.drain(log, from: [.max, 20, .max, .max])
        #expect(values(rest) == Array(20...54))
        await log.close()
    }

    @Test("Where producers decide about partitions nothing is misplaced")
    func anyPartition() async throws {
        let broker = try MockBroker.shared.get()
        let topic = try broker.topic()
        try ForeignProducer(broker.address, topic).send(
            ["\(Self.device(on: 2))=1", "\(Self.device(on: 3))=2"],
            partition: 0
        )
        let rejects = Rejects()
        let log = try await openLog(
            broker.address,
            topic,
            decode: Self.decode,
            reject: { rejects.add($0) },
            change: { $0.partitioning = .any }
        )
        let frames = try await drained(log)
        #expect(values(frames) == [1, 2])
        #expect(rejects.all.isEmpty)
        await log.close()
    }

    @Test("A message nobody can read is reported once and passed over")
    func unreadable() async throws {
        let broker = try MockBroker.shared.get()
        let topic = try broker.topic()
        let producer = try ForeignProducer(broker.address, topic)
        try producer.send(["what", ""], partition: 3)
        let format = [
            ("fleetscore-format", "1"), ("fleetscore-batch", "k"), ("fleetscore-part", "0"),
        ]
        try producer.send(["FSK1 but no more"], partition: 3, headers: format)
        let rejects = Rejects()
        let log = try await openLog(broker.address, topic, reject: { rejects.add($0) })
        let frames = try await drained(log)
        #expect(values(frames).isEmpty)
        #expect(frames.last?.endOffset == 3)
        #expect(
            rejects.all.map(\.reject.reason)
                == ["unknown_format", "unknown_format", "damaged_message"]
        )
        #expect(rejects.all.first?.reject.sample == "what")
        await log.close()
    }

    @Test("A time in the future is not believed")
    func future() async throws {
        let broker = try MockBroker.shared.get()
        let topic = try broker.topic()
        let now = SystemWallClock().now
        try ForeignProducer(broker.address, topic).send(
            ["\(Self.device(on: 0))=1"],
            partition: 0,
            time: now + .seconds(86_400)
        )
        let log = try await openLog(broker.address, topic, decode: Self.decode)
        let frames = try await drained(log)
        #expect(frames.count == 1)
        #expect(frames.allSatisfy { $0.appendedAt <= SystemWallClock().now })
        await log.close()
    }

    @Test("Messages of one millisecond have times of their own, the same at every reading")
    func times() async throws {
        let broker = try MockBroker.shared.get()
        let topic = try broker.topic()
        let device = Self.device(on: 2)
        try ForeignProducer(broker.address, topic).send(
            (0..<100).map { "\(device)=\($0)" },
            partition: 2,
            time: Timestamp(seconds: 5)
        )
        let log = try await openLog(broker.address, topic, decode: Self.decode)
        let expected = (0..<100).map { Int64(5_000_000 + $0) }
        #expect(Self.times(try await drained(log)) == expected)
        let rest = try await EventLogContract.drain(log, from: [.max, .max, 40, .max])
        #expect(Self.times(rest) == Array(expected[40...]))
        await log.close()
    }

    private static func times(_ frames: [LogFrame]) -> [Int64] {
        frames.flatMap { frame -> [Int64] in
            if let batch = frame.record.events { batch.times } else { [] }
        }
    }

    @Test("The time is the millisecond and, within it, the offset; none is made up")
    func timeOfOffset() {
        func time(_ milliseconds: Int64, _ offset: Int64) -> Int64? {
            ForeignMessage.time(milliseconds: milliseconds, offset: offset)?.microseconds
        }
        #expect(time(7, 0) == 7000)
        #expect(time(7, 12_345) == 7345)
        #expect(time(-1, 3) == nil)
        #expect(time(.max, 3) == nil)
        #expect(time(.max / 1000, 3) == nil)
    }
}
