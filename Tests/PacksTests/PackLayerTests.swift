import Core
import Disk
import Inference
import Packs
import Testing

@Suite("Packs of several layers")
struct PackLayerTests {
    private static let rule = PackSamples.layering

    @Test("A newer layer replaces, adds and takes away; the rest shows through")
    func overlay() throws {
        let entries = try PackSamples.entries(["a/1", "b/2", "c/3", "d/4"])
        let base = try PackSamples.pack(entries)
        let changed = try PackSamples.entry(PackSamples.key("b/2"), 7)
        let added = try [("0", 8), ("c/1", 9), ("z", 10)].map {
            try PackSamples.entry(PackSamples.key($0.0), $0.1)
        }
        let layer = try PackSamples.pack(
            added + [changed],
            deleting: ["d/4", "never/there"],
            over: PackSamples.open(base),
            compaction: Self.rule
        )
        let pack = try PackSamples.open([base, layer])
        let expected = (added + [entries[0], changed, entries[2]]).sorted { $0.key < $1.key }
        #expect(try ModelAnswer.all(pack) == expected.map { ModelAnswer($0) })
        #expect(pack.layers[1].tombstoneCount == 1, "what is not below needs no tombstone")
        #expect(pack.layers[1].entryCount == 5)
        #expect(try pack.find(PackSamples.key("d/4")) == nil)
        #expect(pack.digest == pack.layers[1].digest && pack.digest != pack.layers[0].digest)
        try pack.verify()
        #expect(try PackSamples.open(base).count == 4, "the layer below stays what it was")
    }

    @Test("A key comes back over its tombstone")
    func comesBack() throws {
        let entries = try PackSamples.entries(["a", "b"])
        var layers = [try PackSamples.pack(entries)]
        for (given, deleted) in [([], ["a", "b"]), ([entries[1]], []), ([entries[0]], ["b"])] {
            let parent = try PackSamples.open(layers)
            layers.append(
                try PackSamples.pack(given, deleting: deleted, over: parent, compaction: Self.rule)
            )
        }
        #expect(try PackSamples.open(Array(layers[..<2])).count == 0)
        let after = try PackSamples.open(Array(layers[..<3]))
        #expect(after.indices.map(after.key) == [entries[1].key])
        let last = try PackSamples.open(layers)
        #expect(last.indices.map(last.key) == [entries[0].key])
        try last.verify()
    }

    @Test("A layer over the change of a few is small, and whole again when it is too much")
    func compaction() throws {
        let keys = (0..<40).map { "d\(100 + $0)" }
        let entries = try PackSamples.entries(keys)
        var layers = [try PackSamples.pack(entries)]
        var rule = PackCompaction()
        rule.layerCountMax = 4
        var counts: [Int] = []
        for round in 0..<6 {
            let parent = try PackSamples.open(layers)
            let changed = try PackSamples.entry(entries[round].key, 50 + round)
            let bytes = try PackSamples.pack([changed], over: parent, compaction: rule)
            let layer = try PackSamples.layer(bytes, "x")
            layers = layer.parents.isEmpty ? [bytes] : layers + [bytes]
            counts.append(layers.count)
        }
        #expect(counts == [2, 3, 4, 1, 2, 3])
        let many = try entries[..<11].map { try PackSamples.entry($0.key, 90) }
        let whole = try PackSamples.pack(many, over: PackSamples.open(layers))
        #expect(try PackSamples.layer(whole, "x").parents.isEmpty, "13 entries over 40 models")
        let few = try PackSamples.pack(Array(many[..<8]), over: PackSamples.open(layers))
        #expect(try PackSamples.layer(few, "x").parents.count == 3, "10 entries over 40 models")
        #expect(few.count < whole.count / 3)
    }

    @Test("A version written whole has the bytes of one that never had layers")
    func compactedBytes() throws {
        let entries = try PackSamples.entries(["a/1", "b/2", "c/3", "d/4"])
        let base = try PackSamples.open(PackSamples.pack(entries))
        let changed = try PackSamples.entry(PackSamples.key("b/2"), 7)
        let added = try PackSamples.entry(PackSamples.key("bb"), 5)
        let whole = try PackSamples.pack(
            [changed, added],
            deleting: ["c/3", "e"],
            over: base,
            compaction: .always
        )
        #expect(try whole == PackSamples.pack([entries[0], changed, added, entries[3]]))
    }

    @Test("A missing, a wrong and a superfluous layer are named")
    func wrongChain() throws {
        let entries = try PackSamples.entries(["a", "b", "c"])
        let base = try PackSamples.pack(entries)
        let other = try PackSamples.pack(Array(entries[..<2]))
        let middle = try PackSamples.pack(
            [],
            deleting: ["a"],
            over: PackSamples.open(base),
            compaction: Self.rule
        )
        let top = try PackSamples.pack(
            [],
            deleting: ["b"],
            over: PackSamples.open([base, middle]),
            compaction: Self.rule
        )
        for (layers, message) in [
            ([top], "1 needs the layer 1, which is missing"),
            ([base, top], "2 needs the layer 2, which is missing"),
            ([other, middle], "2 was built upon 1 with the digest "),
            ([base, base], "2 was built upon 0 layers, not 1"),
            ([base, top, middle], "2 needs the layer 2, which is missing"),
        ] {
            let error = #expect(throws: FleetError.self) { try PackSamples.open(layers) }
            #expect(error?.code == .dataLoss)
            #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
        }
        #expect(try PackSamples.open([base, middle, top]).count == 1)
        #expect(throws: FleetError.self) { try PackReader(layers: []) }
    }

    @Test("A stored pack is opened with the layers it names")
    func opening() async throws {
        let entries = try PackSamples.entries(["a", "b"])
        let base = try PackSamples.pack(entries)
        let below = try PackReader(layers: [PackSamples.layer(base, "fleets/plant/1/pack")])
        let layer = try PackSamples.pack(
            [],
            deleting: ["a"],
            over: below,
            compaction: Self.rule
        )
        let stored = ["fleets/plant/1/pack": base, "fleets/plant/2/pack": layer]
        func map(_ location: String, in stored: [String: [UInt8]]) throws -> PackSource {
            guard let bytes = stored[location] else {
                throw FleetError(.notFound, "blob \"\(location)\" does not exist")
            }
            let held = try HeldBytes(bytes)
            return PackSource(bytes: held.bytes, owner: held)
        }
        let pack = try await PackReader.open("fleets/plant/2/pack") { try map($0, in: stored) }
        #expect(pack.count == 1 && pack.layers.map(\.location) == stored.keys.sorted())
        let lost = await #expect(throws: FleetError.self) {
            try await PackReader.open("fleets/plant/2/pack") {
                try map($0, in: ["fleets/plant/2/pack": layer])
            }
        }
        #expect(lost?.code == .dataLoss)
        #expect(
            lost?.message
                == "fleets/plant/2/pack needs the layer fleets/plant/1/pack, which is missing"
        )
        let missing = await #expect(throws: FleetError.self) {
            try await PackReader.open("fleets/plant/3/pack") { try map($0, in: stored) }
        }
        #expect(missing?.code == .notFound)
    }

    @Test("Many layers agree with a dictionary", arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func oracle(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let samples = try (0..<9).map { try PackSamples.entry(SeriesKey(device: "x"), $0) }
        var expected: [SeriesKey: Int] = [:]
        var layers: [[UInt8]] = []
        var rule = PackCompaction()
        rule.layerCountMax = 5
        rule.overlayShareMax = 0.8
        for round in 0..<12 {
            let parent = layers.isEmpty ? nil : try PackSamples.open(layers)
            var writer = PackWriter()
            var changes: [SeriesKey: Int?] = [:]
            for _ in 0..<Int.random(in: 0...(round == 0 ? 60 : 14), using: &random) {
                let device = "d\(Int.random(in: 0..<12, using: &random))"
                let sensor = Int.random(in: 0..<8, using: &random)
                let key = try PackSamples.key(sensor == 0 ? device : "\(device)/s\(sensor)")
                let number = Int.random(in: 0..<9, using: &random)
                changes[key] = .some(Bool.random(using: &random) ? number : nil)
            }
            for (key, number) in changes {
                if let number {
                    let sample = samples[number]
                    try writer.add(
                        PackEntry(
                            key: key,
                            block: sample.block,
                            description: sample.description,
                            findings: sample.findings
                        )
                    )
                } else {
                    try writer.delete(key)
                }
                expected[key] = number
            }
            let bytes = try writer.encode(over: parent, compaction: rule)
            let isWhole = try PackSamples.layer(bytes, "x").parents.isEmpty
            layers = isWhole ? [bytes] : layers + [bytes]
            let pack = try PackSamples.open(layers)
            try pack.verify()
            #expect(pack.layers.count <= 5)
            #expect(pack.indices.map(pack.key) == expected.keys.sorted(), "seed \(seed)")
            for (key, number) in expected {
                let index = try #require(pack.find(key), "seed \(seed) round \(round) \(key)")
                #expect(try pack.modelDigest(at: index) == samples[number].digest)
                #expect(try pack.description(at: index) == samples[number].description)
            }
        }
    }
}
