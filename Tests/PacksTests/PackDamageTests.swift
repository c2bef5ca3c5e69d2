import Core
import Disk
import Inference
import Packs
import Testing

@Suite("Damaged packs")
struct PackDamageTests {
    /// A base and a layer over it with a changed model, a new one and a tombstone.
    private static func layers() throws -> [[UInt8]] {
        let base = try PackSamples.pack(PackSamples.entries(["a/b", "a/c", "d"]))
        let layer = try PackSamples.pack(
            [
                PackSamples.entry(PackSamples.key("a/c"), 3),
                .undecodable(key: PackSamples.key("e"), message: "broken"),
            ],
            deleting: ["d"],
            over: PackSamples.open(base),
            compaction: PackSamples.layering
        )
        return [base, layer]
    }

    @Test("A flipped byte anywhere in any layer is refused or changes no answer")
    func flipped() throws {
        let whole = try Self.layers()
        let expected = try ModelAnswer.all(PackSamples.open(whole))
        for layer in whole.indices {
            for index in whole[layer].indices {
                var damaged = whole
                damaged[layer][index] ^= index.isMultiple(of: 2) ? 0x01 : 0x40
                do {
                    let pack = try PackSamples.open(damaged)
                    #expect(try ModelAnswer.all(pack) == expected, "layer \(layer) byte \(index)")
                } catch let error as FleetError {
                    #expect(error.code == .dataLoss, "layer \(layer) byte \(index): \(error)")
                    #expect(error.message.contains("damaged") || error.message.contains("digest"))
                }
            }
        }
    }

    @Test("Reading every answer notices a flipped byte anywhere but in padding")
    func noticed() throws {
        let base = try Self.layers()[0]
        var unseen = 0
        for index in base.indices {
            var damaged = base
            damaged[index] ^= 0x02
            do {
                _ = try ModelAnswer.all(PackSamples.open(damaged))
                unseen += 1
            } catch is FleetError {}
        }
        // At most 63 bytes before each of the five sections, and 3 after each text.
        #expect(unseen < 5 * 64 + 40)
    }

    @Test("A flipped byte anywhere but in padding is found by verifying")
    func verified() throws {
        let base = try Self.layers()[0]
        var unseen: [Int] = []
        for index in base.indices {
            var damaged = base
            damaged[index] ^= 0x10
            do {
                try PackSamples.open(damaged).verify()
                unseen.append(index)
            } catch let error as FleetError {
                #expect(error.code == .dataLoss)
            }
        }
        #expect(unseen == [], "the digest covers padding, too")
    }

    @Test("A pack cut to any length, or longer than it was, is refused when it is opened")
    func truncated() throws {
        let whole = try Self.layers()
        for layer in whole.indices {
            for count in whole[layer].indices {
                var cut = whole
                cut[layer] = Array(whole[layer][..<count])
                let error = #expect(throws: FleetError.self, "\(count) bytes") {
                    try PackSamples.open(cut)
                }
                #expect(error?.code == .dataLoss)
            }
        }
        #expect(throws: FleetError.self) { try PackSamples.open([whole[0] + [0]]) }
        let padding: [UInt8] = Array(repeating: 0, count: 64)
        #expect(throws: FleetError.self) { try PackSamples.open([padding + whole[0]]) }
        #expect(throws: FleetError.self) { try PackSamples.open([whole[0] + padding]) }
    }

    @Test("A damaged block names its model and its layer; the others still answer")
    func namesTheModel() throws {
        let entries = try PackSamples.entries(["a/b", "c/d"])
        var bytes = try PackSamples.pack(entries)
        let area = try #require(PackSamples.open(bytes).layers[0].areas.first)
        bytes[area.range.upperBound - 1] ^= 1
        let pack = try PackSamples.open(bytes)
        _ = try ModelAnswer(pack, at: 0)
        let error = #expect(throws: FleetError.self) { try pack.block(at: 1) }
        #expect(
            error?.message
                == "the model c/d in 1 is damaged: its numbers do not match their hash"
        )
        let copied = #expect(throws: FleetError.self) {
            try PackSamples.pack([], over: pack, compaction: .always)
        }
        #expect(copied?.message == error?.message, "damage is not carried along")
    }

    @Test("Version 1 and a newer version are unsupported, not damaged")
    func otherVersions() throws {
        let bytes = try PackSamples.pack(PackSamples.entries(["a/b"]))
        var old = bytes
        old[7] = UInt8(ascii: "1")
        let before = #expect(throws: FleetError.self) { try PackSamples.open(old) }
        #expect(before?.code == .unsupported)
        #expect(before?.description.contains("import the fleet again") == true)
        var newer = bytes
        let footer = newer.count - 512
        newer[footer + 8] = 3
        let hash = Array(newer[footer..<(footer + 504)]).withUnsafeBytes { XXHash64.hash($0) }
        for position in 0..<8 {
            newer[footer + 504 + position] = UInt8(truncatingIfNeeded: hash >> (8 * position))
        }
        let after = #expect(throws: FleetError.self) { try PackSamples.open(newer) }
        #expect(after?.code == .unsupported)
    }

    @Test("Numbers made to mislead, with hashes as they should be, never crash")
    func hostile() throws {
        let whole = try Self.layers()
        var opened = 0
        for layer in whole.indices {
            let start = try #require(PackSamples.layer(whole[layer], "x").areas.last?.range)
            for index in start.upperBound..<whole[layer].count {
                for value in [0, 1, 0x7F, 0xFF, whole[layer][index] &+ 1] as [UInt8] {
                    var bytes = whole
                    bytes[layer][index] = value
                    if Self.read(bytes) { opened += 1 }
                }
            }
        }
        #expect(opened > 1000)
    }

    @Test("Random damage with hashes as they should be never crashes", arguments: [1, 2, 3])
    func hostileRandom(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let whole = try Self.layers()
        var opened = 0
        for _ in 0..<700 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...24, using: &random) {
                let layer = Int.random(in: 0...1, using: &random)
                let count = bytes[layer].count
                // Half of the damage hits the footer, which everything hangs on.
                let range = Bool.random(using: &random) ? (count - 512)..<count : 0..<count
                let index = Int.random(in: range, using: &random)
                bytes[layer][index] =
                    Bool.random(using: &random)
                    ? UInt8.random(in: 0...255, using: &random)
                    : [0, 0xFF, 0x80].randomElement(
                        using: &random
                    ) ?? 0
            }
            if Self.read(bytes) { opened += 1 }
        }
        #expect(opened > 0 && opened < 700)
    }

    /// Reads everything without checking hashes; whether the pack could be opened.
    private static func read(_ layers: [[UInt8]]) -> Bool {
        do {
            let pack = try PackSamples.open(layers, checkingHashes: false)
            var bytes = 0
            for index in pack.indices {
                let key = pack.key(at: index)
                _ = pack.find(key)
                _ = pack.lowerBound(key, from: index)
                _ = pack.range(from: key, to: nil)
                do { bytes += try pack.blockBytes(at: index).count } catch is FleetError {}
                do { _ = try pack.block(at: index) } catch is FleetError {}
                do { bytes += try pack.description(at: index).facts.count } catch is FleetError {}
                do { bytes += try pack.findings(at: index).count } catch is FleetError {}
                do { bytes += try pack.sourcePath(at: index).count } catch is FleetError {}
                do { _ = try pack.digest(at: index) } catch is FleetError {}
            }
            do { _ = try FleetDiff(from: pack, to: pack) } catch is FleetError {}
            do { try pack.verify() } catch is FleetError {}
            return bytes >= 0
        } catch {
            return false
        }
    }
}
