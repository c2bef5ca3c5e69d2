import Client
import Foundation
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension ProcessTests {
    @Suite("events send")
    struct SendFilesTests {
        private struct Counts: Decodable {
            let accepted: Int
            let duplicates: Int
            let rejected: Int
            let rejectedByReason: [String: Int]
        }

        private static let csv = """
            time,device,sensor,value
            2026-01-01T00:00:00Z,m-1,s,1
            2026-01-01T00:00:04Z,m-1,s,2
            never,m-1,s,3

            """
        private static let ndjson = """
            {"device":"m-2","sensor":"s","time":"2026-01-01T00:00:01Z","value":1}
            {"device":"m-2","sensor":"s","time":"2026-01-01T00:00:03Z","value":2.5}

            """
        private static let lines = "s,device=m-3 value=0.1 1767225602000000000\n"

        @Test("several files of several formats are sent together, in time order, once")
        func several() async throws {
            let folder = try TemporaryFolder()
            let server = try await RunningServer.start(data: folder.at("data"), in: folder)
            try folder.write("a.csv", Self.csv)
            try folder.write("b.ndjson", Self.ndjson)
            try folder.write("c.lp", Self.lines)
            let files = ["a.csv", "b.ndjson", "c.lp"]
            let sent = try await server.run(["events", "send"] + files + ["--json"], in: folder)
            #expect(sent.exitCode == 3, "\(sent)")
            let counts: Counts = try sent.json()
            #expect(counts.accepted == 5 && counts.duplicates == 0 && counts.rejected == 1)
            #expect(counts.rejectedByReason == ["bad_time": 1])
            #expect(sent.errors.contains("rejected a.csv line 4"), "\(sent)")
            let again = try await server.run(["events", "send"] + files, in: folder)
            #expect(
                again.output.hasPrefix("accepted 0 events, 5 were there already, rejected 1"),
                "\(again)"
            )
            let exported = try await server.run(
                ["events", "export", "--format", "csv"],
                in: folder
            )
            #expect(exported.outputLines.count == 6, "\(exported)")
            // A file read in another way is not the same one.
            let other = try await server.run(
                ["events", "send", "a.csv", "--columns", "sensor=device,device=sensor", "--json"],
                in: folder
            )
            #expect(try other.json(Counts.self).accepted == 2, "\(other)")
            try await server.expectCleanEnd()
        }

        @Test("an exported Parquet file can be sent to another server")
        func parquet() async throws {
            let folder = try TemporaryFolder()
            let first = try await RunningServer.start(data: folder.at("first"), in: folder)
            try folder.write("b.ndjson", Self.ndjson)
            #expect(try await first.run(["events", "send", "b.ndjson"], in: folder).exitCode == 0)
            let export = ["events", "export", "--format", "parquet", "--out", "out.parquet"]
            #expect(try await first.run(export, in: folder).exitCode == 0)
            let second = try await RunningServer.start(data: folder.at("second"), in: folder)
            let sent = try await second.run(
                ["events", "send", "out.parquet", "--complete", "--json"],
                in: folder
            )
            #expect(try sent.json(Counts.self).accepted == 2, "\(sent)")
            let csv = ["events", "export"]
            let left = try await first.run(csv, in: folder).output
            #expect(try await second.run(csv, in: folder).output == left)
            try await second.expectCleanEnd()
            try await first.expectCleanEnd()
        }

        @Test("interrupted sending says how to go on, and going on counts nothing twice")
        func interrupted() async throws {
            let folder = try TemporaryFolder()
            let server = try await RunningServer.start(data: folder.at("data"), in: folder)
            let count = 60_000
            let rows = (0..<count).map { "\(1_767_225_600 + $0 / 100),m-\($0 % 100),s,\($0)\n" }
            try folder.write("long.csv", "time,device,sensor,value\n" + rows.joined())
            let send = ["events", "send", "long.csv", "--batch", "100", "--json"]
            let child = try ChildProcess(
                Binary.path,
                send + ["--server", server.address],
                folder: folder.path
            )
            try await eventually("the first events") {
                try await server.client.get("/v1/status", as: StatusInfo.self).accepted > 0
            }
            child.send(SIGINT)
            #expect(try await child.end() == 130, "\(child.errors)")
            #expect(child.errors.contains("interrupted; "), "\(child.errors)")
            #expect(child.errors.contains("of 60,000 events are sent; run the same command again"))
            let again = try await server.run(send, in: folder)
            let counts: Counts = try again.json()
            #expect(
                counts.duplicates > 0 && counts.accepted + counts.duplicates == count,
                "\(again)"
            )
            try await eventually("all events in windows") {
                let status: StatusInfo = try await server.client.get("/v1/status")
                return status.accepted == count && status.lag == 0
            }
            try await server.expectCleanEnd()
        }

        @Test("a file that cannot be used is one line and the exit code of its error")
        func refused() async throws {
            let folder = try TemporaryFolder()
            let server = try await RunningServer.start(data: folder.at("data"), in: folder)
            try folder.write("empty.csv", "")
            try folder.write("no.csv", "a,b\n1,2\n")
            for (file, text) in [
                ("missing.csv", "missing.csv"), ("empty.csv", "it is empty"),
                ("no.csv", "no time column"),
            ] {
                let answer = try await server.run(["events", "send", file], in: folder)
                #expect(answer.exitCode != 0 && answer.errorLines.count == 1, "\(answer)")
                #expect(answer.errors.contains(text), "\(answer)")
            }
            let format = try await server.run(
                ["events", "send", "no.csv", "--format", "xml"],
                in: folder
            )
            #expect(format.errors.contains("csv") && format.errors.contains("parquet"), "\(format)")
            try await server.expectCleanEnd()
        }

        @Test("dead letters are listed, shown, replayed once put right; the registry is kept")
        func deadLetters() async throws {
            let folder = try TemporaryFolder()
            let server = try await RunningServer.start(data: folder.at("data"), in: folder)
            let body = "time,device,sensor,value\n2026-01-01T00:00:00Z,m-1,s,x\n"
            let _: EventsAnswer = try await server.client.post(
                "/v1/events",
                body: .init(Array(body.utf8), contentType: "text/csv")
            )
            let listed = try await server.run(["events", "dead-letters", "--json"], in: folder)
            let letters: [DeadLetterInfo] = try listed.json()
            let letter = try #require(letters.first)
            #expect(letter.reason == "bad_value" && letter.context == "time,device,sensor,value")
            let shown = try await server.run(
                ["events", "dead-letters", "show", "\(letter.number)"],
                in: folder
            )
            #expect(shown.output.contains("text: 2026-01-01T00:00:00Z,m-1,s,x"), "\(shown)")
            let replayed = try await server.run(
                ["events", "dead-letters", "replay", "\(letter.number)"],
                in: folder
            )
            #expect(replayed.exitCode == 3, "\(replayed)")
            #expect(replayed.errors.contains("is not a number"), "\(replayed)")
            let counts = try await server.run(["events", "counts"], in: folder)
            #expect(counts.output.contains("bad_value"), "\(counts)")
            try await registry(server, folder)
            try await server.expectCleanEnd()
        }

        private func registry(_ server: RunningServer, _ folder: TemporaryFolder) async throws {
            try folder.write(
                "devices.csv",
                "device,sensor,site,unit,expected_interval,min,max\nm-1,,\"hall, 2\",,10s,,\n"
            )
            let imported = try await server.run(["devices", "import", "devices.csv"], in: folder)
            #expect(imported.exitCode == 0, "\(imported)")
            let set = try await server.run(
                ["devices", "set", "m-1/t", "--unit", "C", "--min", "-20", "--max", "120"],
                in: folder
            )
            #expect(set.exitCode == 0, "\(set)")
            let listed = try await server.run(["devices", "list", "--json"], in: folder)
            let entries: [RegistryInfo] = try listed.json()
            #expect(entries.map(\.site) == ["hall, 2", nil] && entries.last?.min == -20)
            let removed = try await server.run(["devices", "remove", "m-1/t"], in: folder)
            #expect(removed.exitCode == 0, "\(removed)")
            let silent = try await server.run(["devices", "silent"], in: folder)
            #expect(silent.output.contains("nothing that is expected is silent"), "\(silent)")
            let windows = try await server.run(["windows", "list"], in: folder)
            #expect(windows.output.contains("tumbling"), "\(windows)")
        }
    }
}
