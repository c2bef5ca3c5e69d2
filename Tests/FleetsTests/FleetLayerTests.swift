import Core
import Fleets
import Inference
import Packs
import TestKit
import Testing

@Suite("Imports into pack files")
struct FleetLayerTests {
    private static func fixture(_ name: String) throws -> [UInt8] {
        try TestFiles.sklearn("sklearn-1.1.3/\(name)")
    }

    /// A folder of models and where imports of it are staged.
    private struct Plant {
        let folder: TemporaryFolder
        let pattern: KeyPattern

        init() throws {
            folder = try TemporaryFolder()
            pattern = try KeyPattern(parsing: "model_{device}_{sensor}")
        }

        func add(_ key: String, _ bytes: [UInt8]) throws {
            let name = key.split(separator: "/").joined(separator: "_")
            try folder.write("models/model_\(name).pkl", bytes)
        }

        /// Imports the folder over a version; answers the report and the new version.
        func run(
            over base: PackReader? = nil,
            workers: Int = 2,
            change: (inout ImportRequest) throws -> Void = { _ in },
            progress: @escaping @Sendable (ImportProgress) -> Void = { _ in }
        ) async throws -> (report: ImportReport, pack: PackReader?) {
            var request = ImportRequest(pattern: pattern)
            try change(&request)
            let staging = try StagingFolder(folder.path + "/staging", fleet: "plant")
            defer { staging.release() }
            let files = try ModelFiles.open(
                folder.path + "/models",
                staging: folder.path + "/staging"
            )
            let written = try await FleetImporter(request).run(
                files,
                over: base,
                in: staging,
                workerCount: workers,
                clock: SystemWallClock(),
                progress: progress
            )
            guard let path = written.path else { return (written.report, nil) }
            // What a registry does: the file is moved to where it stays.
            let stored = "pack-\(base?.layers.count ?? 0)-\(UInt32.random(in: 0 ... .max))"
            try folder.write(stored, TestFiles.read(path))
            try staging.clear()
            let location = folder.path + "/" + stored
            let file = try MappedFile(location)
            let layer = try PackLayer(bytes: file.bytes, owner: file, location: location)
            // A version with much that is new is written whole.
            let below = layer.parents.isEmpty ? [] : base?.layers ?? []
            let pack = try PackReader(layers: below + [layer])
            return (written.report, pack)
        }
    }

    private func keys(_ pack: PackReader) -> [String] {
        pack.indices.map { pack.key(at: $0).description }
    }

    @Test("only changed files are decoded again, and the new version is a layer of them")
    func layers() async throws {
        let plant = try Plant()
        let good = try Self.fixture("rbf_standard.p4")
        for index in 0..<40 { try plant.add("d\(index)/s", good) }
        let first = try await plant.run()
        let base = try #require(first.pack)
        #expect(first.report.decodedCount == 40 && base.count == 40)

        let same = try await plant.run(over: base)
        #expect(same.pack == nil)
        #expect(same.report.decodedCount == 0 && same.report.unchangedCount == 40)

        try plant.add("d7/s", Self.fixture("linear_minmax.p4"))
        try plant.add("new/s", good)
        try plant.folder.remove("models/model_d9_s.pkl")
        let next = try await plant.run(over: base)
        let pack = try #require(next.pack)
        #expect(next.report.decodedCount == 2)
        #expect(next.report.unchangedCount == 38 && next.report.removedCount == 1)
        #expect(pack.layers.count == 2 && pack.layers[1].entryCount == 3)
        #expect(keys(pack).contains("new/s") && !keys(pack).contains("d9/s"))
        let index = try #require(pack.find(SeriesKey(parsing: "d7/s")))
        #expect(try pack.sourcePath(at: index) == "model_d7_s.pkl")
        #expect(
            try pack.sourceDigest(at: index) == PackDigest(of: Self.fixture("linear_minmax.p4"))
        )
        try pack.verify()
    }

    @Test("with merging, keys that the files lack stay")
    func merging() async throws {
        let plant = try Plant()
        let good = try Self.fixture("rbf_standard.p4")
        for index in 0..<5 { try plant.add("d\(index)/s", good) }
        let base = try #require(try await plant.run().pack)
        for index in 1..<5 { try plant.folder.remove("models/model_d\(index)_s.pkl") }
        try plant.add("d9/s", good)
        let pack = try #require(
            try await plant.run(over: base, change: { $0.merges = true }).pack
        )
        #expect(keys(pack) == ["d0/s", "d1/s", "d2/s", "d3/s", "d4/s", "d9/s"])
    }

    @Test("a stopped import keeps what it decoded, and the next one takes it")
    func resume() async throws {
        let plant = try Plant()
        let good = try Self.fixture("rbf_standard.p4")
        for index in 0..<1500 { try plant.add("d\(index)/s", good) }
        let stopped = Task {
            try await plant.run(
                workers: 1,
                progress: { progress in
                    if progress.done >= 512 { withUnsafeCurrentTask { $0?.cancel() } }
                }
            )
        }
        await #expect(throws: CancellationError.self) { try await stopped.value }
        #expect(try plant.folder.names("staging/plant").contains("segment-1.pack"))
        let next = try await plant.run()
        #expect(next.report.resumedCount >= 512)
        #expect(next.report.resumedCount + next.report.decodedCount == 1500)
        #expect(try #require(next.pack).count == 1500)
        #expect(try plant.folder.names("staging/plant") == ["lock"])
    }

    @Test("two imports of a fleet at a time are refused")
    func oneAtATime() async throws {
        let folder = try TemporaryFolder()
        let first = try StagingFolder(folder.path, fleet: "plant")
        let error = #expect(throws: FleetError.self) {
            try StagingFolder(folder.path, fleet: "plant")
        }
        #expect(error?.code == .conflict)
        _ = try StagingFolder(folder.path, fleet: "other")
        // Released, the next one gets in although this object is still there.
        first.release()
        first.release()
        let next = try StagingFolder(folder.path, fleet: "plant")
        #expect(throws: FleetError.self) { try StagingFolder(folder.path, fleet: "plant") }
        withExtendedLifetime((first, next)) {}
    }

    @Test("an override's file counts for its key, the fallback has a key of its own")
    func overrides() async throws {
        let plant = try Plant()
        let other = try Self.fixture("linear_minmax.p4")
        try plant.add("a/s", Self.fixture("rbf_standard.p4"))
        try plant.folder.write("models/special/one.pkl", other)
        try plant.folder.write("models/default.pkl", other)
        let result = try await plant.run(change: {
            $0.overrides = [try SeriesKey(parsing: "a/s"): "special/one.pkl"]
            $0.fallback = "default.pkl"
        })
        let pack = try #require(result.pack)
        #expect(keys(pack) == ["*", "a/s"])
        #expect(try pack.sourcePath(at: 1) == "special/one.pkl")
        #expect(pack.fallbackIndex == 0)
        #expect(result.report.ignored.isEmpty && result.report.failures.isEmpty)
        let error = await #expect(throws: FleetError.self) {
            try await plant.run(change: { $0.fallback = "absent.pkl" })
        }
        #expect(error?.message.contains("absent.pkl") == true)
    }

    @Test("metadata beside a model is applied, checked, and its change imports the model again")
    func sidecars() async throws {
        let plant = try Plant()
        try plant.add("a/s", Self.fixture("rbf_standard.p4"))
        let count = try #require(try await plant.run().pack).description(at: 0).featureCount
        let names = (0..<count).map { "\"f\($0)\"" }.joined(separator: ",")
        let zeros = Array(repeating: "0", count: count).joined(separator: ",")
        func sidecar(_ score: Double) -> [UInt8] {
            Array(
                """
                {"features": [\(names)], "golden": [{"row": [\(zeros)], "score": \(score)}]}
                """.utf8
            )
        }
        try plant.folder.write("models/model_a_s.json", sidecar(12345))
        let wrong = try await plant.run()
        let pack = try #require(wrong.pack)
        #expect(try pack.findings(at: 0).map(\.code).contains("golden_mismatch"))
        #expect(try pack.description(at: 0).featureNames == (0..<count).map { "f\($0)" })
        #expect(wrong.report.checkedErrorCount == 1 && wrong.report.ignored.isEmpty)
        try plant.folder.write("models/model_a_s.json", sidecar(54321))
        #expect(try await plant.run(over: pack).report.decodedCount == 1)
        #expect(try await plant.run(over: pack).report.unchangedCount == 0)
        try plant.folder.write("models/model_a_s.json", Array("{".utf8))
        let broken = try await plant.run()
        #expect(broken.report.failures.first?.message.contains("model_a_s.json") == true)
    }

    @Test("a version goes through an archive unchanged")
    func archive() async throws {
        let plant = try Plant()
        for index in 0..<20 { try plant.add("d\(index)/s", Self.fixture("rbf_standard.p4")) }
        let base = try #require(try await plant.run().pack)
        try plant.add("d3/s", Self.fixture("linear_minmax.p4"))
        try plant.add("bad/s", Array("no model".utf8))
        let pack = try #require(try await plant.run(over: base).pack)
        let sizes = pack.layers.map { ($0.location, $0.byteCount) }
        let frame = FleetArchive.frame(
            sizes.map { (location: $0.0, byteCount: $0.1) },
            checks: Array("{}".utf8)
        )
        var bytes = frame.before
        for (number, layer) in pack.layers.enumerated() {
            bytes += try TestFiles.read(layer.location)
            bytes += frame.after[number]
        }
        let folder = try TemporaryFolder()
        let files = try ModelFiles.archive(bytes, name: "plant.tar", staging: folder.path)
        let archive = try #require(try FleetArchive.open(files))
        let staging = try StagingFolder(folder.path, fleet: "copy")
        let written = try await archive.write(over: nil, in: staging, merges: false)
        let file = try MappedFile(try #require(written.path))
        let copy = try PackReader(bytes: file.bytes, owner: file)
        #expect(try FleetDiff(from: pack, to: copy).isEmpty)
        #expect(copy.layers.count == 1 && copy.count == 21)
        let again = try await archive.write(over: copy, in: staging, merges: false)
        #expect(again.path == nil)
    }
}
