import Client
import Core
import FoundationEssentials
import Testing

#if canImport(Glibc)
import Glibc

extension ProcessTests {
    /// With `clock_offset.c` preloaded, whose offset is in a file that the test writes.
    @Suite("A server whose clock is put forward and back")
    struct ClockStepTests {
        private static let reconciliation = Reconciliation(of: "clock")
        /// A step forward is longer than `idle_after`: it must not pass for quiet.
        private static let configuration = """
            partitions: \(reconciliation.partitionCount)
            idle_after: 20m
            \(reconciliation.windows)
            """

        @Test(
            "it counts every accepted event once, whatever the date says",
            .enabled(if: Binary.isThere && Binary.has("sqlite3"), "needs fleetscore and sqlite3"),
            .enabled(if: Binary.has("clang"), "needs the clang of the Swift toolchain"),
            .timeLimit(.minutes(2))
        )
        func steps() async throws {
            let folder = try TemporaryFolder()
            try folder.write("server.yaml", Self.configuration)
            let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("clock_offset.c").path
            _ = try await Binary.output(
                of: "clang",
                ["-O1", "-shared", "-fPIC", "-o", folder.at("clock.so"), source],
                in: folder
            )
            let senders = EventSenders(try EventScript(seed: Self.reconciliation.seed))
            _ = try await Self.reconciliation.run(
                senders,
                taskCount: 2,
                database: folder.at("data/windows.db"),
                in: folder
            ) { [try await Self.stepAgainAndAgain(senders, folder)] }
        }

        /// Puts the clock forward and back under load, in one life and between two.
        private static func stepAgainAndAgain(
            _ senders: EventSenders,
            _ folder: TemporaryFolder
        ) async throws -> RunningServer {
            try folder.write("offset", String(repeating: "\0", count: 8))
            var server = try await start(folder)
            await senders.use(server.client)
            for (round, hours) in [3, -2, 20, 19, -20, 0].enumerated() {
                try await takesEvents(senders)
                try setOffset(hours: hours, folder)
                if round == 3 {
                    await senders.use(nil)
                    server.child.send(SIGKILL)
                    _ = try await server.child.end()
                    server = try await start(folder)
                    await senders.use(server.client)
                }
                try await eventually("a server whose date is \(hours) h off") {
                    try await date(of: server, in: folder) == hours
                }
                // Long enough for the aggregator to look for quiet partitions.
                await senders.slowDown(.milliseconds(300))
                try await ContinuousClock().sleep(for: .seconds(1))
                await senders.slowDown(.zero)
            }
            try await takesEvents(senders)
            return server
        }

        private static func setOffset(hours: Int, _ folder: TemporaryFolder) throws {
            let file = open(folder.at("offset"), O_WRONLY)
            defer { close(file) }
            var seconds = Int64(hours) * 3600
            guard pwrite(file, &seconds, 8, 0) == 8 else { throw ProcessProblem("no offset") }
        }

        /// By how many hours a server's date is off, as its answers tell.
        private static func date(
            of server: RunningServer,
            in folder: TemporaryFolder
        ) async throws -> Int {
            let answer = try await Binary.output(
                of: "curl",
                ["-sS", "-o", "body", "-D", "-", "\(server.address)/v1/status"],
                in: folder
            )
            let mark = "Date: "
            let lines = answer.split(whereSeparator: \.isNewline)
            guard let line = lines.first(where: { $0.hasPrefix(mark) }) else {
                throw ProcessProblem("no date: \(answer)")
            }
            let seconds = try await Binary.output(
                of: "date",
                ["-d", String(line.dropFirst(mark.count)), "+%s"],
                in: folder
            )
            guard let seconds = Double(seconds.dropLast()) else {
                throw ProcessProblem("no date: \(line)")
            }
            return Int(((seconds - Date().timeIntervalSince1970) / 3600).rounded())
        }

        private static func takesEvents(_ senders: EventSenders) async throws {
            let before = await senders.sent.batches
            try await eventually("events to be taken") {
                let sent = await senders.sent
                guard sent.problems.isEmpty else { throw ProcessProblem("\(sent.problems)") }
                return sent.batches > before + 20
            }
        }

        private static func start(_ folder: TemporaryFolder) async throws -> RunningServer {
            try await RunningServer.start(
                data: folder.at("data"),
                config: "server.yaml",
                environment: [
                    "LD_PRELOAD=\(folder.at("clock.so"))",
                    "CLOCK_OFFSET_FILE=\(folder.at("offset"))",
                ],
                in: folder
            )
        }
    }
}
#endif
