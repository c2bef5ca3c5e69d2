import Core
import Packs
import TestKit
import Testing

@testable import Fleets

@Suite("Taking models from several workers")
struct ImportSinkTests {
    private static func key(_ number: Int) -> String {
        "d" + String(repeating: "0", count: 3 - "\(number)".count) + "\(number)"
    }

    /// Adds one model a turn, in an order of turns, and gives the keys of the pack.
    private func keys(turns: [Int]) throws -> [String] {
        let root = try TemporaryFolder()
        defer { withExtendedLifetime(root) {} }
        let folder = try StagingFolder(root.path, fleet: "plant")
        let sink = ImportSink(
            folder,
            report: ImportReport(),
            total: turns.count,
            clock: SystemWallClock(),
            progress: { _ in }
        )
        for turn in turns {
            // Every turn in two parts, the second of them empty.
            var batch = PackBatch()
            try batch.append(TestModels.entry(Self.key(turn), center: Double(turn)))
            try sink.add(batch, ImportReport(), done: 1, turn: turn, isLastPart: false)
            batch.removeAll()
            try sink.add(batch, ImportReport(), done: 0, turn: turn, isLastPart: true)
        }
        #expect(sink.hasModels)
        let (summary, _) = try sink.finish(over: nil, removing: [])
        #expect(summary.modelCount == turns.count)
        let file = try MappedFile(sink.resultPath)
        let pack = try PackReader(bytes: file.bytes, owner: file)
        try pack.verify()
        return pack.indices.map { pack.key(at: $0).description }
    }

    @Test("No model is lost in whatever order turns come, nor when one comes far too late")
    func turns() throws {
        let sorted = (0..<60).map { Self.key($0) }
        #expect(try keys(turns: Array(0..<60)) == sorted)
        #expect(try keys(turns: (0..<60).map { $0 ^ 1 }) == sorted)
        // Turn 0 comes last: more wait for it than may.
        #expect(try keys(turns: Array(1..<60) + [0]) == sorted)
        #expect(try keys(turns: Array((0..<60).reversed())) == sorted)
    }
}
