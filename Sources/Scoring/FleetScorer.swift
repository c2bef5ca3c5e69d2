package import Core
import Inference
package import Packs

/// Scores feature rows with the models of a pack: a merge join of two lists sorted by key.
///
/// A pure function of its inputs: the result does not depend on how keys are cut into ranges.
package struct FleetScorer: ~Copyable {
    private let pack: PackReader
    private var scratch = ScoringScratch()

    package init(pack: PackReader) {
        self.pack = pack
    }

    /// What a range of keys gave.
    package struct Outcome: Sendable {
        package var predictions: PredictionBatch
        /// One for every model of the range and every key with rows, in key order.
        package var items: [ItemOutcome]
        package var counts = StatusCounts()
        package var anomalyCount = 0
    }

    /// Scores all rows; every model in `models` and every key of `features` gets one outcome.
    package mutating func score(_ features: FeatureBatch, models: Range<Int>) -> Outcome {
        var outcome = Outcome(
            predictions: PredictionBatch(featureNames: features.featureNames),
            items: []
        )
        outcome.predictions.reserveCapacity(features.count)
        var model = models.lowerBound
        var keyIndex = 0
        while model < models.upperBound || keyIndex < features.keys.count {
            let modelKey = model < models.upperBound ? pack.key(at: model) : nil
            let dataKey = keyIndex < features.keys.count ? features.keys[keyIndex] : nil
            if let modelKey, dataKey.map({ modelKey < $0 }) ?? true {
                outcome.add(noDataFor: modelKey)
                model += 1
            } else if let dataKey, modelKey.map({ dataKey < $0 }) ?? true {
                outcome.add(
                    features,
                    keyIndex,
                    status: .noModel,
                    reason: "the fleet has no model for it"
                )
                keyIndex += 1
            } else {
                score(features, keyIndex, model: model, into: &outcome)
                model += 1
                keyIndex += 1
            }
        }
        return outcome
    }

    private mutating func score(
        _ features: FeatureBatch,
        _ keyIndex: Int,
        model: Int,
        into outcome: inout Outcome
    ) {
        do {
            let view = try pack.block(at: model)
            guard view.featureCount == features.featureCount else {
                throw FleetError(
                    .invalidArgument,
                    "the model expects \(view.featureCount) features, the data has "
                        + "\(features.featureCount): "
                        + features.featureNames.joined(separator: ", ")
                )
            }
            let rows = features.rows(of: keyIndex)
            let first = outcome.predictions.count
            outcome.predictions.append(
                features,
                keyIndex,
                status: .scored,
                digest: pack.digest(at: model)
            )
            try features.values.withUnsafeBufferPointer { values in
                let width = features.featureCount
                let input = UnsafeBufferPointer(
                    rebasing: values[(rows.lowerBound * width)..<(rows.upperBound * width)]
                )
                try outcome.predictions.withScores(from: first) { scores, anomalies in
                    try view.score(
                        rows: input,
                        rowCount: rows.count,
                        scratch: &scratch,
                        scores: scores,
                        anomalies: anomalies
                    )
                }
            }
            outcome.finish(features.keys[keyIndex], from: first)
        } catch {
            outcome.predictions.dropRows(of: features.keys[keyIndex])
            outcome.add(features, keyIndex, status: .failed, reason: "\(error)")
        }
    }
}

extension FleetScorer.Outcome {
    mutating func add(noDataFor key: SeriesKey) {
        counts[.noData] += 1
        items.append(
            ItemOutcome(
                key: key,
                status: .noData,
                rowCount: 0,
                anomalyCount: 0,
                reason: "no window in the interval"
            )
        )
    }

    /// Adds a key none of whose rows could be scored.
    mutating func add(
        _ features: FeatureBatch,
        _ keyIndex: Int,
        status: ItemStatus,
        reason: String
    ) {
        counts[status] += 1
        predictions.append(features, keyIndex, status: status, digest: nil)
        items.append(
            ItemOutcome(
                key: features.keys[keyIndex],
                status: status,
                rowCount: features.rows(of: keyIndex).count,
                anomalyCount: 0,
                reason: reason
            )
        )
    }

    /// Settles the rows of a key that a model has scored.
    mutating func finish(_ key: SeriesKey, from first: Int) {
        var anomalies = 0
        var failedRows = 0
        for row in first..<predictions.count {
            if predictions.anomalies[row] == 1 { anomalies += 1 }
            if predictions.scores[row].isNaN {
                predictions.statuses[row] = .failed
                predictions.thresholds[row] = .nan
                predictions.anomalies[row] = -1
                failedRows += 1
            }
        }
        anomalyCount += anomalies
        let rowCount = predictions.count - first
        let status: ItemStatus = failedRows > 0 ? .failed : .scored
        counts[status] += 1
        items.append(
            ItemOutcome(
                key: key,
                status: status,
                rowCount: rowCount,
                anomalyCount: anomalies,
                reason: failedRows == 0
                    ? nil
                    : "\(failedRows) of \(rowCount) windows have a feature that is missing or "
                        + "not finite"
            )
        )
    }
}
