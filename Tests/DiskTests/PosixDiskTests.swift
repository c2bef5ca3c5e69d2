import Core
import Disk
import TestKit
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("The POSIX disk") struct PosixDiskTests {
    @Test("It keeps the disk's promises", arguments: DiskContract.checks)
    func contract(_ check: DiskContract.Check) throws {
        let folder = try TemporaryFolder()
        try check.run(PosixDisk(root: folder.path), "sub/data")
        try check.run(PosixDisk(root: "/"), folder.path + "/absolute")
    }

    @Test("A full disk is resource exhaustion and names the path")
    func fullDisk() throws {
        guard PosixDisk(root: "/").exists("/dev/full") else { return }
        let file = try PosixDisk(root: "/dev").open("full")
        defer { file.close() }
        let error = #expect(throws: FleetError.self) {
            try [UInt8](repeating: 1, count: 10).withUnsafeBytes { try file.append($0) }
        }
        #expect(error?.code == .resourceExhausted)
        #expect(error?.message == "the disk is full: cannot write /dev/full")
    }

    @Test("A file in the place of a folder is named")
    func fileInPlaceOfFolder() throws {
        let folder = try TemporaryFolder()
        let disk = PosixDisk(root: folder.path)
        try disk.open("a").close()
        let error = #expect(throws: FleetError.self) { try disk.createFolder("a/b") }
        #expect(error?.message.contains("/a") == true)
    }
}

@Suite("The data folder's lock") struct FileLockTests {
    @Test("A second holder is refused with the first one's process id, until it lets go")
    func secondHolder() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/lock"
        var first: FileLock? = try FileLock(path: path, dataFolder: "data")
        #expect(first != nil)
        let error = #expect(throws: FleetError.self) {
            _ = try FileLock(path: path, dataFolder: "data")
        }
        #expect(error?.code == .conflict)
        #expect(
            error?.description
                == "data folder data is already in use by another fleetscore server (process "
                + "\(getpid())); stop it or choose another --data-dir"
        )
        first = nil
        _ = try FileLock(path: path, dataFolder: "data")
    }

    @Test("A missing folder is named")
    func missingFolder() throws {
        let error = #expect(throws: FleetError.self) {
            _ = try FileLock(path: "/nonexistent/folder/lock", dataFolder: "data")
        }
        #expect(error?.code == .notFound)
    }
}

@Suite("A thread for blocking calls") struct BlockingThreadTests {
    @Test("Jobs run in order, results and errors come back, a stopped thread says so")
    func jobs() async throws {
        let thread = try BlockingThread(name: "test")
        let first = try await thread.run { 42 }
        #expect(first == 42)
        await #expect(throws: FleetError.self) {
            try await thread.run { throw FleetError(.notFound, "nothing") }
        }
        thread.stop()
        let error = await #expect(throws: FleetError.self) { try await thread.run { 1 } }
        #expect(error?.code == .unavailable)
        #expect(!thread.enqueue {})
    }
}
