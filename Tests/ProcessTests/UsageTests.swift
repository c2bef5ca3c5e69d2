import Testing

extension ProcessTests {
    @Suite(
        "Wrong settings and options",
        .enabled(if: Binary.isThere, "needs the fleetscore binary")
    )
    struct UsageTests {
        private static let wrongWindows = [
            "size: 1m, where: \"valu > 5\"", "size: 1m, where: \"value = 5\"",
            "size: 1m, where: \"(value > 5)\"", "size: 1m, where: \"value > \"",
            "size: 1m, where: \"value > 5 and\"", "size: 7d, slide: 7s",
        ]

        @Test("a check refuses the windows that a server refuses, with file, line and window")
        func windows() async throws {
            let folder = try TemporaryFolder()
            for window in Self.wrongWindows {
                try folder.write("f.yaml", "windows:\n  - {name: hot, \(window)}\n")
                for answer in try await Binary.refusals(of: "f.yaml", in: folder) {
                    #expect(answer.errors.contains("f.yaml:2 windows[0]."), "\(answer)")
                    #expect(answer.errors.contains("window \"hot\": "), "\(answer)")
                }
            }
            try folder.write(
                "f.yaml",
                "windows:\n  - {name: hot, size: 1h, slide: 1m, where: \"value > 5 or value < 1\"}"
            )
            let fine = try await Binary.run(["config", "check", "f.yaml"], in: folder)
            #expect(fine.exitCode == 0 && fine.errors.isEmpty, "\(fine)")
        }

        @Test("a token that no header can carry is refused in one line, which does not show it")
        func tokens() async throws {
            let folder = try TemporaryFolder()
            let token = "0123456789abcdef"
            let files = [
                "\u{FEFF}\(token)\n": "byte order mark", "\(token)\n\(token)\n": "line break",
                "\(token) \(token)": "white space", "\(token)\r\n\(token)\r\n": "line break",
            ]
            for (text, problem) in files {
                try folder.write("token", text)
                for command in [["serve", "--listen", "127.0.0.1:0"], ["status"]] {
                    let answer = try await Binary.run(
                        command + ["--token-file", "token"],
                        in: folder,
                        within: .seconds(20)
                    )
                    #expect(answer.exitCode == 2 && answer.errorLines.count == 1, "\(answer)")
                    #expect(answer.errors.contains(problem), "\(answer)")
                    #expect(!answer.errors.contains(token), "\(answer)")
                }
            }
        }

        @Test("an option that is wrong is answered with the usage of its own command")
        func options() async throws {
            let folder = try TemporaryFolder()
            let day = "2026-01-01T00:00Z"
            let wrong: [(arguments: [String], problem: String)] = [
                (
                    ["windows", "rebuild", "--definition", "1m", "--from", "then", "--to", day],
                    "RFC 3339"
                ),
                (
                    ["windows", "rebuild", "--definition", "1m", "--from", day, "--to", day]
                        + ["--source", "tape"], "log or capture"
                ),
                (["events", "dead-letters", "list", "--since", "then"], "RFC 3339"),
                (["events", "dead-letters", "replay", "--since", "then"], "RFC 3339"),
                (["devices", "set", "m-5"], "--site"),
            ]
            for (arguments, problem) in wrong {
                let answer = try await Binary.run(arguments, in: folder)
                let command = arguments.prefix { !$0.hasPrefix("--") && $0 != "m-5" }
                #expect(answer.exitCode == 2 && answer.errors.contains(problem), "\(answer)")
                #expect(
                    answer.errors.contains("Usage: fleetscore \(command.joined(separator: " "))"),
                    "\(answer)"
                )
            }
            for limit in ["NaN", "inf"] {
                let answer = try await Binary.run(
                    ["devices", "set", "m", "--min", limit],
                    in: folder
                )
                #expect(answer.exitCode == 2 && answer.errorLines.count == 1, "\(answer)")
                #expect(answer.errors.contains("--min"), "\(answer)")
            }
        }

        @Test("an unknown definition is not said to be rebuilt; late events have their columns")
        func definitions() async throws {
            let folder = try TemporaryFolder()
            let server = try await RunningServer.start(data: folder.at("data"), in: folder)
            let day = "2026-01-01T00:00Z"
            let rebuild = try await server.run(
                ["windows", "rebuild", "--definition", "2m", "--from", day, "--to", day],
                in: folder
            )
            #expect(rebuild.exitCode == 1 && rebuild.errorLines.count == 1, "\(rebuild)")
            #expect(rebuild.errors.contains("did you mean \"1m\"?"), "\(rebuild)")
            for command in [["windows", "list"], ["status"]] {
                let answer = try await server.run(command, in: folder)
                let header = answer.outputLines.first { $0.contains("FILTERED") } ?? ""
                #expect(header.contains("ADJUSTED") && header.contains("CORRECTED"), "\(answer)")
            }
            try await server.expectCleanEnd()
        }

        @Test("events that are sent while the server starts wait for it")
        func starting() async throws {
            let folder = try TemporaryFolder()
            try folder.write("r.csv", "time,device,sensor,value\n2026-01-01T00:00:00Z,m-1,s,1\n")
            let port = 20_000 + Int.random(in: 0..<10_000)
            let send = try ChildProcess(
                Binary.path,
                ["events", "send", "r.csv", "--server", "http://127.0.0.1:\(port)"],
                folder: folder.path
            )
            let child = try ChildProcess(
                Binary.path,
                ["serve", "--data-dir", "data", "--listen", "127.0.0.1:\(port)"],
                folder: folder.path
            )
            let server = try await RunningServer.ready(child)
            #expect(try await send.end(within: .seconds(30)) == 0, "\(send.errors)")
            #expect(send.output.hasPrefix("accepted 1 events"), "\(send.output)")
            try await server.expectCleanEnd()
        }
    }
}
