import Core
import Inference
import Packs
import Scoring

/// Scores all rows of a one-shot run, in chunks of keys, and writes each chunk as a part.
struct ScoreRun {
    let pack: PackReader
    let features: FeatureBatch
    let format: ScoreFormat
    let usesFallback: Bool

    /// What a chunk, or all of them, gave.
    struct Totals: Sendable {
        var counts = StatusCounts()
        var rowCount = 0
        var anomalyCount = 0
        var failures: [ItemOutcome] = []
        var suspects: [ScoreSuspect] = []
        /// Per status that is not scored: the first keys.
        var examples: [ItemStatus: [SeriesKey]] = [:]
        var parts: [PartInfo] = []

        static let exampleCountMax = 20

        mutating func merge(_ next: Totals) {
            counts = counts + next.counts
            rowCount += next.rowCount
            anomalyCount += next.anomalyCount
            failures += next.failures
            suspects += next.suspects
            for (status, keys) in next.examples {
                let room = Self.exampleCountMax - examples[status, default: []].count
                examples[status, default: []] += keys.prefix(max(0, room))
            }
            parts += next.parts
        }
    }

    /// Rows of one part at most, about.
    private static let partRowCountMax = 1 << 18
    /// Rows up to which one part is enough; above it every worker gets some.
    private static let wholeRowCountMax = 1 << 16

    /// Scores and writes everything; the result does not depend on the number of workers.
    func run(into output: OutputFolder, workerCount: Int) async throws -> Totals {
        let chunks = chunks()
        return try await withThrowingTaskGroup(of: (Int, Totals).self) { group in
            var totals = [Totals?](repeating: nil, count: chunks.count)
            var next = 0
            func add() {
                guard next < chunks.count else { return }
                let number = next
                group.addTask { (number, try await score(chunks[number], number, output)) }
                next += 1
            }
            for _ in 0..<max(1, workerCount) { add() }
            while let (number, part) = try await group.next() {
                totals[number] = part
                add()
            }
            return totals.compactMap(\.self).reduce(into: Totals()) { $0.merge($1) }
        }
    }

    /// Scores everything as one batch, for output that needs all rows at once.
    func whole() -> FleetScorer.Outcome {
        var scorer = FleetScorer(pack: pack, usesFallback: usesFallback)
        return scorer.score(features, models: 0..<pack.count)
    }

    /// What a batch says about items and models.
    func totals(
        of outcome: FleetScorer.Outcome,
        keys: Range<Int>,
        models: Range<Int>
    ) throws -> Totals {
        var totals = Totals()
        totals.counts = outcome.counts
        totals.rowCount = outcome.predictions.count
        totals.anomalyCount = outcome.anomalyCount
        for item in outcome.items where item.status != .scored {
            if item.status.isFailure { totals.failures.append(item) }
            if totals.examples[item.status, default: []].count < Totals.exampleCountMax {
                totals.examples[item.status, default: []].append(item.key)
            }
        }
        totals.suspects = try ScoreSuspect.find(outcome, pack: pack, models: models)
        return totals
    }

    /// Ranges of keys; cut by rows alone, so that parts do not depend on the machine.
    private func chunks() -> [Range<Int>] {
        let size =
            features.count <= Self.wholeRowCountMax
            ? Self.wholeRowCountMax
            : min(Self.partRowCountMax, (features.count + 3) / 4)
        var chunks: [Range<Int>] = []
        var start = 0
        while start < features.keys.count {
            let limit = features.rowOffsets[start] + size
            var end = start + 1
            while end < features.keys.count, features.rowOffsets[end + 1] <= limit { end += 1 }
            chunks.append(start..<end)
            start = end
        }
        return chunks
    }

    @concurrent
    private func score(
        _ keys: Range<Int>,
        _ number: Int,
        _ output: OutputFolder
    ) async throws -> Totals {
        // Models between two chunks' keys belong to the chunk before, those in front to the first.
        let isLast = keys.upperBound == features.keys.count
        let models = pack.range(
            from: keys.lowerBound == 0 ? nil : features.keys[keys.lowerBound],
            to: isLast ? nil : features.keys[keys.upperBound]
        )
        var scorer = FleetScorer(pack: pack, usesFallback: usesFallback)
        let outcome = scorer.score(features, keys: keys, models: models)
        var totals = try totals(of: outcome, keys: keys, models: models)
        guard outcome.predictions.count > 0 else { return totals }
        let digits = "\(number)"
        let name = "part-" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        let bytes =
            format == .csv
            ? PredictionCSV.encode(outcome.predictions, run: "score", attempt: 1)
            : try PredictionFile.encode(outcome.predictions, run: "score", attempt: 1)
        totals.parts = [
            try output.write(
                name + (format == .csv ? ".csv" : ".parquet"),
                bytes,
                rowCount: outcome.predictions.count
            )
        ]
        return totals
    }
}

/// A model that the checks, or the rows it scored, speak against.
struct ScoreSuspect: Sendable {
    let key: SeriesKey
    let findings: [ModelFinding]
    let flagged: Int
    let rows: Int

    var isError: Bool { findings.contains { $0.severity == .error } }

    /// Rows below which a share of anomalies says nothing.
    private static let rowCountMin = 10

    /// The suspects among the models of a range, in key order.
    static func find(
        _ outcome: FleetScorer.Outcome,
        pack: PackReader,
        models: Range<Int>
    ) throws -> [ScoreSuspect] {
        var suspects: [ScoreSuspect] = []
        var item = 0
        var row = 0
        for model in models where pack.family(at: model) != 0 {
            // Items are in key order and hold every model of the range but the fallback.
            let key = pack.keyBytes(at: model)
            while item < outcome.items.count,
                outcome.items[item].key.withKeyBytes({ key.compared(to: $0) }) > 0
            {
                row += rowCount(outcome, item)
                item += 1
            }
            guard item < outcome.items.count,
                outcome.items[item].key.withKeyBytes({ key.compared(to: $0) }) == 0
            else { continue }
            let found = outcome.items[item]
            let rows = row..<(row + rowCount(outcome, item))
            var findings = try pack.hasFindings(at: model) ? pack.findings(at: model) : []
            if found.status == .scored, found.rowCount >= rowCountMin,
                outcome.predictions.anomalies[rows.lowerBound] >= 0
            {
                findings += ModelChecks.observed(
                    flagged: found.anomalyCount,
                    rows: found.rowCount,
                    anyPositive: rows.contains { outcome.predictions.anomalies[$0] == 0 }
                )
            }
            guard !findings.isEmpty else { continue }
            suspects.append(
                ScoreSuspect(
                    key: found.key,
                    findings: findings,
                    flagged: found.anomalyCount,
                    rows: found.rowCount
                )
            )
        }
        return suspects
    }

    /// Rows that an item has among the predictions.
    private static func rowCount(_ outcome: FleetScorer.Outcome, _ item: Int) -> Int {
        outcome.items[item].status == .noData ? 0 : outcome.items[item].rowCount
    }
}
