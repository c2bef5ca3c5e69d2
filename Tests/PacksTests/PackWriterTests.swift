import Core
import Disk
import Inference
import Packs
import Testing

@Suite("Writing packs to a disk")
struct PackWriterTests {
    static let keys = PackRoundTripTests.keys

    private func write(
        _ entries: [PackEntry],
        to disk: any Disk,
        over parent: PackReader? = nil
    ) throws -> PackSummary {
        var writer = PackWriter(disk: disk, path: "packs/fleet")
        for entry in entries { try writer.add(entry) }
        return try writer.finish(over: parent, compaction: PackSamples.layering)
    }

    @Test("The file is the pack in memory in whatever order models came, and nothing else stays")
    func writesToDisk() throws {
        let entries = try PackSamples.entries(Self.keys)
        let sorted = entries.sorted { $0.key < $1.key }
        let oneFamily = sorted.filter { $0.description.type == "one_class_svm" }
        // In key order the waiting file becomes the pack; else blocks are copied into a new one.
        for given in [entries, sorted, sorted.reversed(), oneFamily, oneFamily.reversed(), []] {
            let disk = FaultyDisk()
            try disk.createFolder("packs")
            for _ in 0..<2 {
                let summary = try write(given, to: disk)
                let bytes = try #require(try disk.contents(of: "packs/fleet"))
                #expect(try bytes == PackSamples.pack(given))
                #expect(try disk.list("packs") == ["fleet"])
                #expect(summary.byteCount == bytes.count)
                #expect(summary.modelCount == given.count)
                #expect(summary.writtenCount == given.count)
                #expect(try summary.digest == PackSamples.open(bytes).digest)
            }
        }
    }

    @Test("Large blocks and many models go through the files unchanged")
    func large() throws {
        let disk = FaultyDisk()
        try disk.createFolder("packs")
        var batch = PackBatch()
        var generator = SeededGenerator(seed: 3)
        let vectors = 90_000
        for number in 0..<3 {
            let machine = SupportVectorMachine(
                kernel: .rbf,
                gamma: 1,
                coef0: 0,
                degree: 3,
                supportVectors: (0..<vectors).map { Double(($0 &* 31 &+ number) % 1000) / 9 },
                dualCoefficients: Array(repeating: 1, count: vectors),
                intercept: -1
            )
            let model = ModelParameters(
                type: "one_class_svm",
                stages: [machine],
                head: .aboveZeroIsNormal,
                featureCount: 1,
                featureNames: nil,
                source: "test"
            )
            try batch.append(
                PackEntry(
                    key: SeriesKey(device: "large-\(number)"),
                    block: ModelEncoder.encode(model),
                    description: ModelDescription(of: model, byteCount: 0),
                    findings: []
                )
            )
        }
        let small = try (0..<3).map { try PackSamples.entry(SeriesKey(device: "x"), $0) }
        for number in (0..<1500).shuffled(using: &generator) {
            let sample = small[number % 3]
            try sample.block.withUnsafeBytes { block in
                try SeriesKey(device: "small-\(10_000 + number)").withKeyBytes {
                    try batch.append(
                        $0,
                        block: block,
                        facts: .init(
                            description: .init(
                                undecodable: "number \(number)"
                            )
                        )
                    )
                }
            }
        }
        var writer = PackWriter(disk: disk, path: "packs/fleet")
        try writer.add(batch)
        batch.removeAll()
        #expect(batch.count == 0 && batch.byteCount == 0)
        _ = try writer.finish()
        let pack = try PackSamples.open(#require(try disk.contents(of: "packs/fleet")))
        #expect(pack.count == 1503)
        try pack.verify()
        for number in [0, 700, 1499] {
            let index = try #require(try pack.find(SeriesKey(device: "small-\(10_000 + number)")))
            #expect(try pack.description(at: index).source == "number \(number)")
            #expect(try Array(pack.blockBytes(at: index)) == small[number % 3].block)
        }
    }

    @Test("A pack survives a power loss once written, and a failed write leaves the old one")
    func survivesFaults() throws {
        let entries = try PackSamples.entries(Self.keys)
        let disk = FaultyDisk()
        try disk.createFolder("packs")
        _ = try write([entries[0]], to: disk)
        let old = try PackSamples.pack([entries[0]])
        let after = disk.crash()
        #expect(try after.contents(of: "packs/fleet") == old)
        for given in [[entries[1]], entries] {
            after.updateFaults { $0.syncErrorProbability = 1 }
            #expect(throws: FleetError.self) { try write(given, to: after) }
            after.updateFaults { $0.syncErrorProbability = 0 }
            #expect(try after.contents(of: "packs/fleet") == old)
            #expect(try after.list("packs") == ["fleet"])
        }
    }

    @Test("A writer whose disk failed finishes nothing")
    func brokenWriter() throws {
        let disk = FaultyDisk()
        try disk.createFolder("packs")
        var writer = PackWriter(disk: disk, path: "packs/fleet")
        let entries = try PackSamples.entries(Self.keys)
        try writer.add(entries[0])
        disk.updateFaults { $0.freeByteCount = 0 }
        var large = PackBatch()
        let block = entries[1].block
        for number in 0..<4000 {
            try block.withUnsafeBytes { block in
                try SeriesKey(device: "d\(number)").withKeyBytes {
                    try large.append(
                        $0,
                        block: block,
                        facts: .init(description: entries[1].description)
                    )
                }
            }
        }
        var codes: [FleetErrorCode] = []
        do { try writer.add(large) } catch let error as FleetError { codes.append(error.code) }
        disk.updateFaults { $0.freeByteCount = nil }
        do { try writer.add(entries[2]) } catch let error as FleetError { codes.append(error.code) }
        do { _ = try writer.finish() } catch let error as FleetError { codes.append(error.code) }
        #expect(codes == [.resourceExhausted, .unavailable, .unavailable])
        #expect(try disk.list("packs") == [])
    }

    @Test("A writer that is dropped leaves nothing behind")
    func dropped() throws {
        let disk = FaultyDisk()
        try disk.createFolder("packs")
        do {
            var writer = PackWriter(disk: disk, path: "packs/fleet")
            for entry in try PackSamples.entries(Self.keys) { try writer.add(entry) }
            #expect(try disk.list("packs").contains("fleet.texts"))
        }
        #expect(try disk.list("packs") == [])
    }

    @Test("A layer on a disk names its parent, and a whole pack over it takes its blocks along")
    func layers() throws {
        let entries = try PackSamples.entries(Self.keys)
        let disk = FaultyDisk()
        try disk.createFolder("packs")
        let base = try PackSamples.open(PackSamples.pack(entries))
        let changed = try PackSamples.entry(PackSamples.key("b/z"), 8)
        let summary = try write([changed], to: disk, over: base)
        #expect(summary.parents == [PackParent(digest: base.digest, location: "1")])
        #expect(summary.modelCount == entries.count && summary.writtenCount == 1)
        let layer = try #require(try disk.contents(of: "packs/fleet"))
        let both = try PackSamples.open([PackSamples.pack(entries), layer])
        let writer = PackWriter(disk: disk, path: "packs/fleet")
        let whole = try writer.finish(over: both, compaction: .always)
        #expect(whole.parents.isEmpty && whole.modelCount == entries.count)
        let expected = entries.map { $0.key == changed.key ? changed : $0 }
        #expect(try disk.contents(of: "packs/fleet") == PackSamples.pack(expected))
    }
}
