package import Core
package import EventLog
import Synchronization

/// What every ``EventLog`` does, run on the segment log and on the in-memory twin.
package enum EventLogContract {
    /// One promise; `run` gets an empty log of four partitions.
    package struct Check: Sendable, CustomStringConvertible {
        package let description: String
        package let run: @Sendable (any EventLog) async throws -> Void
    }

    /// A promise that a log broke.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// What tests give to logs to measure timeouts with.
    package static let clock: any Clock<Duration> = ContinuousClock()

    package static let checks: [Check] =
        writing + reading + idempotency + waiting

    /// Events in frames, of one partition or of all.
    package static func eventCount(_ frames: [LogFrame], partition: Int? = nil) -> Int {
        frames.reduce(0) { sum, frame in
            guard (partition ?? frame.partition) == frame.partition,
                let batch = frame.record.events
            else { return sum }
            return sum + batch.count
        }
    }

    /// An event as it came out of a log, comparable bit by bit.
    package struct Entry: Hashable, Sendable {
        package let key: SeriesKey
        package let time: Int64
        package let valueBits: UInt64
    }

    /// The entries of a batch.
    package static func entries(_ batch: EventBatch) -> [Entry] {
        (0..<batch.count).map { row in
            Entry(
                key: batch.series.keys[Int(batch.seriesIndex[row])],
                time: batch.times[row],
                valueBits: batch.values[row].bitPattern
            )
        }
    }

    /// A batch over some devices; values count up from a number.
    package static func batch(
        _ count: Int,
        from first: Int = 0,
        devices: Int = 8,
        sensor: String = "s"
    ) -> EventBatch {
        var batch = EventBatch()
        for index in first..<(first + count) {
            let key = SeriesKey(uncheckedDevice: "device-\(index % devices)", sensor: sensor)
            batch.append(key, Timestamp(seconds: Int64(index)), Double(index))
        }
        return batch
    }

    /// Reads everything from given offsets on, in small steps; checks how offsets follow.
    package static func drain(
        _ log: any EventLog,
        from start: [Int64]? = nil,
        eventCountMax: Int = 7
    ) async throws -> [LogFrame] {
        var offsets: [Int64]
        if let start { offsets = start } else { offsets = await log.startOffsets() }
        var frames: [LogFrame] = []
        while true {
            let more = try await log.read(from: offsets, eventCountMax: eventCountMax)
            if more.isEmpty { break }
            for frame in more {
                let wanted = offsets[frame.partition]
                try expect(
                    log.offsetsHaveGaps ? frame.baseOffset >= wanted : frame.baseOffset == wanted,
                    "order: partition \(frame.partition) at \(frame.baseOffset), "
                        + "wanted \(wanted)"
                )
                try expect(frame.endOffset > frame.baseOffset, "a frame takes an offset")
                offsets[frame.partition] = frame.endOffset
            }
            frames += more
        }
        let end = await log.endOffsets()
        try expect(zip(offsets, end).allSatisfy { $0 >= $1 }, "read all: \(offsets) of \(end)")
        return frames
    }

    /// Throws a ``Failure`` when a condition does not hold.
    package static func expect(_ condition: Bool, _ what: String) throws {
        guard condition else { throw Failure(description: "not as promised: \(what)") }
    }

    /// Throws a ``Failure`` unless the call throws an error of this code.
    package static func expectError(
        _ code: FleetErrorCode,
        _ call: () async throws -> Void
    ) async throws {
        do {
            try await call()
        } catch let error as FleetError {
            try expect(error.code == code, "code \(code), got \(error.code): \(error)")
            return
        }
        throw Failure(description: "not as promised: an error \(code)")
    }
}

extension EventLogContract {
    private static let writing: [Check] = [
        Check(description: "events come back by partition, in order, bit by bit") { log in
            var batch = EventBatch()
            let values = [0.1, -0.0, .nan, .infinity, -.infinity, .leastNonzeroMagnitude]
            for (index, value) in values.enumerated() {
                let key = SeriesKey(uncheckedDevice: "gerät \(index % 3)", sensor: "温度")
                batch.append(key, Timestamp(microseconds: Int64.max - Int64(index)), value)
            }
            let receipt = try await log.append(batch, idempotencyKey: nil)
            try expect(receipt == AppendReceipt(accepted: 6, isDuplicate: false), "\(receipt)")
            let frames = try await drain(log)
            for frame in frames {
                guard let part = frame.record.events else { continue }
                try expect(
                    part.series.keys.allSatisfy { $0.partition(of: 4) == frame.partition },
                    "keys of one partition"
                )
                let wanted = entries(batch).filter { $0.key.partition(of: 4) == frame.partition }
                try expect(entries(part) == wanted, "entries of partition \(frame.partition)")
            }
            try expect(eventCount(frames) == 6, "\(eventCount(frames)) events of 6")
            let counts = await log.endOffsets()
            try expect(log.offsetsHaveGaps || counts.reduce(0, +) == 6, "offsets \(counts)")
            try expect(await log.startOffsets() == [0, 0, 0, 0], "starts at 0")
        },
        Check(description: "an empty batch appends nothing") { log in
            let receipt = try await log.append(EventBatch(), idempotencyKey: nil)
            try expect(receipt == AppendReceipt(accepted: 0, isDuplicate: false), "\(receipt)")
            try expect(try await log.read(from: [0, 0, 0, 0], eventCountMax: 9).isEmpty, "empty")
        },
        Check(description: "a control record takes one offset and keeps its place") { log in
            let until = Timestamp(seconds: 77)
            _ = try await log.append(batch(1, devices: 1), idempotencyKey: nil)
            let partition = SeriesKey(uncheckedDevice: "device-0", sensor: "s").partition(of: 4)
            try await log.append(control: .idle(until: until), partition: partition)
            try await log.append(control: .complete, partition: partition)
            _ = try await log.append(batch(2, devices: 1), idempotencyKey: nil)
            let frames = try await drain(log)
            try expect(frames.map(\.baseOffset) == [0, 1, 2, 3], "\(frames.map(\.baseOffset))")
            let end: Int64 = frames.last?.hasOffsetPerEvent == true ? 5 : 4
            try expect(frames.map(\.endOffset) == [1, 2, 3, end], "\(frames.map(\.endOffset))")
            guard case .idle(let read) = frames[1].record, read == until,
                case .complete = frames[2].record
            else { throw Failure(description: "not as promised: the control records") }
        },
        Check(description: "malformed appends are refused") { log in
            try await expectError(.invalidArgument) {
                try await log.append(control: .complete, partition: 4)
            }
            try await expectError(.invalidArgument) {
                try await log.append(control: .complete, partition: -1)
            }
            try await expectError(.invalidArgument) {
                try await log.append(control: .events(batch(1)), partition: 0)
            }
            var broken = batch(3)
            broken.times.removeLast()
            try await expectError(.invalidArgument) { [broken] in
                _ = try await log.append(broken, idempotencyKey: nil)
            }
            var unknown = batch(3)
            unknown.seriesIndex[1] = 99
            try await expectError(.invalidArgument) { [unknown] in
                _ = try await log.append(unknown, idempotencyKey: nil)
            }
            try expect(await log.endOffsets() == [0, 0, 0, 0], "nothing appended")
        },
        Check(description: "many tasks append without gaps and each in its order") { log in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<16 {
                    group.addTask {
                        for number in 0..<100 {
                            let events = batch(
                                3,
                                from: number * 3,
                                devices: 5,
                                sensor: "task-\(task)"
                            )
                            _ = try await log.append(events, idempotencyKey: nil)
                        }
                    }
                }
                try await group.waitForAll()
            }
            var last: [SeriesKey: Int64] = [:]
            var count = 0
            for frame in try await drain(log, eventCountMax: 500) {
                guard let part = frame.record.events else { continue }
                for entry in entries(part) {
                    try expect(last[entry.key, default: -1] < entry.time, "order of \(entry.key)")
                    last[entry.key] = entry.time
                    count += 1
                }
            }
            try expect(count == 4800, "\(count) events of 4800")
        },
        Check(description: "a closed log refuses appends") { log in
            await log.close()
            await log.close()
            try await expectError(.unavailable) {
                _ = try await log.append(batch(1), idempotencyKey: nil)
            }
            try await expectError(.unavailable) {
                _ = try await log.append(EventBatch(), idempotencyKey: nil)
            }
            try await expectError(.unavailable) {
                try await log.append(control: .complete, partition: 0)
            }
        },
    ]

    private static let reading: [Check] = [
        Check(description: "a read inside a frame is cut to begin there") { log in
            _ = try await log.append(batch(10, devices: 1), idempotencyKey: nil)
            let partition = SeriesKey(uncheckedDevice: "device-0", sensor: "s").partition(of: 4)
            let whole = try await drain(log)
            try expect(eventCount(whole) == 10, "all of it")
            // A broker's message has one offset: it is whole or not there.
            guard whole.allSatisfy(\.hasOffsetPerEvent) else { return }
            for offset in 0..<10 {
                var offsets: [Int64] = [0, 0, 0, 0]
                offsets[partition] = Int64(offset)
                let frames = try await log.read(from: offsets, eventCountMax: 100)
                guard frames.count == 1, let part = frames[0].record.events else {
                    throw Failure(description: "not as promised: one frame at \(offset)")
                }
                try expect(frames[0].baseOffset == Int64(offset), "begins at \(offset)")
                try expect(part.values == (offset..<10).map(Double.init), "rest at \(offset)")
            }
        },
        Check(description: "a read is bounded but never empty while there is more") { log in
            for number in 0..<20 {
                _ = try await log.append(batch(5, from: number * 5), idempotencyKey: nil)
            }
            for bound in [-1, 0, 1, 2, 4, 9, 1000] {
                let count = eventCount(try await drain(log, eventCountMax: bound))
                try expect(count == 100, "\(count) events of 100 with bound \(bound)")
            }
            let count = eventCount(try await log.read(from: [0, 0, 0, 0], eventCountMax: 9))
            try expect(count <= 9, "\(count) events above the bound 9")
        },
        Check(description: "each partition is read from its own offset") { log in
            for number in 0..<10 {
                _ = try await log.append(batch(16, from: number * 16), idempotencyKey: nil)
            }
            let end = await log.endOffsets()
            for partition in 0..<4 where end[partition] > 0 {
                var offsets = end
                offsets[partition] = end[partition] / 2
                let frames = try await drain(log, from: offsets)
                try expect(
                    frames.allSatisfy { $0.partition == partition },
                    "only partition \(partition)"
                )
            }
            try expect(
                try await log.read(from: end, eventCountMax: 9).isEmpty,
                "nothing at the end"
            )
            let beyond = end.map { $0 + 5 }
            try expect(try await log.read(from: beyond, eventCountMax: 9).isEmpty, "nor beyond it")
        },
        Check(description: "a partition of which nothing is wanted gives nothing") { log in
            _ = try await log.append(batch(64), idempotencyKey: nil)
            for wanted in 0..<4 {
                var offsets = [Int64](repeating: .max, count: 4)
                try expect(
                    try await log.read(from: offsets, eventCountMax: 9).isEmpty,
                    "nothing wanted"
                )
                offsets[wanted] = 0
                let frames = try await drain(log, from: offsets)
                try expect(
                    frames.allSatisfy { $0.partition == wanted },
                    "only partition \(wanted)"
                )
                let all = eventCount(try await drain(log), partition: wanted)
                try expect(eventCount(frames) == all, "all of partition \(wanted)")
                // Nothing wanted is nothing to wait for.
                offsets[wanted] = .max
                await log.waitForAppend(beyond: offsets, timeout: .milliseconds(5))
            }
        },
        Check(description: "the assignment names partitions in order and stays") { log in
            let assignment = await log.assignment()
            try expect(assignment.partitions == [0, 1, 2, 3], "\(assignment.partitions)")
            try expect(await log.assignment() == assignment, "the same again")
        },
        Check(description: "wrong offsets are refused") { log in
            try await expectError(.invalidArgument) {
                _ = try await log.read(from: [0], eventCountMax: 1)
            }
            try await expectError(.dataLoss) {
                _ = try await log.read(from: [0, 0, -1, 0], eventCountMax: 1)
            }
        },
    ]

    private static let idempotency: [Check] = [
        Check(description: "a known key appends nothing and answers the first count") { log in
            _ = try await log.append(batch(5), idempotencyKey: "a")
            let again = try await log.append(batch(9), idempotencyKey: "a")
            try expect(again == AppendReceipt(accepted: 5, isDuplicate: true), "\(again)")
            let other = try await log.append(batch(2), idempotencyKey: "b")
            try expect(other == AppendReceipt(accepted: 2, isDuplicate: false), "\(other)")
            _ = try await log.append(EventBatch(), idempotencyKey: "empty")
            let empty = try await log.append(batch(3), idempotencyKey: "empty")
            try expect(empty == AppendReceipt(accepted: 0, isDuplicate: true), "\(empty)")
            try expect(eventCount(try await drain(log)) == 7, "seven events")
        },
        Check(description: "many appends of one key at once append it once") { log in
            let receipts = try await withThrowingTaskGroup(of: AppendReceipt.self) { group in
                for _ in 0..<20 {
                    group.addTask { try await log.append(batch(4), idempotencyKey: "same") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try expect(receipts.filter { !$0.isDuplicate }.count == 1, "one is first")
            try expect(receipts.allSatisfy { $0.accepted == 4 }, "all answer its count")
            try expect(eventCount(try await drain(log)) == 4, "four events")
        },
        Check(description: "a key that is empty or too long is refused") { log in
            try await expectError(.invalidArgument) {
                _ = try await log.append(batch(1), idempotencyKey: "")
            }
            try await expectError(.invalidArgument) {
                _ = try await log.append(
                    batch(1),
                    idempotencyKey: String(repeating: "k", count: 257)
                )
            }
        },
    ]

    private static let waiting: [Check] = [
        Check(description: "a wait ends with an append, at once when something is there") { log in
            async let wait: Void = log.waitForAppend(
                beyond: [0, 0, 0, 0],
                timeout: .seconds(60)
            )
            _ = try await log.append(batch(1), idempotencyKey: nil)
            await wait
            await log.waitForAppend(beyond: [0, 0, 0, 0], timeout: .seconds(60))
        },
        Check(description: "a wait ends at its timeout and when it is cancelled") { log in
            await log.waitForAppend(beyond: [0, 0, 0, 0], timeout: .milliseconds(5))
            let task = Task {
                await log.waitForAppend(beyond: [0, 0, 0, 0], timeout: .seconds(60))
            }
            task.cancel()
            await task.value
        },
    ]
}
