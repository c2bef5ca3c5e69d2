import Core
import EventLog
import KafkaLog
import TestKit
import Testing

@Suite("Brokers that fail", .timeLimit(.minutes(3))) struct KafkaFailureTests {
    @Test("A wrong address is named, with the reason")
    func wrongAddress() async throws {
        let error = await #expect(throws: FleetError.self) {
            _ = try await openLog(
                "127.0.0.1:1",
                "t",
                change: { $0.connectTimeout = .seconds(2) }
            )
        }
        #expect(error?.code == .unavailable)
        #expect(error?.isRetriable == true)
        let text = error?.description ?? ""
        #expect(text.contains("127.0.0.1:1") && text.contains("refused"), "\(text)")
        #expect(!text.contains("\n"))
    }

    @Test("A topic with another partition count is a conflict")
    func otherCount() async throws {
        let broker = try MockBroker.shared.get()
        let topic = try broker.topic(3)
        let error = await #expect(throws: FleetError.self) {
            _ = try await openLog(broker.address, topic, change: { $0.partitionCount = 4 })
        }
        #expect(error?.code == .conflict)
        let log = try await openLog(broker.address, topic)
        #expect(log.partitionCount == 3)
        await log.close()
    }

    @Test("A missing topic that the broker cannot make is named")
    func missingTopic() async throws {
        let broker = try MockBroker.shared.get()
        let name = TopicNames.next()
        let error = await #expect(throws: FleetError.self) {
            _ = try await openLog(
                broker.address,
                name,
                change: { $0.connectTimeout = .seconds(2) }
            )
        }
        #expect(error?.message.contains(name) == true, "\(error?.description ?? "")")
    }

    @Test("Without brokers appends fail in time, as exhausted or unavailable, and close ends")
    func overload() async throws {
        let broker = try MockBroker()
        let log = try await openLog(
            broker.address,
            try broker.topic(),
            change: {
                $0.deliveryTimeout = .seconds(2)
                $0.pendingByteCountMax = 1 << 20
            }
        )
        _ = try await log.append(EventLogContract.batch(10), idempotencyKey: nil)
        broker.kill()
        let clock = ContinuousClock()
        let start = clock.now
        let codes = await withTaskGroup(of: FleetErrorCode?.self) { group in
            for number in 0..<40 {
                group.addTask {
                    do {
                        let events = EventLogContract.batch(10_000, from: number * 10_000)
                        _ = try await log.append(events, idempotencyKey: "\(number)")
                        return nil
                    } catch {
                        let error = error as? FleetError
                        return error?.isRetriable == true ? error?.code : nil
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.allSatisfy { $0 == .resourceExhausted || $0 == .unavailable })
        #expect(codes.contains(.resourceExhausted))
        #expect(codes.contains(.unavailable))
        #expect(clock.now - start < .seconds(20))
        // Reading does not fail for it: there is nothing new.
        let ends = await log.endOffsets()
        #expect(try await log.read(from: ends, eventCountMax: 10).isEmpty)
        await log.close()
        #expect(clock.now - start < .seconds(40))
    }

    @Test(
        "A broker that restarts keeps what was acknowledged, and the log goes on by itself",
        .disabled(if: DurableBroker.isMissing, DurableBroker.howToGetIt)
    )
    func restart() async throws {
        let broker = try DurableBroker()
        let topic = TopicNames.next()
        let log = try await openLog(
            broker.address,
            topic,
            change: {
                $0.partitionCount = 4
                $0.deliveryTimeout = .seconds(2)
            }
        )
        for number in 0..<20 {
            _ = try await log.append(
                EventLogContract.batch(10, from: number * 10),
                idempotencyKey: "\(number)"
            )
        }
        let frames = try await EventLogContract.drain(log)
        #expect(values(frames).sorted() == Array(0..<200))
        try broker.stop()
        let error = await #expect(throws: FleetError.self) {
            _ = try await log.append(EventLogContract.batch(10, from: 200), idempotencyKey: "20")
        }
        #expect(error?.code == .unavailable)
        try broker.start()
        try await eventually("appends after the restart") {
            do {
                let events = EventLogContract.batch(10, from: 200)
                return try await log.append(events, idempotencyKey: "20").accepted == 10
            } catch let error as FleetError where error.isRetriable {
                return false
            }
        }
        // The reader that was there before goes on, and another one sees all of it.
        var ends = [Int64](repeating: 0, count: 4)
        for frame in frames { ends[frame.partition] = frame.endOffset }
        let rest = try await EventLogContract.drain(log, from: ends)
        #expect(Set(values(rest)) == Set(200..<210))
        let other = try await openLog(broker.address, topic)
        #expect(values(try await EventLogContract.drain(other)).sorted() == Array(0..<210))
        await other.close()
        await log.close()
    }
}
