import Core
import Testing

@testable import Windowing

@Suite("Window snapshots")
struct SnapshotTests {
    private func definition(_ name: String, _ size: Int64) throws -> WindowDefinition {
        try WindowDefinition(name: name, size: .seconds(size), allowedLateness: .seconds(30))
    }

    private func filled(_ definitions: [WindowDefinition]) -> PartitionWindows {
        var windows = PartitionWindows(definitions: definitions)
        var events = EventBatch()
        for second in 0..<200 {
            let key = SeriesKey(uncheckedDevice: "d\(second % 7)", sensor: "s")
            events.append(key, Timestamp(seconds: Int64(second)), Double(second) * 0.1)
        }
        var output = WindowOutput()
        windows.apply(events: events, baseOffset: 0, output: &output)
        return windows
    }

    @Test("Changed definitions start again and are reported; the others go on")
    func changes() throws {
        let kept = try definition("kept", 10)
        let saved = filled([kept, try definition("gone", 10), try definition("resized", 10)])
        var changes: [DefinitionChange] = []
        let loaded = try PartitionWindows(
            definitions: [try definition("new", 10), kept, try definition("resized", 20)],
            decoding: saved.encode(),
            changes: &changes
        )
        #expect(changes == [.dropped("gone"), .restarted("resized"), .started("new")])
        #expect(loaded.openWindowCount * 3 == saved.openWindowCount)
        #expect(loaded.closedThrough(of: "kept") == saved.closedThrough(of: "kept"))
        #expect(loaded.seriesCount == 7)
    }

    @Test("A lateness raised between runs reopens no closed window")
    func raisedLateness() throws {
        let saved = filled([try definition("w", 10)])
        let later = try WindowDefinition(
            name: "w",
            size: .seconds(10),
            allowedLateness: .seconds(3600)
        )
        var loaded = try PartitionWindows(definitions: [later], decoding: saved.encode())
        var events = EventBatch()
        events.append(
            SeriesKey(uncheckedDevice: "d0", sensor: "s"),
            Timestamp(microseconds: 5),
            1
        )
        var output = WindowOutput()
        loaded.apply(events: events, baseOffset: 200, output: &output)
        #expect(output.late.count == 1)
    }

    @Test("Any damaged byte is found")
    func damage() throws {
        let definitions = [try definition("w", 10)]
        let bytes = filled(definitions).encode()
        var random = SeededRandom(seed: 5)
        for _ in 0..<200 {
            var damaged = bytes
            let index = Int.random(in: 0..<bytes.count, using: &random)
            damaged[index] ^= UInt8.random(in: 1...255, using: &random)
            let error = #expect(throws: FleetError.self) {
                try PartitionWindows(definitions: definitions, decoding: damaged)
            }
            #expect(error?.code == .dataLoss)
        }
        for length in [0, 7, 8, 15, 16, bytes.count - 1] {
            #expect(throws: FleetError.self) {
                try PartitionWindows(definitions: definitions, decoding: Array(bytes[..<length]))
            }
        }
    }

    @Test("Bytes with a right checksum but wrong content are refused or read, never trap")
    func hostile() throws {
        let definitions = [try definition("w", 10)]
        let bytes = filled(definitions).encode()
        var random = SeededRandom(seed: 6)
        var refused = 0
        for _ in 0..<2000 {
            var body = Array(bytes.dropLast(8))
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let index = Int.random(in: 0..<body.count, using: &random)
                body[index] = UInt8.random(in: 0...255, using: &random)
            }
            if random.chance(20) { body.removeLast(Int.random(in: 1...40, using: &random)) }
            let hash = body.withUnsafeBytes { XXHash64.hash($0) }
            withUnsafeBytes(of: hash.littleEndian) { body.append(contentsOf: $0) }
            do {
                var windows = try PartitionWindows(definitions: definitions, decoding: body)
                var output = WindowOutput()
                windows.complete(output: &output)
            } catch is FleetError {
                refused += 1
            }
        }
        #expect(refused > 500)
    }

    @Test("A snapshot of another version is refused as such")
    func version() throws {
        let definitions = [try definition("w", 10)]
        var body = Array(filled(definitions).encode().dropLast(8))
        body[8] = 9
        let hash = body.withUnsafeBytes { XXHash64.hash($0) }
        withUnsafeBytes(of: hash.littleEndian) { body.append(contentsOf: $0) }
        let error = #expect(throws: FleetError.self) {
            try PartitionWindows(definitions: definitions, decoding: body)
        }
        #expect(error?.code == .unsupported)
    }
}
