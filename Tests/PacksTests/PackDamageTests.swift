import Core
import Crypto
import Inference
import Packs
import Testing

@Suite("Damaged packs")
struct PackDamageTests {
    @Test("A flipped byte anywhere is refused or changes no answer")
    func flipped() throws {
        let entries = try PackSamples.entries(["a/b", "a/c", "d"])
        let whole = try PackSamples.pack(entries)
        let expected = try Self.answers(PackSamples.open(whole), entries)
        var refused = 0
        for index in whole.indices {
            for mask in [0x01, 0x40] as [UInt8] {
                var bytes = whole
                bytes[index] ^= mask
                do {
                    let answers = try Self.answers(PackSamples.open(bytes), entries)
                    #expect(answers == expected, "byte \(index)")
                } catch let error as FleetError {
                    #expect(
                        error.code == .dataLoss || error.code == .unsupported,
                        "byte \(index): \(error)"
                    )
                    refused += 1
                }
            }
        }
        // Only padding between sections may be flipped unseen.
        #expect(refused > 2 * (whole.count - 256))
    }

    @Test("A pack cut to any length is refused when it is opened")
    func truncated() throws {
        let whole = try PackSamples.pack(PackSamples.entries(["a/b", "c"]))
        for count in whole.indices {
            let error = #expect(throws: FleetError.self, "\(count) bytes") {
                try PackSamples.open(Array(whole[..<count]))
            }
            #expect(error?.code == .dataLoss)
        }
        #expect(throws: FleetError.self) { try PackSamples.open(whole + [0]) }
    }

    @Test("A damaged block names its model; the others still score")
    func namesTheModel() throws {
        let entries = try PackSamples.entries(["a/b", "c/d"])
        var bytes = try PackSamples.pack(entries)
        bytes[bytes.count - 1] ^= 1
        let pack = try PackSamples.open(bytes)
        _ = try ModelAnswer(pack, at: 0)
        let error = #expect(throws: FleetError.self) { try pack.block(at: 1) }
        #expect(
            error?.message
                == "the model c/d in the pack is damaged: its numbers do not match their hash"
        )
    }

    @Test("A newer version is unsupported, not damaged")
    func newerVersion() throws {
        var bytes = try PackSamples.pack(PackSamples.entries(["a/b"]))
        bytes[8] = 2
        Self.seal(&bytes)
        let error = #expect(throws: FleetError.self) { try PackSamples.open(bytes) }
        #expect(error?.code == .unsupported)
    }

    @Test("A directory made to mislead, with right hashes, never crashes")
    func hostile() throws {
        let entries = try PackSamples.entries(["a/b", "a/c", "d"])
        let whole = try PackSamples.pack(entries)
        let directoryEnd = 192 + 32 + 3 * 96 + 7
        var opened = 0
        for index in 8..<directoryEnd {
            for value in [0, 1, 0x7F, 0xFF, whole[index] &+ 1] as [UInt8] {
                var bytes = whole
                bytes[index] = value
                Self.seal(&bytes)
                do {
                    let pack = try PackSamples.open(bytes)
                    opened += 1
                    for index in pack.indices {
                        _ = pack.key(at: index)
                        _ = pack.find(pack.key(at: index))
                        do { _ = try ModelAnswer(pack, at: index) } catch is FleetError {}
                    }
                } catch is FleetError {}
            }
        }
        #expect(opened > 0, "hashes in entries can change without the directory noticing")
    }

    @Test("A digest that does not match is found by verifying")
    func wrongDigest() throws {
        var bytes = try PackSamples.pack(PackSamples.entries(["a/b"]))
        bytes[192 + 32 + 64] ^= 1
        Self.seal(&bytes)
        let error = #expect(throws: FleetError.self) { try PackSamples.open(bytes).verify() }
        #expect(error?.message.contains("do not match their digest") == true)
    }

    /// Makes directory digest and header hash right again.
    private static func seal(_ bytes: inout [UInt8]) {
        func number(_ offset: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
        }
        let (start, end) = (number(32), number(64))
        if start <= end, end <= UInt64(bytes.count) {
            let digest = SHA256.hash(data: Array(bytes[Int(start)..<Int(end)]))
            bytes.replaceSubrange(96..<128, with: Array(digest))
        }
        let hash = Array(bytes[..<184]).withUnsafeBytes { XXHash64.hash($0) }
        for position in 0..<8 {
            bytes[184 + position] = UInt8(truncatingIfNeeded: hash >> UInt64(8 * position))
        }
    }

    private static func answers(
        _ pack: PackReader,
        _ entries: [PackEntry]
    ) throws -> [ModelAnswer] {
        #expect(pack.count == entries.count)
        return try entries.map { entry in
            try ModelAnswer(pack, at: #require(pack.find(entry.key)))
        }
    }
}
