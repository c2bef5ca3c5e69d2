import Core
import Crypto
import Disk
import Inference
import Packs
import Testing

@Suite("Packs, written and read")
struct PackRoundTripTests {
    static let keys = ["press 1/temperature", "b/z", "a", "a/b", "ä/µ", "a/a", "b", "B/z"]

    @Test("Every model comes back with its numbers, description and findings")
    func roundTrip() throws {
        let entries = try PackSamples.entries(Self.keys)
        let pack = try PackSamples.open(PackSamples.pack(entries))
        #expect(pack.count == entries.count)
        #expect(pack.indices.map(pack.key) == entries.map(\.key).sorted())
        for entry in entries {
            let index = try #require(pack.find(entry.key))
            #expect(try pack.description(at: index) == entry.description)
            #expect(try pack.findings(at: index) == entry.findings)
            let expected = SHA256.hash(data: entry.block)
            #expect(
                pack.digest(at: index)
                    == expected.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            )
            try pack.withModel(at: index) { model in
                #expect(model.byteCount == entry.block.count)
                #expect(model.supportVectorCount == entry.description.supportVectorCount)
            }
        }
        try pack.verify()
    }

    @Test("The same models give the same bytes in any order")
    func orderIndependent() throws {
        let entries = try PackSamples.entries(Self.keys)
        #expect(try PackSamples.pack(entries) == PackSamples.pack(entries.reversed()))
    }

    @Test("The bytes of version 1 do not change")
    func golden() throws {
        let bytes = try PackSamples.pack(PackSamples.entries(["a/b", "c"]))
        let digest = SHA256.hash(data: bytes).map { String($0, radix: 16) }.joined(separator: " ")
        #expect(digest == Self.goldenDigest)
    }

    static let goldenDigest =
        """
        fb e5 84 8d 14 c2 82 93 86 22 85 b3 c9 6d 1c f 52 9c 7c e9 57 7f ca b0 99 b2 81 5f \
        f8 70 7 75
        """

    @Test("A pack without models is whole and finds nothing")
    func empty() throws {
        let pack = try PackSamples.open(PackWriter().encode())
        #expect(pack.count == 0)
        #expect(try pack.find(PackSamples.key("a/b")) == nil)
        #expect(pack.range(from: nil, to: nil) == 0..<0)
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
        var entry = try PackSamples.entry(PackSamples.key("a/b"), 1)
        entry.block.removeLast()
        let broken = #expect(throws: FleetError.self) { try PackSamples.pack([entry]) }
        #expect(broken?.code == .invalidArgument)
        #expect(broken?.message.hasPrefix("cannot pack the model a/b: ") == true)
        entry = try PackSamples.entry(SeriesKey(uncheckedDevice: "a/b", sensor: "c"), 1)
        #expect(throws: FleetError.self) { try PackSamples.pack([entry]) }
    }

    @Test("Texts with any character survive")
    func texts() throws {
        var entry = try PackSamples.entry(PackSamples.key("a/b"), 1)
        entry.description.source = "quote \" slash \\ line \n tab \t nul \u{0} é 🏭 /"
        entry.description.featureNames = ["a\"b", "", "温度"]
        entry.description.gamma = 1.0e-17
        entry.description.intercept = -0.1 - 0.2
        entry.findings = [
            ModelFinding(.error, code: "x", "a \"b\""), ModelFinding(.warning, code: "y", "µ\n"),
        ]
        let pack = try PackSamples.open(PackSamples.pack([entry]))
        #expect(try pack.description(at: 0) == entry.description)
        #expect(try pack.findings(at: 0) == entry.findings)
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
            for other in probes {
                let upper = sorted.firstIndex { !($0 < other) } ?? sorted.count
                #expect(pack.range(from: probe, to: other) == lower..<max(lower, upper))
            }
        }
    }

    @Test("A pack written to a disk is the pack in memory, and leaves no part behind")
    func writesToDisk() throws {
        var writer = PackWriter()
        for entry in try PackSamples.entries(Self.keys) { try writer.add(entry) }
        let disk = FaultyDisk()
        try disk.createFolder("packs")
        for _ in 0..<2 {
            try writer.write(to: disk, path: "packs/fleet")
            let file = try disk.openForReading("packs/fleet")
            defer { file.close() }
            #expect(try file.read(at: 0, count: file.size()) == writer.encode())
            #expect(try disk.list("packs") == ["fleet"])
        }
    }

    @Test("A pack survives a power loss once written, and a failed write leaves the old one")
    func survivesFaults() throws {
        var writer = PackWriter()
        try writer.add(PackSamples.entry(PackSamples.key("a/b"), 1))
        let disk = FaultyDisk()
        try disk.createFolder("packs")
        try writer.write(to: disk, path: "packs/fleet")
        let old = try writer.encode()
        let after = disk.crash()
        #expect(try after.contents(of: "packs/fleet") == old)
        try writer.add(PackSamples.entry(PackSamples.key("c"), 2))
        after.updateFaults { $0.syncErrorProbability = 1 }
        #expect(throws: FleetError.self) { try writer.write(to: after, path: "packs/fleet") }
        #expect(try after.contents(of: "packs/fleet") == old)
    }
}
