import Core
import Crypto
import Inference
import Packs
import Testing

@Suite("Packs, written and read")
struct PackRoundTripTests {
    static let keys = ["press 1/temperature", "b/z", "a", "a/b", "ä/µ", "a/a", "b", "B/z"]

    @Test("Every model comes back with its numbers, description, findings and source")
    func roundTrip() throws {
        let entries = try PackSamples.entries(Self.keys)
        let pack = try PackSamples.open(PackSamples.pack(entries))
        #expect(pack.count == entries.count)
        #expect(pack.indices.map(pack.key) == entries.map(\.key).sorted())
        for entry in entries {
            let index = try #require(pack.find(entry.key))
            #expect(try ModelAnswer(pack, at: index) == ModelAnswer(entry))
            #expect(try pack.hasFindings(at: index) == !entry.findings.isEmpty)
            let expected = SHA256.hash(data: entry.block)
            #expect(
                try pack.digest(at: index)
                    == expected.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            )
            try pack.withModel(at: index) { model in
                #expect(model.byteCount == entry.block.count)
                #expect(model.family == pack.family(at: index))
            }
        }
        try pack.verify()
    }

    @Test("Blocks of a family lie together in key order")
    func grouped() throws {
        let entries = try PackSamples.entries(Self.keys)
        let pack = try PackSamples.open(PackSamples.pack(entries))
        let areas = pack.layers[0].areas
        #expect(areas.count == 2)
        #expect(areas.map(\.modelCount).reduce(0, +) == entries.count)
        for area in areas {
            let members = pack.indices.filter { pack.family(at: $0) == area.family }
            let starts = try members.compactMap { try pack.blockBytes(at: $0).baseAddress }
            #expect(members.count == area.modelCount)
            #expect(starts == starts.sorted())
            let sizes = try members.map { try pack.blockBytes(at: $0).count }
            #expect(sizes.reduce(0, +) == area.range.count)
        }
    }

    @Test("The same models give the same bytes in any order")
    func orderIndependent() throws {
        let entries = try PackSamples.entries(Self.keys)
        var batch = PackBatch()
        for entry in entries.shuffled() { try batch.append(entry) }
        var writer = PackWriter()
        try writer.add(batch)
        let bytes = try writer.encode()
        #expect(try bytes == PackSamples.pack(entries))
        #expect(try bytes == PackSamples.pack(entries.reversed()))
    }

    @Test("The bytes of version 2 do not change")
    func golden() throws {
        // Without blocks, whose bytes are not the pack's affair.
        let entries = try ["a/b", "c", "b/ü"].map { text in
            PackEntry.undecodable(
                key: try PackSamples.key(text),
                message: "it is a picture",
                sourcePath: "models/\(text).png",
                sourceDigest: PackDigest(of: Array(text.utf8))
            )
        }
        let base = try PackSamples.pack(entries)
        let pack = try PackSamples.open(base)
        let layer = try PackSamples.pack(
            [entries[1]],
            deleting: ["a/b"],
            over: pack,
            compaction: PackSamples.layering
        )
        #expect(PackDigest(of: base).hex == Self.goldenBase)
        #expect(PackDigest(of: layer).hex == Self.goldenLayer)
    }

    static let goldenBase =
        "95168ed097c4292d629029e3cfa5113c995041d5205d8d06b8a45d01d2eeb93c"
    static let goldenLayer =
        "265217c6ae01cc5c24565e2cfed069aebde7ea65612382ee53b797e524bd3447"

    @Test("A pack without models is whole and finds nothing")
    func empty() throws {
        let pack = try PackSamples.open(PackWriter().encode())
        #expect(pack.count == 0)
        #expect(try pack.find(PackSamples.key("a/b")) == nil)
        #expect(pack.range(from: nil, to: nil) == 0..<0)
        try pack.verify()
    }

    @Test("Duplicate keys are refused by name")
    func duplicates() throws {
        let entries = try PackSamples.entries(["a/b", "c", "a/b", "d", "c", "c"])
        let error = #expect(throws: FleetError.self) { try PackSamples.pack(entries) }
        #expect(error?.code == .conflict)
        #expect(error?.message == "more than one model has the key a/b, c")
    }

    @Test("Names that are equal as text but not as bytes are two keys")
    func bytewiseKeys() throws {
        let entries = try PackSamples.entries(["\u{E9}/s", "e\u{301}/s"])
        let pack = try PackSamples.open(PackSamples.pack(entries))
        #expect(pack.count == 2)
        #expect(pack.find(entries[0].key) == 1)
        #expect(pack.find(entries[1].key) == 0)
    }

    @Test("A block that is no model and a key that is not allowed are refused by name")
    func invalidEntries() throws {
        let good = try PackSamples.entry(PackSamples.key("a/b"), 1)
        let short = PackEntry(
            key: good.key,
            block: Array(good.block.dropLast()),
            description: good.description,
            findings: []
        )
        let broken = #expect(throws: FleetError.self) { try PackSamples.pack([short]) }
        #expect(broken?.code == .invalidArgument)
        #expect(broken?.message.hasPrefix("cannot pack the model a/b: ") == true)
        let key = SeriesKey(uncheckedDevice: "a/b", sensor: "c")
        let misnamed = try PackSamples.entry(key, 1)
        let refused = #expect(throws: FleetError.self) { try PackSamples.pack([misnamed]) }
        #expect(refused?.message == "the key \"a/b/c\" is not allowed")
    }

    @Test("A file that could not be decoded keeps its key, its reason and its source")
    func undecodable() throws {
        let entry = PackEntry.undecodable(
            key: try PackSamples.key("a/b"),
            message: "it is a picture",
            sourcePath: "a_b.png",
            sourceDigest: PackDigest(of: [1])
        )
        let pack = try PackSamples.open(PackSamples.pack([entry]))
        #expect(try ModelAnswer(pack, at: 0) == ModelAnswer(entry))
        let error = #expect(throws: FleetError.self) { try pack.block(at: 0) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message == "it is a picture")
        #expect(pack.family(at: 0) == 0)
        try pack.verify()
    }

    @Test("Texts with any character survive")
    func texts() throws {
        var entry = try PackSamples.entry(PackSamples.key("a/b"), 1)
        entry.description.source = "quote \" slash \\ line \n tab \t nul \u{0} é 🏭 /"
        entry.description.featureNames = ["a\"b", "", "温度"]
        entry.description.facts = [ModelFact("", "µ"), ModelFact("nu", "\u{0}")]
        entry.description.stageNames = []
        entry.findings = [
            ModelFinding(.error, code: "x", "a \"b\""), ModelFinding(.warning, code: "y", "µ\n"),
        ]
        entry.sourcePath = "ü/../\n"
        let pack = try PackSamples.open(PackSamples.pack([entry]))
        #expect(try ModelAnswer(pack, at: 0) == ModelAnswer(entry))
    }

    @Test("Equal texts are stored once")
    func interned() throws {
        func byteCount(_ count: Int, name: (Int) -> String) throws -> Int {
            var writer = PackWriter()
            for number in 0..<count {
                var entry = PackEntry.undecodable(
                    key: try SeriesKey(device: "d\(1000 + number)"),
                    message: name(number)
                )
                entry.findings = []
                try writer.add(entry)
            }
            return try writer.encode().count
        }
        let shared = String(repeating: "x", count: 400)
        let same = try byteCount(300) { _ in shared }
        let different = try byteCount(300) { "\(1000 + $0)" + shared.dropFirst(4) }
        #expect(different - same > 299 * 400)
    }

    @Test("Look-ups agree with a plain search")
    func lookups() throws {
        var names: [String] = []
        for device in 0..<23 { for sensor in 0..<3 { names.append("d\(device)/s\(sensor)") } }
        let pack = try PackSamples.open(PackSamples.pack(PackSamples.entries(names)))
        let sorted = pack.indices.map(pack.key)
        let probes = try sorted + ["a", "d", "d1", "d1/s", "d22/s3", "z/z"].map(PackSamples.key)
        for probe in probes {
            let lower = sorted.firstIndex { !($0 < probe) } ?? sorted.count
            #expect(pack.find(probe) == sorted.firstIndex(of: probe))
            for start in [0, 1, 17, 40, 68, 69, 500, -3] {
                let clamped = min(max(0, start), sorted.count)
                #expect(pack.lowerBound(probe, from: start) == max(lower, clamped))
                let found = sorted.firstIndex(of: probe).flatMap { $0 >= clamped ? $0 : nil }
                #expect(pack.find(probe, from: start) == found)
            }
            #expect(pack.range(from: probe, to: nil) == lower..<sorted.count)
            #expect(pack.range(from: nil, to: probe) == 0..<lower)
            for other in probes.shuffled().prefix(12) {
                let upper = sorted.firstIndex { !($0 < other) } ?? sorted.count
                #expect(pack.range(from: probe, to: other) == lower..<max(lower, upper))
            }
        }
    }

    @Test("A merge sees keys and numbers as bytes")
    func merge() throws {
        let entries = try PackSamples.entries(Self.keys)
        let pack = try PackSamples.open(PackSamples.pack(entries))
        var seen: [SeriesKey] = []
        try pack.forEach(in: 2..<pack.count) { model in
            let entry = try #require(entries.first { $0.key == SeriesKey(model.key) })
            seen.append(entry.key)
            #expect(try Array(model.blockBytes()) == entry.block)
            #expect(try model.view().family == model.family)
            #expect(model.index == pack.find(model.key))
        }
        #expect(seen == Array(entries.map(\.key).sorted().dropFirst(2)))
    }

    @Test("A digest reads back from its hexadecimal text")
    func hex() throws {
        let digest = PackDigest(of: [1, 2, 3])
        #expect(PackDigest(hex: digest.hex) == digest)
        #expect(PackDigest(hex: digest.hex.uppercased()) == digest)
        #expect(PackDigest(hex: String(digest.hex.dropLast())) == nil)
        #expect(PackDigest(hex: "g" + digest.hex.dropFirst()) == nil)
        #expect(PackDigest(bytes: UnsafeRawBufferPointer(start: nil, count: 0)) == nil)
        #expect(PackDigest.none.isNone && !digest.isNone)
    }
}
