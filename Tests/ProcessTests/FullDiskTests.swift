#if canImport(Glibc)
import Client
import Core
import FoundationEssentials
import Glibc
import Testing

extension ProcessTests {
    @Suite("A server whose disk is full")
    struct FullDiskTests {
        private static let partitionCount = 4
        private static let configuration = """
            partitions: \(partitionCount)
            idle_after: 1h
            windows:
              - {name: short, size: 1s, allowed_lateness: 2s}

            """
        private static let definitions = [
            PlainWindows.Definition(name: "short", size: 1_000_000, lateness: 2_000_000)
        ]

        private static let seed = EventScript.seed

        @Test(
            "it refuses events, says so, and has every accepted one when there is space again",
            .enabled(
                if: Binary.isThere && Binary.has("sqlite3") && SmallDisk.isThere,
                "needs fleetscore, sqlite3, and the right to mount a tmpfs"
            ),
            .timeLimit(.minutes(2))
        )
        func fillsUp() async throws {
            print("seed of the full disk test: FLEETSCORE_SEED=\(Self.seed)")
            let folder = try TemporaryFolder()
            let disk = try SmallDisk(folder.at("disk"), byteCount: 192 << 20)
            try folder.write("server.yaml", Self.configuration)
            let senders = EventSenders(try EventScript(seed: Self.seed))
            async let allSent: Void = senders.run(taskCount: 4)
            let server: RunningServer
            do {
                server = try await Self.fillAgainAndAgain(senders, disk, folder)
            } catch {
                await senders.use(nil)
                await senders.stop()
                throw error
            }
            await senders.stop()
            await allSent
            let sent = await senders.sent
            let seed = "seed \(Self.seed)"
            #expect(sent.problems.isEmpty, "\(seed)")
            let exported = try await [server].completedReadings()
            try await server.expectCleanEnd()
            #expect(sent.readings.sorted() == exported.sorted(), "\(seed)")
            let database = WindowDatabase(path: disk.path + "/data/windows.db", folder: folder)
            let plain = PlainWindows.picture(
                of: exported,
                Self.definitions,
                partitionCount: Self.partitionCount
            )
            let differences = try await database.picture().differences(from: plain)
            #expect(differences.isEmpty, "\(seed): \(differences.prefix(5))")
            print("\(exported.count) events, \(sent.repeats) refused, \(sent.duplicates) known")
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
