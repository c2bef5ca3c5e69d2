import Core
import Fleets
import Inference
import Packs
import TestKit
import Testing

@Suite("Importing model files")
struct FleetImporterTests {
    private static func fixture(_ name: String) throws -> [UInt8] {
        try TestFiles.sklearn("sklearn-1.1.3/\(name)")
    }

    /// Good files of two devices, a truncated one, a repeated key, and files that do not fit.
    private static func files() throws -> [ModelFile] {
        let good = try fixture("rbf_standard.p4")
        let other = try fixture("linear_minmax.joblib")
        return [
            ModelFile(path: "z/model_pump_temp.pkl", bytes: good),
            ModelFile(path: "a/model_fan_speed.joblib", bytes: other),
            ModelFile(path: "b/model_fan_broken.pkl", bytes: Array(good.prefix(good.count / 2))),
            ModelFile(path: "z/model_pump_temp.joblib", bytes: other),
            ModelFile(path: "README.md", bytes: [1]),
            ModelFile(path: "z/.model_x_y.pkl", bytes: good),
            ModelFile(path: "model_a_forest.pkl", bytes: Array("no model".utf8)),
        ]
    }

    private func run(
        _ files: [ModelFile],
        workers: Int = 2,
        known: Set<SeriesKey> = []
    ) async throws -> FleetImporter.Outcome {
        let pattern = try KeyPattern(parsing: "model_{device}_{sensor}")
        return try await FleetImporter(pattern: pattern, knownKeys: known)
            .run(files, workerCount: workers)
    }

    @Test("good files become entries in key order, what fails keeps its key and says why")
    func mixed() async throws {
        let outcome = try await run(Self.files())
        #expect(
            outcome.entries.map(\.key.description)
                == ["a/forest", "fan/broken", "fan/speed", "pump/temp"]
        )
        #expect(outcome.entries.map(\.isUndecodable) == [true, true, false, false])
        #expect(outcome.report.modelCount == 2)
        for entry in outcome.entries where entry.isUndecodable {
            let finding = try #require(entry.findings.first)
            #expect(finding.severity == .error && finding.code == "undecodable")
            #expect(!finding.message.isEmpty)
        }
        let failed = outcome.report.failures.map(\.file)
        #expect(
            Set(failed)
                == ["b/model_fan_broken.pkl", "model_a_forest.pkl", "z/model_pump_temp.pkl"]
        )
        #expect(Set(outcome.report.ignored) == ["README.md", "z/.model_x_y.pkl"])
        #expect(outcome.report.errorCount == 3)
    }

    @Test("of two files with one key the first by path counts, and the other is named")
    func duplicateKey() async throws {
        let outcome = try await run(Self.files().reversed())
        let failure = try #require(
            outcome.report.failures.first { $0.key?.description == "pump/temp" }
        )
        #expect(failure.file == "z/model_pump_temp.pkl")
        #expect(failure.message == "z/model_pump_temp.joblib holds pump/temp already")
        #expect(outcome.entries.count { $0.key.description == "pump/temp" } == 1)
    }

    @Test("the result is the same for any number of workers and any order of files")
    func workers() async throws {
        let good = try Self.fixture("sigmoid_pca.p4")
        let bad = Array(good.prefix(100))
        var files = try Self.files()
        for index in 0..<60 {
            files.append(
                ModelFile(
                    path: "m/model_d\(index)_s.pkl",
                    bytes: index.isMultiple(of: 7) ? bad : good
                )
            )
        }
        var packs: Set<[UInt8]> = []
        for workers in [0, 1, 2, 3, 16, 1000] {
            let outcome = try await run(workers == 3 ? files.reversed() : files, workers: workers)
            #expect(outcome.entries.map(\.key) == outcome.entries.map(\.key).sorted())
            #expect(outcome.report.modelCount + outcome.report.failures.count == 60 + 5)
            packs.insert(try TestModels.pack(outcome.entries))
        }
        #expect(packs.count == 1)
    }

    @Test("a key of the data at hand decides between the readings of a name")
    func knownKeys() async throws {
        let good = try Self.fixture("rbf_standard.p4")
        let file = ModelFile(path: "model_a_b_c.pkl", bytes: good)
        let unknown = try await run([file])
        #expect(unknown.entries.map(\.key.description) == ["a_b/c"])
        let known = try await run([file], known: [SeriesKey(parsing: "a/b_c")])
        #expect(known.entries.map(\.key.description) == ["a/b_c"])
    }

    @Test("a file above the size limit is an entry with an error that names the limit")
    func tooLarge() async throws {
        var limits = Limits()
        limits.modelByteCountMax = 100
        let pattern = try KeyPattern(parsing: "model_{device}_{sensor}")
        let good = try Self.fixture("rbf_standard.p4")
        let outcome = try await FleetImporter(pattern: pattern, limits: limits)
            .run([ModelFile(path: "model_a_b.pkl", bytes: good)])
        #expect(outcome.entries.map(\.isUndecodable) == [true])
        #expect(outcome.report.failures.first?.message.contains("over the limit of 100") == true)
    }

    @Test("no file gives no entry and an empty report")
    func empty() async throws {
        let outcome = try await run([])
        #expect(outcome.entries.isEmpty && outcome.report.failures.isEmpty)
        #expect(outcome.report.errorCount == 0 && outcome.report.warningCount == 0)
    }
}
