#if canImport(Glibc)
import Client
import Core
import FoundationEssentials
import Glibc
import Testing

extension ProcessTests {
    @Suite("A server whose database's disk stops")
    struct StoppedDiskTests {
        private static let reconciliation = Reconciliation(
            of: "stopped disk",
            [Reconciliation.short]
        )
        private static let configuration = """
            partitions: \(reconciliation.partitionCount)
            idle_after: 1h
            lag_max: 1000
            \(reconciliation.windows)
            """

        @Test(
            "it takes events until it is too far behind, then says 429, and has all of them after",
            .enabled("needs fleetscore, sqlite3, and the right to mount and stop a disk") {
                guard Binary.isThere, Binary.has("sqlite3") else { return false }
                return await StoppedDisk.isThere()
            },
            .timeLimit(.minutes(2))
        )
        func stops() async throws {
            let folder = try TemporaryFolder()
            let disk = try await StoppedDisk(byteCount: 256 << 20, in: folder)
            try folder.write("server.yaml", Self.configuration)
            // The log stays where it is; only the database is on the disk that stops.
            let database = disk.path + "/windows.db"
            try FileManager.default.createDirectory(
                atPath: folder.at("data"),
                withIntermediateDirectories: true
            )
            try FileManager.default.createSymbolicLink(
                atPath: folder.at("data/windows.db"),
                withDestinationPath: database
            )
            let senders = EventSenders(
                try EventScript(seed: Self.reconciliation.seed, step: 5_000_000)
            )
            let outcome = try await Self.reconciliation.run(
                senders,
                taskCount: 4,
                database: database,
                in: folder
            ) { [try await Self.stopAgainAndAgain(senders, disk, folder)] }
            let sent = outcome.sent
            #expect(sent.repeats > 0)
            print("\(outcome.exported.count) events, \(sent.repeats) refused or lost")
        }

        /// Stops the disk under load, twice under a server that lives on and once under one that
        /// is killed meanwhile; answers the server that runs.
        private static func stopAgainAndAgain(
            _ senders: EventSenders,
            _ disk: StoppedDisk,
            _ folder: TemporaryFolder
        ) async throws -> RunningServer {
            var server = try await start(folder)
            await senders.use(server.client)
            for isKilled in [false, true, false] {
                let before = await senders.sent
                try await eventually("events to be taken") {
                    await senders.sent.batches > before.batches + 20
                }
                try await disk.stopped {
                    try await eventually(within: .seconds(30), "events to be refused") {
                        await senders.sent.repeats > before.repeats + 8
                    }
                    // Whoever watches sees it, though nothing of the database may answer.
                    let status: StatusInfo = try await server.client.get("/v1/status")
                    #expect(status.lag > 0)
                    guard isKilled else { return }
                    await senders.use(nil)
                    server.child.send(SIGKILL)
                }
                guard isKilled else { continue }
                _ = try await server.child.end()
                server = try await start(folder)
                await senders.use(server.client)
            }
            let stopped = await senders.sent.batches
            try await eventually("events to be taken again") {
                await senders.sent.batches > stopped + 20
            }
            return server
        }

        private static func start(_ folder: TemporaryFolder) async throws -> RunningServer {
            try await RunningServer.start(
                data: folder.at("data"),
                config: "server.yaml",
                in: folder
            )
        }
    }
}
#endif
