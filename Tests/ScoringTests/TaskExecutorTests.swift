import Blobs
import Core
import Packs
import Scoring
import Synchronization
import TestKit
import Testing

@Suite("Executing a task")
struct TaskExecutorTests {
    /// Blob storage in memory that remembers the order of writes.
    private final class RecordingBlobs: Blobs {
        private let inner = MemoryBlobs()
        private let keys = Mutex<[String]>([])

        var written: [String] { keys.withLock { $0 } }

        func put(_ key: String, _ bytes: [UInt8]) async throws {
            try await inner.put(key, bytes)
            keys.withLock { $0.append(key) }
        }

        func put(_ key: String, contentsOfFile path: String) async throws {
            try await inner.put(key, contentsOfFile: path)
            keys.withLock { $0.append(key) }
        }

        func get(_ key: String) async throws -> [UInt8] { try await inner.get(key) }
        func map(_ key: String, range: Range<Int>?) async throws -> MappedBytes {
            try await inner.map(key, range: range)
        }
        func exists(_ key: String) async throws -> Bool { try await inner.exists(key) }
        func list(prefix: String) async throws -> [BlobInfo] {
            try await inner.list(prefix: prefix)
        }
        func delete(_ key: String) async throws { try await inner.delete(key) }
        func location(of key: String) -> String { inner.location(of: key) }
    }

    private func features() throws -> FeatureBatch {
        try ScoringSamples.features([
            ("a/s", [[20], [25]]), ("b/s", [[.nan]]), ("c/s", [[20]]),
        ])
    }

    private func entries() throws -> [PackEntry] {
        try [TestModels.entry("a/s"), TestModels.entry("b/s"), TestModels.entry("x/s")]
    }

    private func execute(_ blobs: any Blobs, attempt: Int = 1) async throws -> TaskResult {
        try await TaskExecutor(blobs: blobs).execute(run: "r1", task: 0, attempt: attempt)
    }

    @Test("part and items are written before the result, which is last")
    func order() async throws {
        let blobs = RecordingBlobs()
        _ = try await ScoringSamples.run(features(), entries(), in: blobs)
        let before = blobs.written.count
        let result = try await execute(blobs)
        let written = blobs.written.dropFirst(before)
        let part = try #require(result.part)
        #expect(
            part.key == "predictions/plant/interval=x/run=r1/attempt=3/part-00000.parquet"
        )
        #expect(
            Set(written.dropLast()) == [
                part.key, "runs/r1/tasks/0/attempt=1/items.parquet",
                "runs/r1/tasks/0/attempt=1/log.txt",
            ]
        )
        #expect(written.last == "runs/r1/tasks/0/attempt=1/result.json")
        #expect(try await decodedResult(blobs.get(written.last ?? "")) == result)
    }

    @Test("the result tells what the objects hold")
    func result() async throws {
        let blobs = MemoryBlobs()
        _ = try await ScoringSamples.run(features(), entries(), in: blobs)
        let result = try await execute(blobs)
        let part = try #require(result.part)
        let bytes = try await blobs.get(part.key)
        #expect(part.byteCount == bytes.count)
        #expect(part.sha256 == BlobDigest.sha256Hex(bytes))
        #expect(part.rowCount == 4 && result.anomalyCount == 1)
        #expect(result.items[.scored] == 1 && result.items[.failed] == 1)
        #expect(result.items[.noModel] == 1 && result.items[.noData] == 1)
        let items = try await blobs.get(TaskKeys(run: "r1", task: 0).items(attempt: 1))
        let decoded = try items.withUnsafeBytes { try ItemFile.decode($0) }
        #expect(decoded.map(\.key.description) == ["a/s", "b/s", "c/s", "x/s"])
    }

    @Test("two attempts write the same rows under different names")
    func attempts() async throws {
        let blobs = MemoryBlobs()
        _ = try await ScoringSamples.run(features(), entries(), in: blobs)
        let first = try await execute(blobs)
        let second = try await execute(blobs, attempt: 2)
        let (one, two) = (try #require(first.part), try #require(second.part))
        #expect(one.key != two.key && two.key.hasSuffix("part-00000.retry-2.parquet"))
        #expect(one.sha256 == two.sha256)
        let left = try await blobs.get(one.key)
        let right = try await blobs.get(two.key)
        #expect(left == right)
        #expect(first.items == second.items)
        let results = try await blobs.list(prefix: "runs/r1/tasks/0/attempt=")
            .filter { $0.key.hasSuffix("result.json") }
        #expect(results.count == 2)
    }

    @Test("a CSV part has its rows as Parquet beside the items")
    func csv() async throws {
        let blobs = MemoryBlobs()
        _ = try await ScoringSamples.run(features(), entries(), format: .csv, in: blobs)
        let result = try await execute(blobs)
        let part = try #require(result.part)
        #expect(part.key.hasSuffix("/part-00000.csv"))
        let text = String(decoding: try await blobs.get(part.key), as: UTF8.self)
        #expect(text.split(separator: "\n").count == part.rowCount + 1)
        let table = try await blobs.get(#require(result.tableKey))
        let batch = try table.withUnsafeBytes { try PredictionFile.decode($0) }
        #expect(batch.count == part.rowCount)
        #expect(
            PredictionCSV.encode(batch, run: "r1", attempt: 3) == Array(text.utf8)
        )
    }

    @Test("a task without windows has no part, and answers for its models")
    func noRows() async throws {
        let blobs = MemoryBlobs()
        let empty = FeatureBatch(featureNames: ["mean"])
        _ = try await ScoringSamples.run(empty, entries(), in: blobs)
        let result = try await execute(blobs)
        #expect(result.part == nil && result.tableKey == nil)
        #expect(result.items[.noData] == 3 && result.items.total == 3)
        #expect(try await blobs.list(prefix: "predictions/").isEmpty)
    }

    @Test("what is missing is not found, what does not fit is refused, and no result is written")
    func failures() async throws {
        let blobs = MemoryBlobs()
        await expect(.notFound) { _ = try await execute(blobs) }
        let plan = try await ScoringSamples.run(features(), entries(), in: blobs)
        await expect(.invalidArgument) {
            _ = try await TaskExecutor(blobs: blobs).execute(run: "r1", task: 1, attempt: 1)
        }
        let snapshot = TaskKeys(run: "r1", task: 0).features
        let bytes = try await blobs.get(snapshot)
        try await blobs.delete(snapshot)
        await expect(.notFound) { _ = try await execute(blobs) }
        try await blobs.put(snapshot, Array(bytes.dropLast(5)))
        await expect(.dataLoss) { _ = try await execute(blobs) }
        try await blobs.put(snapshot, bytes)
        try await blobs.put(plan.packKey, TestModels.pack([TestModels.entry("a/s")]))
        await expect(.dataLoss) { _ = try await execute(blobs) }
        try await blobs.delete(plan.packKey)
        await expect(.notFound) { _ = try await execute(blobs) }
        try await blobs.put(RunPlan.key(run: "r1"), Array("{}".utf8))
        await expect(.dataLoss) { _ = try await execute(blobs) }
        #expect(try await blobs.list(prefix: "runs/r1/tasks/0/attempt=").isEmpty)
    }

    private func expect(_ code: FleetErrorCode, _ body: () async throws -> Void) async {
        let error = await #expect(throws: FleetError.self) { try await body() }
        #expect(error?.code == code, "\(String(describing: error))")
    }
}
