package import Blobs
internal import Core

/// What every driver of ``Blobs`` promises; run it on an empty storage.
package struct BlobsContract {
    /// A promise that was not kept.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let blobs: any Blobs

    package init(_ blobs: any Blobs) {
        self.blobs = blobs
    }

    /// Runs every check; the storage is empty again afterwards.
    ///
    /// - Throws: ``Failure``, or what the driver threw unexpectedly.
    package func run() async throws {
        try await storesWhole()
        try await mapsRanges()
        try await listsSorted()
        try await deletes()
        try await refusesBadKeys()
        try await replacesAtOnce()
        try expect(await blobs.list(prefix: "").isEmpty, "the contract leaves nothing behind")
    }

    private func storesWhole() async throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for (key, content) in [("a", bytes), ("deep/er/ü key", [1]), ("empty", [])] {
            try await expect(!blobs.exists(key), "\(key) does not exist yet")
            try await blobs.put(key, content)
            try await expect(blobs.exists(key), "\(key) exists")
            try await expect(blobs.get(key) == content, "\(key) reads back")
            try await blobs.put(key, [7, 8])
            try await expect(blobs.get(key) == [7, 8], "\(key) is replaced")
            try await blobs.delete(key)
        }
        try expect(!blobs.location(of: "a").isEmpty, "an object has a location")
        try await expectThrow(.notFound, "get of a missing object") {
            _ = try await blobs.get("missing/object")
        }
        try await expectThrow(.notFound, "put of a missing file") {
            try await blobs.put("x", contentsOfFile: "/nonexistent-folder/file")
        }
        try await expect(!blobs.exists("x"), "a failed put leaves nothing")
    }

    private func mapsRanges() async throws {
        let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 % 251) }
        try await blobs.put("mapped", bytes)
        try await blobs.put("nothing", [])
        let whole = try await blobs.map("mapped", range: nil)
        for range in [0..<20_000, 0..<1, 4096..<8192, 5000..<5003, 20_000..<20_000] {
            let part = try await blobs.map("mapped", range: range)
            try expect(part.count == range.count, "a mapped range has its length")
            try expect(
                part.withBytes { $0.elementsEqual(bytes[range]) },
                "bytes of \(range) are right"
            )
        }
        try await expect(blobs.map("nothing", range: nil).count == 0, "an empty object maps")
        try await expectThrow(.invalidArgument, "a range beyond the end") {
            _ = try await blobs.map("mapped", range: 19_999..<20_001)
        }
        try await expectThrow(.notFound, "map of a missing object") {
            _ = try await blobs.map("missing", range: nil)
        }
        try await blobs.put("mapped", [1])
        try await blobs.delete("mapped")
        try expect(
            whole.withBytes { $0.elementsEqual(bytes) },
            "a mapping outlives its object"
        )
        try await blobs.delete("nothing")
    }

    private func listsSorted() async throws {
        let keys = ["r/10/x", "r/1/b", "r/1/a", "r/1.txt", "r/é", "s", "r/1/c/d", "R"]
        for (size, key) in keys.enumerated() {
            try await blobs.put(key, Array(repeating: 0, count: size))
        }
        func listed(_ prefix: String) async throws -> [String] {
            try await blobs.list(prefix: prefix).map(\.key)
        }
        let sorted = ["R", "r/1.txt", "r/1/a", "r/1/b", "r/1/c/d", "r/10/x", "r/é", "s"]
        try await expect(listed("") == sorted, "all objects in bytewise order")
        try await expect(listed("r/1/") == ["r/1/a", "r/1/b", "r/1/c/d"], "a folder's objects")
        try await expect(
            listed("r/1") == ["r/1.txt", "r/1/a", "r/1/b", "r/1/c/d", "r/10/x"],
            "a prefix inside a name"
        )
        try await expect(listed("nope/").isEmpty, "nothing under a missing prefix")
        let sizes = try await blobs.list(prefix: "r/1/").map(\.byteCount)
        try expect(sizes == [2, 1, 6], "sizes are listed: \(sizes)")
        for key in keys { try await blobs.delete(key) }
    }

    private func deletes() async throws {
        try await blobs.delete("never/was")
        try await blobs.put("d/one", [1])
        try await blobs.put("d/two", [2])
        try await blobs.delete("d/one")
        try await blobs.delete("d/one")
        try await blobs.delete("d")
        try await expect(!blobs.exists("d/one"), "a deleted object is gone")
        try await expect(blobs.get("d/two") == [2], "its neighbour stays")
        try await blobs.delete("d/two")
    }

    private func refusesBadKeys() async throws {
        let long = String(repeating: "k", count: 256)
        let veryLong = Array(repeating: "0123456789", count: 100).joined(separator: "/")
        let bad = [
            "", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a/.", long, veryLong, "a\0b",
            ".incoming/x",
        ]
        for key in bad {
            try await expectThrow(.invalidArgument, "put of key \(key)") {
                try await blobs.put(key, [1])
            }
            try await expectThrow(.invalidArgument, "get of key \(key)") {
                _ = try await blobs.get(key)
            }
            try await expectThrow(.invalidArgument, "delete of key \(key)") {
                try await blobs.delete(key)
            }
        }
        for prefix in ["../", "/", "a/../b"] {
            try await expectThrow(.invalidArgument, "list of prefix \(prefix)") {
                _ = try await blobs.list(prefix: prefix)
            }
        }
    }

    /// Readers beside writers see whole objects only.
    private func replacesAtOnce() async throws {
        let size = 50_000
        try await blobs.put("swap", Array(repeating: 0, count: size))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for value in UInt8(1)...4 {
                group.addTask {
                    try await blobs.put("swap", Array(repeating: value, count: size))
                }
                group.addTask {
                    let bytes = try await blobs.get("swap")
                    let isWhole = bytes.count == size && bytes.allSatisfy { $0 == bytes[0] }
                    try expect(isWhole, "no reader sees a mixture")
                }
            }
            try await group.waitForAll()
        }
        try await blobs.delete("swap")
    }

    private func expect(_ isKept: Bool, _ promise: String) throws {
        guard isKept else { throw Failure(description: "not kept: \(promise)") }
    }

    private func expectThrow(
        _ code: FleetErrorCode,
        _ doing: String,
        _ body: () async throws -> Void
    ) async throws {
        do {
            try await body()
        } catch let error as FleetError where error.code == code {
            return
        }
        throw Failure(description: "not kept: \(doing) throws \(code)")
    }
}
