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
    @Suite("A server whose windows are slower than its senders")
    struct OverloadTests {
        private static let partitionCount = 4
        private static let lagMax = 1000
        private static let holdCount = 6
        private static let configuration = """
            partitions: \(partitionCount)
            idle_after: 1h
            lag_max: \(lagMax)
            windows:
              - {name: short, size: 1s, allowed_lateness: 2s}

            """
        private static let definitions = [
            PlainWindows.Definition(name: "short", size: 1_000_000, lateness: 2_000_000)
        ]

        private static let seed = EventScript.seed

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
            print("seed of the overload test: FLEETSCORE_SEED=\(Self.seed)")
            let folder = try TemporaryFolder()
            try folder.write("server.yaml", Self.configuration)
            let server = try await RunningServer.start(
                data: folder.at("data"),
                config: "server.yaml",
                in: folder
            )
            // Twenty seconds of event time a batch: hours of it are over before the test is.
            let senders = EventSenders(try EventScript(seed: Self.seed, step: 20_000_000))
            async let allSent: Void = senders.run(taskCount: 8)
            await senders.use(server.client)
            let path = folder.at("data/windows.db")
            var refusals = 0
            do {
                for _ in 0..<Self.holdCount {
                    let holder = try Self.hold(path, seconds: 8, in: folder)
                    try await eventually("an answer that says to come back") {
                        try await Self.isRefused(server)
                    }
                    refusals += 1
                    guard try await holder.end() == 0 else { throw ProcessProblem(holder.errors) }
                    try await eventually("the windows to catch up") {
                        let status: StatusInfo = try await server.client.get("/v1/status")
                        return status.lag < Self.lagMax
                    }
                }
            } catch {
                await senders.use(nil)
                await senders.stop()
                throw error
            }
            await senders.stop()
            await allSent
            let sent = await senders.sent
            #expect(sent.problems.isEmpty)
            #expect(refusals == Self.holdCount && sent.repeats > 0)
            let memory = try Self.peakMemory(of: server.child.processID)
            #expect(memory < 512 << 20, "\(memory) bytes at its peak")

            let exported = try await [server].completedReadings()
            try await server.expectCleanEnd()
            let seed = "seed \(Self.seed)"
            let times = exported.map(\.time)
            let span = (times.max() ?? 0) - (times.min() ?? 0)
            #expect(span > 3_600_000_000, "\(span / 1_000_000) s of event time, \(seed)")
            #expect(sent.readings.sorted() == exported.sorted(), "\(seed)")
            let database = WindowDatabase(path: path, folder: folder)
            let stored = try await database.picture()
            let plain = PlainWindows.picture(
                of: exported,
                Self.definitions,
                partitionCount: Self.partitionCount
            )
            let differences = stored.differences(from: plain)
            #expect(differences.isEmpty, "\(seed): \(differences.prefix(5))")
            print(
                "\(exported.count) events of \(span / 60_000_000) minutes, "
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

        /// The most memory a process has had at a time, in bytes.
        private static func peakMemory(of processID: pid_t) throws -> Int {
            let status = FileManager.default.contents(atPath: "/proc/\(processID)/status")
            let line = String(decoding: status ?? Data(), as: UTF8.self).split(separator: "\n")
                .first { $0.hasPrefix("VmHWM:") }
            guard let words = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }),
                words.count >= 2, let kilobytes = Int(words[1])
            else { throw ProcessProblem("no memory of process \(processID)") }
            return kilobytes << 10
        }
    }
}
