import Core
import Disk
import TestKit
import Testing

@Suite("The fault-injecting disk") struct FaultyDiskTests {
    @Test("It keeps the disk's promises", arguments: DiskContract.checks)
    func contract(_ check: DiskContract.Check) throws {
        try check.run(FaultyDisk(), "sub/data")
        try check.run(FaultyDisk(), "/absolute")
    }

    @Test("A crash loses the bytes after the last sync")
    func lostBytes() throws {
        let disk = FaultyDisk()
        let file = try disk.open("a")
        try append("kept", file)
        try file.sync()
        try disk.syncFolder(".")
        try append("lost", file)
        let after = disk.crash()
        #expect(try after.contents(of: "a") == Array("kept".utf8))
        #expect(throws: FleetError.self) { try append("x", file) }
        #expect(throws: FleetError.self) { try disk.list(".") }
    }

    @Test("A crash reverts names whose folder was not synced")
    func lostNames() throws {
        let disk = FaultyDisk()
        try disk.createFolder("f")
        try disk.replaceContents(of: "f/a", with: [1])
        try disk.replaceContents(of: "f/b", with: [2])
        try disk.open("f/new").close()
        try disk.remove("f/a")
        try disk.rename("f/b", to: "f/c")
        #expect(try disk.list("f") == ["c", "new"])
        let after = disk.crash()
        #expect(try after.list("f") == ["a", "b"])
        #expect(try after.contents(of: "f/b") == [2])
    }

    @Test("A truncation that was not synced is undone")
    func lostTruncation() throws {
        let disk = FaultyDisk()
        try disk.replaceContents(of: "a", with: [1, 2, 3])
        let file = try disk.open("a")
        try file.truncate(to: 1)
        try append("x", file)
        #expect(try disk.crash().contents(of: "a") == [1, 2, 3])
    }

    @Test("A crash leaves zeros in a prepared file where nothing was synced, page by page")
    func preparedFile() throws {
        var left = Set<[Bool]>()
        for seed in 0..<60 as Range<UInt64> {
            var faults = DiskFaults(seed: seed)
            faults.tearsWrites = seed % 2 == 0
            let disk = FaultyDisk(faults: faults)
            let file = try disk.prepare("a", byteCount: 4096)
            try disk.syncFolder(".")
            try append(String(repeating: "s", count: 512), file)
            try file.sync()
            try append(String(repeating: "x", count: 1024), file)
            let bytes = try #require(try disk.crash().contents(of: "a"))
            try #require(bytes.count == 4096)
            #expect(bytes[..<512].allSatisfy { $0 == UInt8(ascii: "s") })
            #expect(bytes[1536...].allSatisfy { $0 == 0 })
            left.insert([512, 1024].map { bytes[$0] == UInt8(ascii: "x") })
            if seed % 2 == 1 { #expect(bytes[512...].allSatisfy { $0 == 0 }) }
        }
        #expect(left.count == 4)
    }

    @Test("A prepared file takes its room at once")
    func preparedRoom() throws {
        let disk = FaultyDisk()
        disk.updateFaults { $0.freeByteCount = 10 }
        let error = #expect(throws: FleetError.self) { try disk.prepare("a", byteCount: 11) }
        #expect(error?.code == .resourceExhausted)
        let file = try disk.prepare("a", byteCount: 8)
        #expect(try disk.freeByteCount(of: ".") == 2)
        try append("12345678", file)
        #expect(try disk.freeByteCount(of: ".") == 2)
        try append("90", file)
        #expect(try disk.freeByteCount(of: ".") == 0)
        try file.truncate(to: 4)
        #expect(try disk.freeByteCount(of: ".") == 6)
    }

    @Test("Torn writes keep a prefix, rot changes only what was not synced")
    func tornWrites() throws {
        var kept = Set<Int>()
        var rotten = 0
        for seed in 0..<100 as Range<UInt64> {
            var faults = DiskFaults(seed: seed)
            faults.tearsWrites = true
            faults.rotsBits = true
            let disk = FaultyDisk(faults: faults)
            try disk.replaceContents(of: "a", with: Array("synced".utf8))
            let file = try disk.open("a")
            try append("0123456789", file)
            let bytes = try #require(try disk.crash().contents(of: "a"))
            #expect(bytes.starts(with: Array("synced".utf8)), "seed \(seed)")
            kept.insert(bytes.count)
            if !Array("synced0123456789".utf8).starts(with: bytes) { rotten += 1 }
        }
        #expect(kept.count > 5)
        #expect(rotten > 10)
    }

    @Test("A full disk takes what fits, and space given back helps")
    func fullDisk() throws {
        let disk = FaultyDisk()
        disk.updateFaults { $0.freeByteCount = 6 }
        let file = try disk.open("a")
        try append("1234", file)
        let error = #expect(throws: FleetError.self) { try append("5678", file) }
        #expect(error?.code == .resourceExhausted)
        #expect(try file.size() == 6)
        try file.truncate(to: 4)
        try append("56", file)
        #expect(try file.size() == 6)
    }

    @Test("Write and sync errors, ignored syncs and power failures happen when asked for")
    func faults() throws {
        let disk = FaultyDisk()
        let file = try disk.open("a")
        disk.updateFaults { $0.writeErrorProbability = 1 }
        #expect(throws: FleetError.self) { try append("x", file) }
        disk.updateFaults {
            $0.writeErrorProbability = 0
            $0.syncErrorProbability = 1
        }
        #expect(throws: FleetError.self) { try file.sync() }
        disk.updateFaults {
            $0.syncErrorProbability = 0
            $0.syncIsIgnored = true
        }
        try file.sync()
        try disk.syncFolder(".")
        #expect(try disk.crash().list(".").isEmpty)

        let other = FaultyDisk()
        other.updateFaults { $0.powerFailsAfterCallCount = 1 }
        _ = try other.open("a")
        #expect(throws: FleetError.self) { try other.open("b") }
        #expect(throws: FleetError.self) { try other.open("a") }
    }

    private func append(_ text: String, _ file: any DiskFile) throws {
        try Array(text.utf8).withUnsafeBytes { try file.append($0) }
    }
}
