import Core
import Testing

@testable import Windowing

@Suite("Windows over random logs")
struct WindowPropertyTests {
    private static let seeds: [UInt64] = (1...250).map { $0 }

    @Test("Windows, late readings and counters equal a naive recomputation", arguments: seeds)
    func equalsNaive(seed: UInt64) throws {
        let scenario = try WindowScenario(seed: seed)
        let difference = Self.compare(scenario, naiveLog: scenario.log)
        #expect(difference == nil, "seed \(seed): \(scenario.definitions)")
    }

    @Test("The comparison notices one event missing on the naive side")
    func checkerCanFail() throws {
        var noticed = 0
        for seed in Self.seeds.prefix(30) {
            let scenario = try WindowScenario(seed: seed)
            var log = scenario.log
            let index = log.firstIndex {
                if case .events(let batch) = $0 { return batch.count > 1 }
                return false
            }
            guard let index, case .events(var batch) = log[index] else { continue }
            batch.seriesIndex.removeLast()
            batch.times.removeLast()
            batch.values.removeLast()
            log[index] = .events(batch)
            #expect(Self.compare(scenario, naiveLog: log) != nil, "seed \(seed)")
            noticed += 1
        }
        #expect(noticed > 20)
    }

    @Test("A snapshot at any point changes no bit of what follows", arguments: seeds.prefix(60))
    func snapshots(seed: UInt64) throws {
        let scenario = try WindowScenario(seed: seed)
        let log = scenario.log + [.complete]
        var random = SeededRandom(seed: seed &+ 999)
        var plain = PartitionWindows(definitions: scenario.definitions)
        var saved = plain
        var plainOffset: Int64 = 0
        var savedOffset: Int64 = 0
        var plainOutput = WindowOutput()
        var savedOutput = WindowOutput()
        for record in log {
            WindowScenario.run(&plain, [record], offset: &plainOffset, output: &plainOutput)
            WindowScenario.run(&saved, [record], offset: &savedOffset, output: &savedOutput)
            guard random.chance(40) else { continue }
            var changes: [DefinitionChange] = []
            let bytes = saved.encode()
            saved = try PartitionWindows(
                definitions: scenario.definitions,
                decoding: bytes,
                changes: &changes
            )
            #expect(changes.isEmpty, "seed \(seed)")
            #expect(saved.encode() == bytes, "seed \(seed)")
            #expect(plain.encode() == bytes, "seed \(seed)")
        }
        #expect(Self.bits(plainOutput) == Self.bits(savedOutput), "seed \(seed)")
        #expect(plainOutput.late == savedOutput.late, "seed \(seed)")
        #expect(plainOutput.counters == savedOutput.counters, "seed \(seed)")
        #expect(plain.earliestOpenEnd == nil, "seed \(seed)")
        #expect(plain.openWindowCount == saved.openWindowCount, "seed \(seed)")
    }

    @Test("How a log is cut into batches changes no row", arguments: seeds.prefix(80))
    func batching(seed: UInt64) throws {
        // Corrections are coalesced by call.
        let scenario = try WindowScenario(seed: seed, policies: [.drop, .adjust])
        var whole = PartitionWindows(definitions: scenario.definitions)
        var cut = whole
        var wholeOutput = WindowOutput()
        var cutOutput = WindowOutput()
        var offset: Int64 = 0
        WindowScenario.run(&whole, scenario.log, offset: &offset, output: &wholeOutput)
        offset = 0
        for record in scenario.log {
            guard case .events(let batch) = record else {
                WindowScenario.run(&cut, [record], offset: &offset, output: &cutOutput)
                continue
            }
            for row in 0..<batch.count {
                var single = EventBatch()
                single.append(
                    batch.series.keys[Int(batch.seriesIndex[row])],
                    Timestamp(microseconds: batch.times[row]),
                    batch.values[row]
                )
                WindowScenario.run(
                    &cut,
                    [.events(single)],
                    offset: &offset,
                    output: &cutOutput
                )
            }
        }
        #expect(Self.bits(wholeOutput) == Self.bits(cutOutput), "seed \(seed)")
        #expect(wholeOutput.counters == cutOutput.counters, "seed \(seed)")
        #expect(whole.encode() == cut.encode(), "seed \(seed)")
    }

    /// Every closed row as text that shows all bits.
    private static func bits(_ output: WindowOutput) -> [String] {
        output.closed.flatMap { closed in
            (0..<closed.windows.count).map { row in
                let windows = closed.windows
                let values = Aggregate.allCases.map { windows.value($0, at: row).bitPattern }
                let width = windows.quantilePoints.count
                let points = windows.quantiles[(row * width)..<((row + 1) * width)]
                return "\(closed.definition) \(windows.key(at: row)) \(windows.starts[row]) "
                    + "\(windows.ends[row]) \(windows.revisions[row]) \(values) "
                    + "\(points.map(\.bitPattern))"
            }
        }
    }

    /// The first difference between the product and the naive computation, nil when equal.
    private static func compare(_ scenario: WindowScenario, naiveLog: [NaiveRecord]) -> String? {
        var windows = PartitionWindows(definitions: scenario.definitions)
        var output = WindowOutput()
        var offset: Int64 = 0
        // An output that never ran has no definitions yet.
        WindowScenario.run(
            &windows,
            scenario.log + [.events(EventBatch())],
            offset: &offset,
            output: &output
        )
        var naive = zip(scenario.definitions, scenario.accepts)
            .map { NaiveWindows($0, accepts: $1) }
        let counts = runNaively(naiveLog, &naive)
        let counters = output.counters
        if counters.accepted != counts.accepted { return "accepted \(counters.accepted)" }
        if counters.duplicates != counts.duplicates { return "duplicates \(counters.duplicates)" }
        for (index, expected) in naive.enumerated() {
            let found = counters.definitions[index]
            if counters.accepted != counters.duplicates + found.assigned {
                return "does not add up"
            }
            if let text = rows(output.closed[index].windows, expected.rows) { return text }
            if found.windowed != expected.windowed { return "windowed \(found.windowed)" }
            if found.filtered != expected.filtered { return "filtered \(found.filtered)" }
            if found.adjusted != expected.adjusted { return "adjusted \(found.adjusted)" }
            if found.corrected != expected.corrected { return "corrected \(found.corrected)" }
            let revised = expected.rows.filter { $0.revision > 0 }.count
            if found.revised != revised { return "revised \(found.revised)" }
            if found.closed + found.revised != expected.rows.count {
                return "closed \(found.closed)"
            }
            let late = output.late.filter { $0.definition == expected.definition.name }
                .map {
                    NaiveReading(
                        key: $0.key,
                        time: $0.time.microseconds,
                        value: $0.value,
                        offset: $0.offset
                    )
                }
            if late != expected.late || found.late != expected.late.count { return "late" }
        }
        return nil
    }

    private static func rows(_ found: WindowBatch, _ expected: [NaiveRow]) -> String? {
        for (row, window) in expected.prefix(found.count).enumerated() {
            if let text = window.difference(from: found, row: row) { return text }
        }
        return found.count == expected.count
            ? nil : "\(found.count) rows, expected \(expected.count)"
    }
}
