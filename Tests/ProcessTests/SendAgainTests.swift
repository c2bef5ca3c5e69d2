import Client
import Core
import Foundation
import Testing

extension ProcessTests {
    @Suite("events send with files that change")
    struct SendAgainTests {
        private struct Answer: Decodable {
            struct Rejected: Decodable {
                let file: String?
                let line: Int?
                let reason: String
            }

            let accepted: Int
            let duplicates: Int
            let changed: Int
            let rejected: Int
            let rejectedEvents: [Rejected]
        }

        private static let header = "time,device,sensor,value\n"

        /// Rows whose values look random and are the same each time.
        private static func rows(_ range: Range<Int>) -> String {
            range.map { row in
                let value = (row &* 2_654_435_761) % 9973
                return "\(1_767_225_600 + row / 50),m-\(row % 50),s,\(value)\n"
            }.joined()
        }

        private static func send(
            _ server: RunningServer,
            _ folder: TemporaryFolder,
            _ arguments: String...
        ) async throws -> (answer: Answer, run: Binary.Answer) {
            let run = try await server.run(
                ["events", "send"] + arguments + ["--json"],
                in: folder
            )
            return (try run.json(), run)
        }

        @Test("rows that are appended are sent alone, however requests are cut")
        func appended() async throws {
            let folder = try TemporaryFolder()
            let server = try await RunningServer.start(data: folder.at("data"), in: folder)
            var sent = 0
            for (count, batch) in [
                (1, 16_384), (30, 16_384), (31, 777), (2000, 1000), (20_000, 16_384),
                (20_000, 777), (26_500, 100_000), (26_501, 777), (26_501, 16_384),
            ] {
                try folder.write("r.csv", Self.header + Self.rows(0..<count))
                let (answer, run) = try await Self.send(
                    server,
                    folder,
                    "r.csv",
                    "--batch",
                    "\(batch)"
                )
                #expect(answer.accepted == count - sent, "\(count) \(batch): \(run)")
                #expect(answer.duplicates == sent && answer.changed == 0, "\(count): \(run)")
                sent = count
            }
            try await eventually("all events in windows") {
                let status: StatusInfo = try await server.client.get("/v1/status")
                return status.accepted == 26_501 && status.lag == 0
            }
            try await server.expectCleanEnd()
        }

        @Test("a row that is put right costs the events around it, and that is said")
        func changed() async throws {
            let folder = try TemporaryFolder()
            let server = try await RunningServer.start(data: folder.at("data"), in: folder)
            let count = 60_000
            let halves = (Self.rows(0..<20_000), Self.rows(20_001..<count))
            try folder.write("r.csv", Self.header + halves.0 + "never,m-0,s,1\n" + halves.1)
            let (first, _) = try await Self.send(server, folder, "r.csv")
            #expect(first.accepted == count - 1 && first.rejected == 1)
            try folder.write("r.csv", Self.header + Self.rows(0..<count))
            let (second, run) = try await Self.send(server, folder, "r.csv")
            #expect(second.accepted + second.duplicates == count, "\(run)")
            #expect(second.changed == second.accepted && second.accepted < 30_000, "\(run)")
            #expect(run.errors.contains("may count twice") && run.exitCode == 0, "\(run)")
            try await server.expectCleanEnd()
        }

        @Test("rejected rows are listed, counted and kept by the server, once")
        func rejected() async throws {
            let folder = try TemporaryFolder()
            let server = try await RunningServer.start(data: folder.at("data"), in: folder)
            try folder.write("r.csv", Self.header + "never,m,s,1\n" + Self.rows(0..<5))
            for _ in 0..<2 {
                let (answer, run) = try await Self.send(server, folder, "r.csv")
                #expect(run.exitCode == 3, "\(run)")
                let event = try #require(answer.rejectedEvents.first)
                #expect(event.file == "r.csv" && event.line == 2 && event.reason == "bad_time")
            }
            let letters: [DeadLetterInfo] = try await server.client.get("/v1/events/dead-letters")
            #expect(letters.map(\.text) == ["never,m,s,1"])
            #expect(letters.first?.context == "time,device,sensor,value")
            #expect(letters.first?.message?.hasPrefix("r.csv line 2: ") == true)
            let counts: [EventCountInfo] = try await server.client.get("/v1/events/counts")
            #expect(counts.filter { $0.reason == "bad_time" }.map(\.count) == [1])
            try folder.write("bad.csv", Self.header + "never,m,s,1\n")
            #expect(try await Self.send(server, folder, "bad.csv").run.exitCode == 3)
            try await server.expectCleanEnd()
        }

        @Test("compressed files are read; of a folder it is said what it is")
        func packed() async throws {
            let folder = try TemporaryFolder()
            let server = try await RunningServer.start(data: folder.at("data"), in: folder)
            try folder.write("r.csv", Self.header + Self.rows(0..<100))
            let gzip = try ChildProcess("gzip", ["-k", "r.csv"], folder: folder.path)
            #expect(try await gzip.end() == 0, "\(gzip.errors)")
            #expect(try await Self.send(server, folder, "r.csv.gz").answer.accepted == 100)
            #expect(try await Self.send(server, folder, "r.csv").answer.duplicates == 100)
            let refused = try await server.run(["events", "send", "."], in: folder)
            #expect(refused.errors.contains("cannot read .: it is a folder"), "\(refused)")
            #expect(refused.exitCode == 2)
            try await server.expectCleanEnd()
        }
    }
}
