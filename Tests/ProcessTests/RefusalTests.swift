import Client
import Core
import Testing

extension ProcessTests {
    @Suite("What the program refuses", .enabled(if: Binary.isThere, "needs the built fleetscore"))
    struct RefusalTests {
        @Test("a misspelled key gives file, line and the key that was meant")
        func misspelledKey() async throws {
            let folder = try TemporaryFolder()
            _ = try await Binary.run(["init", "."], in: folder)
            let text = try folder.text("pipeline.yaml")
            let line = try #require(
                text.split(separator: "\n", omittingEmptySubsequences: false).firstIndex {
                    $0.contains("every:")
                }
            )
            try folder.write("wrong.yaml", text.replacing("every:", with: "evry:"))
            let answer = try await Binary.run(["pipelines", "check", "wrong.yaml"], in: folder)
            #expect(answer.exitCode == 2, "\(answer)")
            #expect(answer.errors.contains("wrong.yaml:\(line + 1)"), "\(answer)")
            #expect(answer.errors.contains("did you mean \"every\""), "\(answer)")
            try folder.write("server.yaml", "partitons: 4\n")
            let server = try await Binary.run(
                ["serve", "--config", "server.yaml", "--listen", "127.0.0.1:0"],
                in: folder,
                within: .seconds(20)
            )
            #expect(server.exitCode == 2 && server.errorLines.count == 1, "\(server)")
            #expect(server.errors.contains("server.yaml:1"), "\(server)")
            #expect(server.errors.contains("did you mean \"partitions\""), "\(server)")
        }

        @Test("init keeps what is there")
        func initKeepsFiles() async throws {
            let folder = try TemporaryFolder()
            try folder.write("pipeline.yaml", "mine")
            let answer = try await Binary.run(["init"], in: folder)
            #expect(answer.exitCode == 1 && answer.errorLines.count == 1, "\(answer)")
            #expect(try folder.text("pipeline.yaml") == "mine")
            #expect(!folder.exists("fleetscore.yaml"))
        }

        @Test("a data folder in use gives one line that names it, and the first server goes on")
        func folderInUse() async throws {
            let folder = try TemporaryFolder()
            let server = try await RunningServer.start(data: folder.at("data"), in: folder)
            let second = try RunningServer.launch(data: folder.at("data"), in: folder)
            #expect(try await second.end(within: .seconds(30)) == 1)
            let lines = second.errors.split(separator: "\n")
            #expect(lines.count == 1, "\(second.errors)")
            #expect(second.errors.contains(folder.at("data")), "\(second.errors)")
            #expect(second.errors.contains("\(server.child.processID)"), "\(second.errors)")
            let _: StatusInfo = try await server.client.get("/v1/status")
            try await server.expectCleanEnd()
        }

        @Test("listening for other machines needs a token, which requests must carry")
        func openAddressNeedsToken() async throws {
            let folder = try TemporaryFolder()
            let arguments = ["serve", "--data-dir", "data", "--listen", "0.0.0.0:0"]
            let refused = try await Binary.run(arguments, in: folder, within: .seconds(30))
            #expect(refused.exitCode == 2 && refused.errorLines.count == 1, "\(refused)")
            #expect(refused.errors.contains("--token-file"), "\(refused)")
            try folder.write("short.token", "secret")
            let short = try await Binary.run(
                arguments + ["--token-file", "short.token"],
                in: folder,
                within: .seconds(30)
            )
            #expect(short.exitCode == 2 && !short.errors.contains("secret"), "\(short)")
            try folder.write("token", "0123456789abcdef\n")
            let child = try ChildProcess(
                Binary.path,
                [
                    "serve", "--data-dir", "data", "--listen", "127.0.0.1:0", "--token-file",
                    "token",
                ],
                folder: folder.path
            )
            let server = try await RunningServer.ready(child)
            let without = try await server.run(["status"], in: folder)
            #expect(without.exitCode != 0 && without.errorLines.count == 1, "\(without)")
            #expect(without.errors.contains("wants a token; pass --token-file"), "\(without)")
            let with = try await server.run(["status", "--token-file", "token"], in: folder)
            #expect(with.exitCode == 0, "\(with)")
            try await server.expectCleanEnd()
        }

        @Test("wrong usage and an absent server end with codes 2 and 1")
        func wrongUsage() async throws {
            let folder = try TemporaryFolder()
            for arguments in [["serv"], ["score"], ["runs", "start"], ["serve", "--listen", "x"]] {
                let answer = try await Binary.run(arguments, in: folder, within: .seconds(30))
                #expect(answer.exitCode == 2, "\(arguments): \(answer)")
            }
            let away = try await Binary.run(
                ["status", "--server", "http://127.0.0.1:1"],
                in: folder
            )
            #expect(away.exitCode == 1 && away.errorLines.count == 1, "\(away)")
            for arguments in [["--help"], ["--version"], ["score", "--help"]] {
                let answer = try await Binary.run(arguments, in: folder)
                #expect(answer.exitCode == 0 && !answer.output.isEmpty, "\(arguments): \(answer)")
            }
        }
    }
}
