import Core
import Testing

@testable import Windowing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("Simulation of many devices")
struct WindowSimulationTests {
    /// The seed of `FLEETSCORE_SEED`, or a fixed one.
    private static var seed: UInt64 {
        getenv("FLEETSCORE_SEED").flatMap { UInt64(String(cString: $0)) } ?? 20_260_101
    }

    private struct Sent {
        let key: SeriesKey
        let time: Int64
        let value: Double
    }

    private func definitions() throws -> [WindowDefinition] {
        var result: [WindowDefinition] = []
        let kinds: [WindowKind] = [
            .tumbling, .hopping(slide: .seconds(4)), .session(gap: .seconds(3)),
        ]
        for (kindIndex, kind) in kinds.enumerated() {
            for policy in LatePolicy.allCases {
                for scope in WatermarkScope.allCases {
                    result.append(
                        try WindowDefinition(
                            name: "\(kindIndex)-\(policy.rawValue)-\(scope.rawValue)",
                            kind: kind,
                            size: .seconds(10),
                            allowedLateness: .seconds(5),
                            quantiles: [0.5],
                            watermark: scope,
                            latePolicy: policy,
                            correctFor: .seconds(60)
                        )
                    )
                }
            }
        }
        return result
    }

    /// Batches of devices whose clocks differ, with readings out of order, repeated and late.
    private func batches(_ random: inout SeededRandom) -> [EventBatch] {
        let deviceCount = 60
        let clocks = (0..<deviceCount).map { _ in
            Int64.random(in: -4_000_000...4_000_000, using: &random)
        }
        var sent: [Sent] = []
        var batches: [EventBatch] = []
        for step in 0..<200 {
            var batch = EventBatch()
            for _ in 0..<Int.random(in: 0...80, using: &random) {
                let device = Int.random(in: 0..<deviceCount, using: &random)
                let jitter =
                    random.chance(6)
                    ? Int64.random(in: 0...90_000_000, using: &random)
                    : Int64.random(in: 0...6_000_000, using: &random)
                var event = Sent(
                    key: SeriesKey(
                        uncheckedDevice: "d\(device)",
                        sensor: "s\(Int.random(in: 0..<3, using: &random))"
                    ),
                    time: Int64(step) * 1_000_000 + clocks[device] - jitter,
                    value: random.double(-50...500)
                )
                if random.chance(5), let again = sent.last { event = again }
                sent.append(event)
                batch.append(event.key, Timestamp(microseconds: event.time), event.value)
            }
            batches.append(batch)
        }
        return batches
    }

    @Test("Every event is in one place, and corrected windows end as a recomputation has them")
    func conservation() throws {
        print("seed of the window simulation: FLEETSCORE_SEED=\(Self.seed)")
        var random = SeededRandom(seed: Self.seed)
        let definitions = try definitions()
        var windows = PartitionWindows(definitions: definitions, seriesCountMax: 150)
        var output = WindowOutput()
        var offset: Int64 = 0
        for batch in batches(&random) {
            windows.apply(events: batch, baseOffset: offset, output: &output)
            offset += Int64(batch.count)
            if random.chance(5) {
                windows = try PartitionWindows(
                    definitions: definitions,
                    seriesCountMax: 150,
                    decoding: windows.encode()
                )
            }
        }
        windows.complete(output: &output)
        let counters = output.counters
        #expect(counters.accepted == offset)
        #expect(counters.overLimit > 0)
        #expect(counters.duplicates > 0)
        #expect(windows.seriesCount == 150)
        for (index, definition) in counters.definitions.enumerated() {
            let name = Comment(rawValue: "\(definition.name), seed \(Self.seed)")
            let assigned = counters.accepted - counters.duplicates - counters.overLimit
            #expect(assigned == definition.assigned, name)
            let late = output.unwindowed.filter { $0.definition == definition.name }
            #expect(Int64(late.count) == definition.late, name)
            let policy = definitions[index].latePolicy
            #expect((definition.adjusted > 0) == (policy == .adjust), name)
            #expect((definition.corrected > 0) == (policy == .correct), name)
            #expect((definition.revised > 0) == (policy == .correct), name)
            let rows = output.closed[index].windows
            #expect(Int64(rows.count) == definition.closed + definition.revised, name)
            let counts = finalCounts(rows)
            if case .hopping = definitions[index].kind {
                #expect(counts >= definition.assigned - definition.late, name)
            } else {
                #expect(counts == definition.assigned - definition.late, name)
            }
        }
    }

    /// Readings in all windows, of each the last revision.
    private func finalCounts(_ rows: WindowBatch) -> Int64 {
        struct Place: Hashable {
            let series: UInt32
            let end: Int64
        }
        var counts: [Place: Int64] = [:]
        var revisions: [Place: Int32] = [:]
        for row in 0..<rows.count {
            let place = Place(series: rows.seriesIndex[row], end: rows.ends[row])
            #expect(rows.revisions[row] == (revisions[place].map { $0 + 1 } ?? 0))
            revisions[place] = rows.revisions[row]
            counts[place] = rows.counts[row]
        }
        return counts.values.reduce(0, +)
    }

    @Test("Corrected tumbling windows equal a recomputation over all readings that were not late")
    func corrections() throws {
        var random = SeededRandom(seed: Self.seed &+ 1)
        let definition = try WindowDefinition(
            name: "w",
            size: .seconds(10),
            latePolicy: .correct,
            correctFor: .seconds(40)
        )
        var windows = PartitionWindows(definitions: [definition])
        var output = WindowOutput()
        var offset: Int64 = 0
        var all: [(key: SeriesKey, time: Int64, value: Double)] = []
        for batch in batches(&random) {
            windows.apply(events: batch, baseOffset: offset, output: &output)
            offset += Int64(batch.count)
            for row in 0..<batch.count {
                let key = batch.series.keys[Int(batch.seriesIndex[row])]
                all.append((key, batch.times[row], batch.values[row]))
            }
        }
        windows.complete(output: &output)
        let gone = Set(output.unwindowed.filter { $0.reason == .late }.map(\.offset))
        var sums: [String: Double] = [:]
        var seen: [SeriesKey: [Int64]] = [:]
        for (index, event) in all.enumerated() {
            guard !seen[event.key, default: []].contains(event.time) else { continue }
            seen[event.key] = Array((seen[event.key, default: []] + [event.time]).suffix(8))
            guard !gone.contains(Int64(index)) else { continue }
            let start = Int64((Double(event.time) / 1e7).rounded(.down))
            sums["\(event.key) \(start)", default: 0] += event.value
        }
        let rows = output.closed[0].windows
        var found: [String: Double] = [:]
        for row in 0..<rows.count {
            found["\(rows.key(at: row)) \(rows.starts[row] / 10_000_000)"] = rows.sums[row]
        }
        #expect(output.counters.definitions[0].revised > 50)
        for (window, sum) in sums {
            let value = try #require(found[window], Comment(rawValue: window))
            #expect(abs(value - sum) < 1e-6)
        }
    }
}
