import Core
import FoundationEssentials
import Inference
import Sklearn
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// `fleetscore score --json`, as far as tests look at it.
struct ScoreAnswer: Decodable {
    struct Suspect: Decodable {
        let key: String
        let severity: String
        let flagged: Int
        let rows: Int
    }

    struct Failure: Decodable {
        let key: String
        let reason: String
    }

    let items: [String: Int]
    let rows: Int
    let rejected: Int
    let suspect_models: [Suspect]
    let failures: [Failure]
    let ignored_files: [String]
}

/// `manifest.json`, as far as tests look at it.
struct ManifestFile: Decodable {
    struct Part: Decodable {
        let key: String
        let rowCount: Int
        let byteCount: Int
        let sha256: String
    }

    let rowCount: Int
    let parts: [Part]
}

/// The label of a value by the model's own formula: support vectors in order, libm's exp.
struct PlainScorer {
    private let model: ModelParameters

    init(_ file: [UInt8], name: String) throws {
        model = try file.withUnsafeBytes { try SklearnDecoder.decode($0, name: name) }
    }

    func isAnomaly(_ value: Double) throws -> Bool {
        var x = value
        for stage in model.stages.dropLast() {
            guard let step = stage as? Standardize else {
                throw ProcessProblem("the reference models have other steps: \(stage)")
            }
            if let center = step.center.first { x -= center }
            if let scale = step.scale.first { x /= scale }
        }
        guard let svm = model.stages.last as? SupportVectorMachine, svm.kernel == .rbf else {
            throw ProcessProblem("the reference models have another kernel")
        }
        var sum = 0.0
        for (coefficient, vector) in zip(svm.dualCoefficients, svm.supportVectors) {
            sum += coefficient * exp(-svm.gamma * ((x - vector) * (x - vector)))
        }
        return !(sum + svm.intercept > 0)
    }
}

extension ProcessTests {
    @Suite(
        "fleetscore score on the reference data",
        .enabled(if: Binary.isThere && ReferenceData.isThere, "\(ReferenceData.absence)")
    )
    struct ScoreTests {
        private static let reference = [
            "score", "--data", ReferenceData.readings, "--models", ReferenceData.models,
        ]

        @Test("every label is scikit-learn's, every text and the order are the input's")
        func labelsAreExact() async throws {
            let folder = try TemporaryFolder()
            let answer = try await Binary.run(
                Self.reference + ["--out", "out", "--format", "reference-csv", "--json"],
                in: folder
            )
            #expect(answer.exitCode == 0, "\(answer)")
            var scorers: [String: PlainScorer] = [:]
            for name in try ReferenceData.modelNames() {
                scorers[name] = try PlainScorer(ReferenceData.model(name), name: name)
            }
            var expected: [String: [String]] = [:]
            var flagged: [String: Int] = [:]
            for row in try ReferenceData.rows() {
                let key = "\(row.device)_\(row.sensor)"
                let scorer = try #require(scorers["model_\(key)"])
                let isAnomaly = try scorer.isAnomaly(#require(Double(row.value)))
                flagged["\(row.device)/\(row.sensor)", default: 0] += isAnomaly ? 1 : 0
                expected["preds_\(key).csv", default: ["TS,Device,Sensor,Val,Prediction"]].append(
                    "\(row.time),\(row.device),\(row.sensor),\(row.value),\(isAnomaly ? 1 : 0)"
                )
            }
            let lineCount = expected.values.reduce(0) { $0 + $1.count - 1 }
            #expect(lineCount == ReferenceData.rowCount)
            #expect(try folder.names("out") == (expected.keys + ["manifest.json"]).sorted())
            for (name, lines) in expected {
                let found = try folder.text("out/\(name)").split(
                    separator: "\n",
                    omittingEmptySubsequences: false
                )
                #expect(found.count == lines.count + 1 && found.last == "")
                let different = zip(found, lines).first { $0 != $1 }
                #expect(different == nil, "\(name): \(String(describing: different))")
            }
            try checkSummary(answer.json(), flagged: flagged)
        }

        private func checkSummary(_ answer: ScoreAnswer, flagged: [String: Int]) throws {
            #expect(answer.items["scored"] == 15)
            #expect(answer.items.values.reduce(0, +) == 15)
            #expect(answer.rows == ReferenceData.rowCount)
            #expect(answer.failures.isEmpty && answer.rejected == 0)
            var rows: [String: Int] = [:]
            for row in try ReferenceData.rows() {
                rows["\(row.device)/\(row.sensor)", default: 0] += 1
            }
            let errors = answer.suspect_models.filter { $0.severity == "error" }.map(\.key)
            let warnings = answer.suspect_models.filter { $0.severity == "warning" }.map(\.key)
            let all = flagged.filter { $0.value == rows[$0.key] }.map(\.key)
            #expect(!all.isEmpty)
            #expect(errors.sorted() == all.sorted())
            #expect(Set(errors + warnings) == Set(rows.keys))
            #expect(answer.suspect_models.allSatisfy { $0.flagged == flagged[$0.key] })
            #expect(answer.suspect_models.allSatisfy { $0.rows == rows[$0.key] })
        }

        @Test(
            "the manifest has every part's rows and SHA-256",
            .enabled(if: Binary.has("sha256sum"))
        )
        func manifestIsTrue() async throws {
            let folder = try TemporaryFolder()
            for format in ["parquet", "csv", "reference-csv"] {
                let answer = try await Binary.run(
                    Self.reference + ["--out", format, "--format", format],
                    in: folder
                )
                #expect(answer.exitCode == 0, "\(answer)")
                let manifest = try JSONDecoder().decode(
                    ManifestFile.self,
                    from: Data(folder.bytes("\(format)/manifest.json"))
                )
                #expect(manifest.rowCount == ReferenceData.rowCount)
                #expect(manifest.parts.reduce(0) { $0 + $1.rowCount } == manifest.rowCount)
                for part in manifest.parts {
                    let bytes = try folder.bytes("\(format)/\(part.key)")
                    #expect(bytes.count == part.byteCount)
                    let sum = try await Binary.output(
                        of: "sha256sum",
                        ["\(format)/\(part.key)"],
                        in: folder
                    )
                    #expect(sum.hasPrefix(part.sha256 + " "))
                    guard format != "parquet" else {
                        #expect(bytes.starts(with: Array("PAR1".utf8)))
                        continue
                    }
                    #expect(bytes.count { $0 == 0x0A } == part.rowCount + 1)
                }
                let parts = manifest.parts.map(\.key) + ["manifest.json"]
                #expect(try folder.names(format) == parts.sorted())
            }
        }

        @Test("a foreign folder is refused untouched, an earlier result is replaced")
        func outputFolderIsGuarded() async throws {
            let folder = try TemporaryFolder()
            for (name, content) in [("notes.txt", "mine"), ("manifest.json", "{\"mine\": 1}")] {
                try folder.write("out/\(name)", content)
                let refused = try await Binary.run(Self.reference + ["--out", "out"], in: folder)
                #expect(refused.exitCode == 1 && refused.errorLines.count == 1, "\(refused)")
                #expect(refused.errors.contains("out"))
                #expect(try folder.text("out/\(name)") == content)
                #expect(try folder.names("out") == [name])
                try FileManager.default.removeItem(atPath: folder.at("out"))
            }
            let first = try await Binary.run(
                Self.reference + ["--out", "out", "--format", "reference-csv"],
                in: folder
            )
            let second = try await Binary.run(Self.reference + ["--out", "out/"], in: folder)
            #expect(first.exitCode == 0 && second.exitCode == 0, "\(second)")
            #expect(try folder.names("out") == ["manifest.json", "part-00000.parquet"])
            #expect(try folder.names(".").allSatisfy { !$0.contains("partial") })
        }

        @Test("without one matching key it shows both sides and the next command")
        func noMatchIsExplained() async throws {
            let folder = try TemporaryFolder()
            for name in try ReferenceData.modelNames() {
                try folder.write(
                    "models/svm-\(name.replacing("model_", with: "x").replacing("_", with: "-"))",
                    ReferenceData.model(name)
                )
            }
            let answer = try await Binary.run(
                [
                    "score", "--data", ReferenceData.readings, "--models", "models", "--out", "out",
                    "--key-pattern", "svm-{device}-{sensor}",
                ],
                in: folder
            )
            #expect(answer.exitCode == 2 && answer.errorLines.count == 1, "\(answer)")
            #expect(answer.errors.contains("15 keys in the data (1/1, 1/2, 1/3)"), "\(answer)")
            #expect(answer.errors.contains("15 keys in the models (x1/1, x1/2, x1/3)"), "\(answer)")
            #expect(answer.errors.contains("fleetscore score --data"), "\(answer)")
            #expect(!folder.exists("out"))
        }

        @Test("files that cannot be read or hold nothing end with one line")
        func badFilesEndWithOneLine() async throws {
            let folder = try TemporaryFolder()
            try folder.write("empty.csv", "")
            try folder.write("header.csv", "TS,Device,Sensor,Value\n")
            try folder.write("none/readme.md", "no models")
            try FileManager.default.createDirectory(
                atPath: folder.at("nothing"),
                withIntermediateDirectories: true
            )
            let cases: [(data: String, models: String, code: Int32, word: String)] = [
                ("empty.csv", ReferenceData.models, 2, "empty.csv"),
                ("header.csv", ReferenceData.models, 2, "header.csv"),
                ("absent.csv", ReferenceData.models, 1, "absent.csv"),
                (ReferenceData.readings, "absent", 1, "absent"),
                (ReferenceData.readings, "nothing", 2, "nothing"),
                (ReferenceData.readings, "none", 2, "readme.md"),
            ]
            for (data, models, code, word) in cases {
                let answer = try await Binary.run(
                    ["score", "--data", data, "--models", models, "--out", "out"],
                    in: folder
                )
                #expect(answer.exitCode == code, "\(data) \(models): \(answer)")
                #expect(answer.errorLines.count == 1 && answer.output.isEmpty, "\(answer)")
                #expect(answer.errors.contains(word), "\(answer)")
            }
            let names = try folder.names(".")
            #expect(names.allSatisfy { !$0.contains("partial") })
        }
    }
}
