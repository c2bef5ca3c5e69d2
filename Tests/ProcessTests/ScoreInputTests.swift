import Core
import FoundationEssentials
import Testing

extension ProcessTests {
    @Suite(
        "fleetscore score on other inputs",
        .enabled(if: Binary.isThere && ReferenceData.isThere, "\(ReferenceData.absence)")
    )
    struct ScoreInputTests {
        /// Runs `score` to CSV and answers its rows by column name.
        private func rows(
            _ arguments: [String],
            in folder: TemporaryFolder
        ) async throws -> [[String: String]] {
            let answer = try await Binary.run(
                ["score", "--models", "models", "--out", "out", "--format", "csv"] + arguments,
                in: folder
            )
            #expect(answer.exitCode == 0, "\(answer)")
            let lines = try folder.text("out/part-00000.csv").split(separator: "\n").map {
                $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            }
            let header = try #require(lines.first)
            return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(header, $0)) }
        }

        private func put(_ models: [String: String], in folder: TemporaryFolder) throws {
            for (name, source) in models {
                try folder.write("models/\(name)", ReferenceData.model(source))
            }
        }

        @Test("a wide table with renamed columns, a zone and every model suffix")
        func wideTable() async throws {
            let folder = try TemporaryFolder()
            try put(
                [
                    "model_pump_temperature.pkl": "model_1_1",
                    "model_pump_flow.pickle": "model_1_3",
                    "model_pump_pressure.joblib": "model_1_4",
                ],
                in: folder
            )
            try folder.write("models/README.md", "notes")
            try folder.write("models/metrics.json", "{}")
            try folder.write(
                "wide.csv",
                """
                ts,temperature,flow,pressure
                2026-01-15 13:00:00,10.16,20.5,84.53
                2026-07-15 13:00:00,10.2,,84.6

                """
            )
            let arguments = [
                "--data", "wide.csv", "--columns", "time=ts", "--device", "pump",
                "--time-zone", "Europe/Berlin",
            ]
            let found = try await rows(arguments, in: folder)
            let ends = found.map { "\($0["sensor"] ?? "") \($0["window_end"] ?? "")" }
            #expect(
                ends == [
                    "flow 2026-01-15T12:00:00Z", "pressure 2026-01-15T12:00:00Z",
                    "pressure 2026-07-15T11:00:00Z", "temperature 2026-01-15T12:00:00Z",
                    "temperature 2026-07-15T11:00:00Z",
                ]
            )
            #expect(found.allSatisfy { $0["device"] == "pump" && $0["status"] == "scored" })
            let answer = try await Binary.run(
                ["score", "--models", "models", "--out", "out", "--json"] + arguments,
                in: folder
            )
            let summary: ScoreAnswer = try answer.json()
            #expect(summary.ignored_files == ["README.md", "metrics.json"])
            #expect(summary.items["scored"] == 3)
        }

        @Test("epoch times in seconds, milliseconds and microseconds mean the same")
        func epochTimes() async throws {
            let folder = try TemporaryFolder()
            try put(["model_pump_flow": "model_1_1"], in: folder)
            for zeros in ["", "000", "000000"] {
                try folder.write(
                    "epoch.csv",
                    "when,machine,tag,reading\n1768482000\(zeros),pump,flow,10.5\n"
                )
                let found = try await rows(
                    [
                        "--data", "epoch.csv", "--columns",
                        "time=when,device=machine,sensor=tag,value=reading",
                    ],
                    in: folder
                )
                #expect(found.map { $0["window_end"] } == ["2026-01-15T13:00:00Z"], "\(zeros)")
            }
        }

        @Test("a truncated and a hostile model fail alone, by name, and nothing of them runs")
        func badModelsFailAlone() async throws {
            let folder = try TemporaryFolder()
            for name in try ReferenceData.modelNames() {
                try folder.write("models/\(name)", ReferenceData.model(name))
            }
            let whole = try ReferenceData.model("model_1_1")
            try folder.write("models/model_1_1", Array(whole.prefix(whole.count / 2)))
            let mark = folder.at("it-ran")
            try folder.write("models/model_1_3", "cos\nsystem\n(S'touch \(mark)'\ntR.")
            let command = [
                "score", "--data", ReferenceData.readings, "--models", "models", "--out", "out",
            ]
            let answer = try await Binary.run(command + ["--json"], in: folder)
            #expect(answer.exitCode == 3, "\(answer)")
            let summary: ScoreAnswer = try answer.json()
            #expect(summary.items["scored"] == 13 && summary.items["failed"] == 2, "\(answer)")
            #expect(summary.failures.map(\.key) == ["1/1", "1/3"])
            #expect(summary.failures.allSatisfy { !$0.reason.contains("\n") })
            #expect(summary.failures.first?.reason.contains("model_1_1") == true)
            #expect(summary.failures.last?.reason.contains("system") == true)
            #expect(summary.rows == ReferenceData.rowCount)
            #expect(!folder.exists("it-ran"))
            let people = try await Binary.run(command, in: folder)
            #expect(people.exitCode == 3)
            let lines = people.outputLines.filter { $0.hasPrefix("failed ") }
            #expect(lines.count == 2 && lines[0].contains("1/1") && lines[1].contains("1/3"))
        }

        @Test("a reading without a number is reported with its line, the rest is scored")
        func badReadings() async throws {
            let folder = try TemporaryFolder()
            try put(["model_1_1": "model_1_1"], in: folder)
            try folder.write(
                "some.csv",
                """
                TS,Device,Sensor,Value
                2018-08-28 23:00:05.000,1,1,10.16
                2018-08-28 23:00:06.000,1,1,NaN
                2018-08-28 23:00:07.000,1,1,10.2

                """
            )
            let command = ["score", "--data", "some.csv", "--models", "models", "--out", "out"]
            let people = try await Binary.run(command, in: folder)
            #expect(people.exitCode == 3, "\(people)")
            #expect(people.outputLines.contains { $0.contains("line 3:") }, "\(people)")
            let summary: ScoreAnswer = try await Binary.run(command + ["--json"], in: folder)
                .json()
            #expect(summary.rejected == 1 && summary.rows == 2)
        }
    }
}
