import Core
import EventLog
import KafkaLog
import TestKit
import Testing

@Suite("The log as a Kafka topic", .timeLimit(.minutes(5))) struct KafkaContractTests {
    @Test("It keeps the log's promises on a broker in memory", arguments: EventLogContract.checks)
    func memory(_ check: EventLogContract.Check) async throws {
        let broker = try MockBroker.shared.get()
        let log = try await openLog(broker.address, try broker.topic())
        do {
            try await check.run(log)
        } catch {
            await log.close()
            throw error
        }
        await log.close()
    }

    @Test(
        "It keeps them on a broker that stores",
        .disabled(if: DurableBroker.isMissing, DurableBroker.howToGetIt),
        arguments: EventLogContract.checks
    )
    func durable(_ check: EventLogContract.Check) async throws {
        let broker = try DurableBroker.shared.get()
        let log = try await openLog(
            broker.address,
            TopicNames.next(),
            change: { $0.partitionCount = 4 }
        )
        do {
            try await check.run(log)
        } catch {
            await log.close()
            throw error
        }
        await log.close()
    }
}
