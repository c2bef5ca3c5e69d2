#if canImport(Glibc)
import Client
import Core
import FoundationEssentials
import Glibc
import Testing

extension ProcessTests {
    @Suite("A server whose disk is full")
    struct FullDiskTests {
        private static let reconciliation = Reconciliation(
            of: "full disk",
            [Reconciliation.short]
        )
        private static let configuration = """
            partitions: \(reconciliation.partitionCount)
            idle_after: 1h
            \(reconciliation.windows)
            """

        @Test(
            "it refuses events, says so, and has every accepted one when there is space again",
            .enabled(
                if: Binary.isThere && Binary.has("sqlite3") && SmallDisk.isThere,
                "needs fleetscore, sqlite3, and the right to mount a tmpfs"
            ),
            .timeLimit(.minutes(2))
        )
        func fillsUp() async throws {
            let folder = try TemporaryFolder()
            let disk = try SmallDisk(folder.at("disk"), byteCount: 192 << 20)
            try folder.write("server.yaml", Self.configuration)
            let senders = EventSenders(try EventScript(seed: Self.reconciliation.seed))
            let outcome = try await Self.reconciliation.run(
                senders,
                taskCount: 4,
                database: disk.path + "/data/windows.db",
                in: folder
            ) { [try await Self.fillAgainAndAgain(senders, disk, folder)] }
            let sent = outcome.sent
            print(
                "\(outcome.exported.count) events, \(sent.repeats) refused, "
                    + "\(sent.duplicates) known"
            )
        }

        /// Fills the disk under load, twice under a server that lives on and once under one that
        /// is killed before there is space again; answers the server that runs.
        private static func fillAgainAndAgain(
            _ senders: EventSenders,
            _ disk: SmallDisk,
            _ folder: TemporaryFolder
        ) async throws -> RunningServer {
            var server = try await start(disk, folder)
            await senders.use(server.client)
            for isKilled in [false, true, false] {
                let before = await senders.sent
                try await eventually("events to be taken") {
                    await senders.sent.batches > before.batches + 20
                }
                try disk.fill()
                try await eventually("events to be refused") {
                    await senders.sent.repeats > before.repeats + 8
                }
                if isKilled {
                    await senders.use(nil)
                    server.child.send(SIGKILL)
                    _ = try await server.child.end()
                }
                try disk.empty()
                guard isKilled else { continue }
                server = try await start(disk, folder)
                await senders.use(server.client)
            }
            let full = await senders.sent.batches
            try await eventually("events to be taken again") {
                await senders.sent.batches > full + 20
            }
            return server
        }

        private static func start(
            _ disk: SmallDisk,
            _ folder: TemporaryFolder
        ) async throws -> RunningServer {
            try await RunningServer.start(
                data: disk.path + "/data",
                config: "server.yaml",
                in: folder
            )
        }
    }
}
#endif
