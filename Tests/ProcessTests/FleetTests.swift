import Client
import FoundationEssentials
import Testing

extension ProcessTests {
    @Suite(
        "fleetscore fleets",
        .enabled(if: Binary.isThere && ReferenceData.isThere, "\(ReferenceData.absence)")
    )
    struct FleetTests {
        /// A folder of the reference models.
        private static func models(_ folder: TemporaryFolder) throws {
            for name in try ReferenceData.modelNames() {
                try folder.write("models/\(name)", ReferenceData.model(name))
            }
        }

        private static func importHere(
            _ folder: TemporaryFolder,
            _ more: [String] = []
        ) async throws -> FleetDetail {
            let answer = try await Binary.run(
                ["fleets", "import", "plant", "models", "--data-dir", "data", "--json"] + more,
                in: folder
            )
            #expect(answer.exitCode == 0, "\(answer)")
            return try answer.json()
        }

        @Test("an import into a data folder decodes what changed, and a server shows it")
        func importsIntoDataFolder() async throws {
            let folder = try TemporaryFolder()
            try Self.models(folder)
            let first = try await Self.importHere(folder)
            #expect(first.version.models == 15 && first.imported?.decoded == 15)
            let same = try await Self.importHere(folder)
            #expect(same.imported?.isNew == false && same.imported?.unchanged == 15)
            try folder.write("models/model_1_1", ReferenceData.model("model_1_2"))
            try FileManager.default.removeItem(atPath: folder.at("models/model_3_5"))
            let next = try await Self.importHere(folder, ["--fallback", "model_2_2"])
            #expect(next.version.version == 2 && next.version.models == 14)
            #expect(next.imported?.decoded == 2 && next.imported?.removed == 1)

            let server = try await RunningServer.start(data: folder.at("data"), in: folder)
            let difference: FleetDifference = try await server.run(
                ["fleets", "diff", "plant", "1", "2", "--json"],
                in: folder
            ).json()
            #expect(difference.added == ["*"] && difference.removed == ["3/5"])
            #expect(difference.changed == ["1/1"] && difference.unchangedCount == 13)
            let model: FleetModelInfo = try await server.run(
                ["fleets", "show", "plant", "1/1", "--json"],
                in: folder
            ).json()
            #expect(model.type == "one_class_svm" && model.sourceFile == "model_1_1")
            let strict = try await server.run(
                ["fleets", "check", "plant@2", "--strict"],
                in: folder
            )
            #expect(strict.exitCode == 3, "\(strict)")
            try await server.expectCleanEnd()
        }

        @Test("promote, rollback, history, export and an import of the export")
        func movesAndExports() async throws {
            let folder = try TemporaryFolder()
            try Self.models(folder)
            _ = try await Self.importHere(folder)
            let server = try await RunningServer.start(data: folder.at("data"), in: folder)
            try folder.write("models/model_1_1", ReferenceData.model("model_1_2"))
            let again = try await server.run(["fleets", "import", "plant", "models"], in: folder)
            #expect(again.exitCode == 0 && again.output.contains("1 decoded"), "\(again)")
            for version in ["1", "2"] {
                let moved = try await server.run(
                    ["fleets", "promote", "plant", version, "--force", "--reason", "known"],
                    in: folder
                )
                #expect(moved.exitCode == 0 && moved.output.contains("forced: known"), "\(moved)")
            }
            let back = try await server.run(["fleets", "rollback", "plant"], in: folder)
            #expect(back.output == "plant@production is version 1 again\n", "\(back)")
            let none = try await server.run(["fleets", "rollback", "plant"], in: folder)
            #expect(none.exitCode == 1 && none.errorLines.count == 1, "\(none)")
            let history = try await server.run(["fleets", "history", "plant"], in: folder)
            #expect(history.output.contains("rollback"), "\(history)")
            let exported = try await server.run(
                ["fleets", "export", "plant", "2", "plant.tar"],
                in: folder
            )
            #expect(exported.exitCode == 0, "\(exported)")
            let refused = try await server.run(
                ["fleets", "export", "plant", "2", "plant.tar"],
                in: folder
            )
            #expect(refused.exitCode != 0 && refused.errorLines.count == 1, "\(refused)")
            let copy: FleetDetail = try await server.run(
                ["fleets", "import", "copy", "plant.tar", "--json"],
                in: folder
            ).json()
            #expect(copy.version.models == 15 && copy.imported?.decoded == 15)
            for arguments in [
                ["fleets", "import", "plant", "absent"], ["fleets", "show", "plant", "no/key"],
                ["fleets", "import", "plant", "models", "--override", "1/1"],
                ["fleets", "import", "plant", "models", "--fallback", "absent.pkl"],
                ["fleets", "diff", "plant", "1", "9"], ["fleets", "versions", "plnat"],
            ] {
                let answer = try await server.run(arguments, in: folder)
                #expect(answer.exitCode != 0 && answer.errorLines.count == 1, "\(answer)")
            }
            try await server.expectCleanEnd()
        }
    }
}
