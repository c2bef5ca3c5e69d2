import Client
import Core
import FoundationEssentials
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension ProcessTests {
    @Suite("Servers that share a Kafka topic")
    struct KafkaTests {
        private static let reconciliation = Reconciliation(of: "Kafka", partitionCount: 8)

        private static func configuration(_ broker: KafkaBroker, roles: String) -> String {
            """
            log: kafka
            roles: \(roles)
            idle_after: 1h
            kafka:
              brokers: \(broker.address)
              partitions: \(reconciliation.partitionCount)
            \(reconciliation.windows)
            """
        }

        @Test(
            "two make the windows of one topic; killed and started again they count nothing twice",
            .enabled(if: Binary.isThere && Binary.has("sqlite3"), "needs fleetscore and sqlite3"),
            .enabled(if: KafkaBroker.isThere, "needs KafkaPeer beside fleetscore"),
            .timeLimit(.minutes(5))
        )
        func reassignment() async throws {
            let folder = try TemporaryFolder()
            let broker = try await KafkaBroker.start(
                topic: "fleetscore-events",
                partitionCount: Self.reconciliation.partitionCount,
                in: folder
            )
            defer { withExtendedLifetime(broker) {} }
            try folder.write(
                "first.yaml",
                Self.configuration(broker, roles: "ingest,aggregate,schedule,api")
            )
            try folder.write("second.yaml", Self.configuration(broker, roles: "aggregate"))
            let first = try await RunningServer.start(
                data: folder.at("data"),
                config: "first.yaml",
                in: folder
            )
            let senders = EventSenders(try EventScript(seed: Self.reconciliation.seed))
            // Without haste: a rebalance takes its time, and every event is computed again below.
            await senders.slowDown(.milliseconds(10))
            await senders.use(first.client)
            let outcome = try await Self.reconciliation.run(
                senders,
                taskCount: 3,
                database: folder.at("data/windows.db"),
                in: folder
            ) { try await Self.comeAndGo(first, folder) }
            print(
                "\(outcome.sent.batches) batches, \(outcome.exported.count) events, "
                    + "\(outcome.stored.rows.count) windows"
            )
        }

        /// A second server joins, is killed, joins again, and is stopped in order; answers those
        /// that run in the end.
        private static func comeAndGo(
            _ first: RunningServer,
            _ folder: TemporaryFolder
        ) async throws -> [RunningServer] {
            for _ in 0..<2 {
                let second = try await join(first, folder)
                try await ContinuousClock().sleep(for: .seconds(2))
                second.child.send(SIGKILL)
                guard try await second.child.end() == -SIGKILL else {
                    throw ProcessProblem("the second ended by itself: \(second.child.errors)")
                }
                try await eventually("the first to read all partitions again") {
                    try await partitions(first).count == reconciliation.partitionCount
                }
            }
            let second = try await join(first, folder)
            try await ContinuousClock().sleep(for: .seconds(1))
            return [first, second]
        }

        /// Starts a second server and waits until both read a part of the topic.
        private static func join(
            _ first: RunningServer,
            _ folder: TemporaryFolder
        ) async throws -> RunningServer {
            let second = try await RunningServer.start(
                data: folder.at("data"),
                config: "second.yaml",
                in: folder
            )
            try await eventually("both to read a part of the topic") {
                let mine = try await partitions(first)
                let others = try await partitions(second)
                return !mine.isEmpty && !others.isEmpty
                    && mine.count + others.count == reconciliation.partitionCount
            }
            return second
        }

        private static func partitions(_ server: RunningServer) async throws -> [Int] {
            let status: StatusInfo = try await server.client.get("/v1/status")
            return status.partitions.map(\.partition)
        }
    }
}
