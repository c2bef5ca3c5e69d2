import Core
import Foundation
import Testing

@testable import Blobs

private struct FixedClock: WallClock {
    let now: Timestamp
}

@Suite("Local blobs") struct LocalBlobsTests {
    @Test("A full disk is reported with the key and leaves no file")
    func fullDisk() async throws {
        try await withFolder { folder in
            let blobs = try LocalBlobs(
                root: folder,
                wallClock: SystemWallClock(),
                openUnfinished: { _ in open("/dev/full", O_WRONLY) }
            )
            let error = await #expect(throws: FleetError.self) {
                try await blobs.put("runs/7/part", [1, 2, 3])
            }
            #expect(error?.code == .resourceExhausted)
            #expect(error?.message.contains("runs/7/part") == true)
            #expect(try names(in: folder) == [".incoming"])
        }
    }

    @Test("A finished put leaves only the object")
    func noLeftovers() async throws {
        try await withFolder { folder in
            let blobs = try LocalBlobs(root: folder)
            try await blobs.put("a/b/c", Array(repeating: 1, count: 10))
            #expect(try names(in: folder + "/.incoming").isEmpty)
            #expect(blobs.location(of: "a/b/c").hasSuffix("/a/b/c"))
            #expect(FileManager.default.fileExists(atPath: blobs.location(of: "a/b/c")))
            try await blobs.delete("a/b/c")
            #expect(try names(in: folder) == [".incoming"])
        }
    }

    @Test("A file's content becomes an object")
    func putFile() async throws {
        try await withFolder { folder in
            let blobs = try LocalBlobs(root: folder + "/storage")
            let bytes = [UInt8]((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 >> 3) })
            try Data(bytes).write(to: URL(fileURLWithPath: folder + "/file"))
            try await blobs.put("copy", contentsOfFile: folder + "/file")
            #expect(try await blobs.get("copy") == bytes)
        }
    }

    @Test("Only unfinished objects older than a day are swept at open")
    func sweep() async throws {
        try await withFolder { folder in
            _ = try LocalBlobs(root: folder)
            let path = folder + "/.incoming/99-1-1"
            #expect(FileManager.default.createFile(atPath: path, contents: Data([1])))
            let now = SystemWallClock().now
            _ = try LocalBlobs(root: folder, wallClock: FixedClock(now: now + .seconds(80_000)))
            #expect(FileManager.default.fileExists(atPath: path))
            _ = try LocalBlobs(root: folder, wallClock: FixedClock(now: now + .seconds(90_000)))
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test("A key below another object is a conflict")
    func keyBelowObject() async throws {
        try await withFolder { folder in
            let blobs = try LocalBlobs(root: folder)
            try await blobs.put("a", [1])
            let error = await #expect(throws: FleetError.self) {
                try await blobs.put("a/b", [2])
            }
            #expect(error?.code == .conflict)
            #expect(try await blobs.exists("a/b") == false)
            let missing = await #expect(throws: FleetError.self) { _ = try await blobs.get("a/b") }
            #expect(missing?.code == .notFound)
        }
    }

    @Test("Puts beside deletes of neighbours never lose their folder", .timeLimit(.minutes(1)))
    func putBesideDelete() async throws {
        try await withFolder { folder in
            let blobs = try LocalBlobs(root: folder)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<4 {
                    group.addTask {
                        for _ in 0..<50 {
                            try await blobs.put("shared/deep/\(task)", [1])
                            try await blobs.delete("shared/deep/\(task)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await blobs.list(prefix: "").isEmpty)
        }
    }
}
