import Client
import Core
import FoundationEssentials
import Testing

extension ProcessTests {
    @Suite("A server whose windows are slower than its senders")
    struct OverloadTests {
        private static let reconciliation = Reconciliation(
            of: "overload",
            [Reconciliation.short]
        )
        private static let lagMax = 1000
        private static let holdCount = 6
        private static let spanMin: Int64 = 3_600_000_000
        private static let configuration = """
            partitions: \(reconciliation.partitionCount)
            idle_after: 1h
            lag_max: \(lagMax)
            \(reconciliation.windows)
            """

        /// Keeps everybody else from writing to a database for a while.
        private static func hold(
            _ path: String,
            seconds: Int,
            in folder: TemporaryFolder
        ) throws -> ChildProcess {
            try ChildProcess(
                "sqlite3",
                [
                    "-cmd", ".timeout 20000", path, "BEGIN IMMEDIATE", ".system sleep \(seconds)",
                    "COMMIT",
                ],
                folder: folder.path
            )
        }

        @Test(
            "it says 429 while its database is held, keeps its memory, and then has every event",
            .enabled(if: Binary.isThere && Binary.has("sqlite3"), "needs fleetscore and sqlite3"),
            .timeLimit(.minutes(4))
        )
        func databaseIsHeld() async throws {
            let folder = try TemporaryFolder()
            try folder.write("server.yaml", Self.configuration)
            let server = try await RunningServer.start(
                data: folder.at("data"),
                config: "server.yaml",
                in: folder
            )
            // Twenty seconds of event time a batch: hours of it are over before the test is.
            let senders = EventSenders(
                try EventScript(seed: Self.reconciliation.seed, step: 20_000_000)
            )
            await senders.use(server.client)
            let path = folder.at("data/windows.db")
            var refusals = 0
            var memory = 0
            let outcome = try await Self.reconciliation.run(
                senders,
                taskCount: 8,
                database: path,
                in: folder
            ) {
                for _ in 0..<Self.holdCount {
                    let holder = try Self.hold(path, seconds: 8, in: folder)
                    try await eventually("an answer that says to come back") {
                        try await Self.isRefused(server)
                    }
                    refusals += 1
                    guard try await holder.end() == 0 else { throw ProcessProblem(holder.errors) }
                    try await eventually("the windows to catch up") {
                        let status: StatusInfo = try await server.client.get("/v1/status")
                        // How much is sent between two of them depends on the machine; an hour is
                        // sent over all.
                        let span = Self.spanMin * Int64(refusals) / Int64(Self.holdCount)
                        let sent = await senders.span
                        return status.lag < Self.lagMax && sent > span
                    }
                }
                memory = try server.child.memory("VmHWM")
                return [server]
            }
            let sent = outcome.sent
            #expect(refusals == Self.holdCount && sent.repeats > 0)
            #expect(memory < 512 << 20, "\(memory) bytes at its peak")
            let times = outcome.exported.map(\.time)
            let span = (times.max() ?? 0) - (times.min() ?? 0)
            let seed = "seed \(Self.reconciliation.seed)"
            #expect(span > Self.spanMin, "\(span / 1_000_000) s of event time, \(seed)")
            print(
                "\(outcome.exported.count) events of \(span / 60_000_000) minutes, "
                    + "\(sent.repeats) refused, \(memory >> 20) MiB"
            )
        }

        /// Whether a batch is refused with the time to come back.
        private static func isRefused(_ server: RunningServer) async throws -> Bool {
            do {
                let answer: EventsAnswer = try await server.client.post(
                    "/v1/events",
                    body: .init(Array("{}".utf8), contentType: "application/x-ndjson")
                )
                return answer.accepted > 0
            } catch let error as FleetError {
                return error.code == .resourceExhausted && error.isRetriable
            }
        }
    }
}
