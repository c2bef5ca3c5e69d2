import Core
import Fleets
import Inference
import Packs
import Pipelines
import Scoring
import Service
import Store
import TestKit
import Testing

@Suite("Fleet versions and their aliases")
struct FleetRegistryTests {
    private let services: ServiceFixture

    init() throws { services = try ServiceFixture() }

    private static func fixture(_ name: String) throws -> [UInt8] {
        try TestFiles.sklearn("sklearn-1.1.3/\(name)")
    }

    /// Imports models by key; every key has the fixture of its name.
    @discardableResult
    private func importModels(
        _ models: [String: String],
        change: (inout ImportRequest) throws -> Void = { _ in }
    ) async throws -> FleetRegistry.Imported {
        var request = ImportRequest(pattern: try KeyPattern(parsing: "model_{device}_{sensor}"))
        try change(&request)
        let files = try models.map { key, name in
            ModelFile(
                path: "model_" + key.split(separator: "/").joined(separator: "_") + ".pkl",
                bytes: name.isEmpty ? Array("no model".utf8) : try Self.fixture(name)
            )
        }
        return try await services.fleets.importModels(
            fleet: "plant",
            request,
            files: ModelFiles(files)
        )
    }

    @Test("an unchanged import makes no version, a changed one a layer over the last")
    func versions() async throws {
        let first = try await importModels(["a/s": "rbf_standard.p4", "b/s": "rbf_standard.p4"])
        #expect(first.isNew && first.version.version == 1)
        let same = try await importModels(["a/s": "rbf_standard.p4", "b/s": "rbf_standard.p4"])
        #expect(!same.isNew && same.version.version == 1)
        #expect(same.report.unchangedCount == 2)
        let next = try await importModels(["a/s": "linear_minmax.p4", "c/s": "rbf_standard.p4"])
        #expect(next.isNew && next.version.version == 2 && next.version.modelCount == 2)
        let difference = try await services.fleets.difference(
            from: first.version,
            to: next.version,
            limit: 10
        )
        #expect(difference.added.map(\.description) == ["c/s"])
        #expect(difference.removed.map(\.description) == ["b/s"])
        #expect(difference.changed.map(\.description) == ["a/s"])
        // The first version is what it was.
        let old = try await services.fleets.pack(of: first.version)
        #expect(old.indices.map { old.key(at: $0).description } == ["a/s", "b/s"])
    }

    @Test("a rollback goes back move by move, and each move is recorded")
    func rollback() async throws {
        try await importModels(["a/s": "rbf_standard.p4"])
        try await importModels(["a/s": "linear_minmax.p4"])
        try await importModels(["a/s": "poly_robust.p4"])
        let fleets = services.fleets
        for version in [2, 3, 3] {
            _ = try await fleets.promote(
                fleet: "plant",
                version: version,
                alias: "production",
                forcedBecause: "test"
            )
        }
        let back = try await fleets.rollback(fleet: "plant", alias: "production", reason: "noisy")
        #expect(back.version == 2 && back.reason == "noisy")
        #expect(
            try await fleets.rollback(fleet: "plant", alias: "production", reason: nil).version == 1
        )
        let error = await #expect(throws: FleetError.self) {
            try await fleets.rollback(fleet: "plant", alias: "production", reason: nil)
        }
        #expect(error?.code == .conflict)
        let moves = try await services.catalog.aliasChanges("plant").filter {
            $0.alias == "production"
        }
        #expect(moves.map(\.version) == [1, 2, 3, 3, 2, 1])
        #expect(
            moves.map(\.action) == [
                .rollback, .rollback, .promote, .promote, .promote, .import,
            ]
        )
        #expect(moves[1].reason == "noisy")
    }

    @Test("a version with errors is promoted only with a reason, which is recorded")
    func promoteWithErrors() async throws {
        let bad = try await importModels(["a/s": "", "b/s": "rbf_standard.p4"])
        #expect(bad.version.errorCount == 1 && bad.aliases == ["candidate"])
        let error = await #expect(throws: FleetError.self) {
            try await services.fleets.promote(
                fleet: "plant",
                version: 1,
                alias: "production",
                forcedBecause: nil
            )
        }
        #expect(error?.code == .conflict && error?.hint?.contains("--force") == true)
        let forced = try await services.fleets.promote(
            fleet: "plant",
            version: 1,
            alias: "production",
            forcedBecause: "known rigs"
        )
        #expect(forced.reason == "known rigs")
        #expect(try await services.catalog.aliasChanges("plant").first?.reason == "known rigs")
    }

    @Test("models that do not take a pipeline's features refuse a promotion")
    func unfit() async throws {
        try await services.publishPipeline(features: "[mean, max, min, last, first]")
        try await importModels(["a/s": "rbf_standard.p4"])
        let version = try await services.catalog.fleetVersion("plant", 1)
        let width = try await services.fleets.model(of: SeriesKey(parsing: "a/s"), in: version)
            .description.featureCount
        try #require(width != 5)
        let error = await #expect(throws: FleetError.self) {
            try await services.fleets.promote(
                fleet: "plant",
                version: 1,
                alias: "production",
                forcedBecause: nil
            )
        }
        #expect(error?.message.contains("the pipeline plant gives 5") == true)
        let checked = try await services.fleets.checked(version, limit: 10)
        #expect(checked.errorCount == 1 && checked.pipelines == ["plant"])
        #expect(checked.findings.first?.finding.code == "feature_count")
    }

    @Test("recent windows show a model that flags nearly everything")
    func recentWindows() async throws {
        try await services.publishPipeline()
        let far = (1...40).map { (key: "a/s", end: $0 * 60, mean: 500.0) }
        let near = (1...40).map { (key: "b/s", end: $0 * 60, mean: 20.0) }
        let some = (1...40).map { (key: "c/s", end: $0 * 60, mean: $0 > 15 ? 20.0 : 500.0) }
        try await services.close(far + near + some)
        let models = try ["a/s", "b/s", "c/s"].map { try TestModels.entry($0, center: 20) }
        try await services.publishFleet(models)
        let version = try await services.catalog.fleetVersion("plant", 1)
        let checked = try await services.fleets.checked(version, limit: 10)
        #expect(checked.recentRowCount == 120)
        #expect(
            checked.findings.map { "\($0.key) \($0.finding.code)" } == ["a/s flags_most_rows"]
        )
    }

    @Test("a key without a model is scored by the fallback where the pipeline wants it")
    func fallback() async throws {
        let entries = try [TestModels.entry("a/s"), TestModels.entry("*", center: 50)]
        let pack = try TestModels.open(TestModels.pack(entries))
        var features = FeatureBatch(featureNames: ["mean"])
        for (key, value) in [("a/s", 20.0), ("b/s", 50.0)] {
            features.append(try SeriesKey(parsing: key), start: 0, end: 1, features: [value])
        }
        var plain = FleetScorer(pack: pack)
        let reported = plain.score(features, models: pack.indices)
        #expect(reported.items.map(\.status) == [.scored, .noModel])
        var wanted = FleetScorer(pack: pack, usesFallback: true)
        let scored = wanted.score(features, models: pack.indices)
        #expect(scored.items.map { "\($0.key) \($0.status)" } == ["a/s scored", "b/s scored"])
        #expect(scored.predictions.anomalies == [0, 0])
        let fallback = try #require(pack.fallbackIndex)
        #expect(scored.predictions.modelDigests.last == (try pack.digest(at: fallback)))
    }

    @Test("the import document sets pattern, overrides, fallback and metadata, and reads back")
    func document() throws {
        let yaml = """
            version: 1
            pattern: "{device}-{sensor}"
            overrides: {a/s: special.pkl}
            fallback: default.pkl
            metadata:
              fleet: {features: [mean], threshold: 0.5}
              keys:
                b/s: {sign: higher, threshold: 2, golden: [{row: [1, null], label: "x\\"y"}]}
            """
        let document = try FleetImportDocument.parse(yaml: yaml, file: "fleet.yaml")
        #expect(try FleetImportDocument.parse(yaml: document.yaml, file: "again") == document)
        let request = try ImportSettings(document, pattern: nil, merges: true).request
        #expect(request.pattern.description == "{device}-{sensor}" && request.merges)
        #expect(request.fallback == "default.pkl")
        #expect(request.overrides == [try SeriesKey(parsing: "a/s"): "special.pkl"])
        #expect(request.metadata?.value.features == ["mean"])
        #expect(request.metadata?.value.threshold == 0.5)
        let own = try #require(request.keyMetadata[SeriesKey(parsing: "b/s")]).value
        #expect(own.sign == .higher && own.golden.first?.label == "x\"y")
        #expect(own.golden.first?.row.last?.isNaN == true)
        #expect(
            try ImportSettings(document, pattern: "m_{device}", merges: false).request.pattern
                .description == "m_{device}"
        )
        for (bad, word) in [
            ("version: 2\n", "version"), ("version: 1\npatern: x\n", "pattern"),
            ("version: 1\noverrides: {a/b/c: x}\n", "a/b/c"),
            ("version: 1\nmetadata: {fleet: {treshold: 1}}\n", "threshold"),
        ] {
            let error = #expect(throws: FleetError.self) {
                try FleetImportDocument.parse(yaml: bad, file: "fleet.yaml")
            }
            #expect(error?.message.contains(word) == true, "\(bad): \(String(describing: error))")
        }
    }
}
