import Core
import Inference
import Packs
import Testing

@Suite("Differences between packs")
struct FleetDiffTests {
    @Test("Added, removed and changed keys are found; equal numbers of another file are equal")
    func differences() throws {
        let old = try PackSamples.entries(["a", "b", "c", "d", "e"])
        var new = Array(old[1...])
        new[0] = try PackSamples.entry(old[1].key, 11)
        new[1].sourceDigest = PackDigest(of: [9])
        new[1].sourcePath = "elsewhere.pkl"
        new[2].description.featureNames = ["other"]
        new[3] = .undecodable(key: old[4].key, message: "broken")
        new.append(try PackSamples.entry(PackSamples.key("0"), 3))
        let before = try PackSamples.open(PackSamples.pack(old))
        let after = try PackSamples.open(PackSamples.pack(new))
        let diff = try FleetDiff(from: before, to: after)
        #expect(diff.removed.map { before.key(at: $0).description } == ["a"])
        #expect(diff.added.map { after.key(at: $0).description } == ["0"])
        #expect(diff.changed.map { before.key(at: $0.old).description } == ["b", "d", "e"])
        #expect(diff.changed.map { after.key(at: $0.new).description } == ["b", "d", "e"])
        #expect(diff.unchangedCount == 1 && !diff.isEmpty)
        let back = try FleetDiff(from: after, to: before)
        #expect(back.added.map { before.key(at: $0).description } == ["a"])
        #expect(back.removed.map { after.key(at: $0).description } == ["0"])
        #expect(back.changed.map(\.new) == diff.changed.map(\.old))
    }

    @Test("A pack does not differ from itself written as layers")
    func layered() throws {
        let entries = try PackSamples.entries(["a", "b", "c"])
        let base = try PackSamples.pack(entries)
        let layer = try PackSamples.pack(
            [try PackSamples.entry(PackSamples.key("b"), 8)],
            deleting: ["c"],
            over: PackSamples.open(base),
            compaction: PackSamples.layering
        )
        let layered = try PackSamples.open([base, layer])
        let whole = try PackSamples.open(
            PackSamples.pack([], over: layered, compaction: .always)
        )
        let same = try FleetDiff(from: layered, to: whole)
        #expect(same.isEmpty && same.unchangedCount == 2)
        let diff = try FleetDiff(from: PackSamples.open(base), to: layered)
        #expect(diff.changed.map(\.old) == [1] && diff.changed.map(\.new) == [1])
        #expect(diff.removed == [2] && diff.added == [] && diff.unchangedCount == 1)
    }
}
