package import Core
import Inference
package import Packs

/// Scores feature rows with the models of a pack: a merge join of two lists sorted by key.
///
/// A pure function of its inputs: the result does not depend on how keys are cut into ranges.
package struct FleetScorer: ~Copyable {
    private let pack: PackReader
    /// Where the fallback model is; -1 when there is none.
    private let fallback: Int
    private let usesFallback: Bool
    private var scratch = ScoringScratch()
    /// Rows of a model that takes some of the columns only.
    private var selected: [Double] = []

    /// Scores with a pack; its fallback model, if it has one, only when told to.
    package init(pack: PackReader, usesFallback: Bool = false) {
        self.pack = pack
        fallback = pack.fallbackIndex ?? -1
        self.usesFallback = usesFallback && fallback >= 0
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
        score(features, keys: features.keys.indices, models: models)
    }

    /// Scores the rows of a range of keys.
    package mutating func score(
        _ features: FeatureBatch,
        keys: Range<Int>,
        models: Range<Int>
    ) -> Outcome {
        var outcome = Outcome(
            predictions: PredictionBatch(featureNames: features.featureNames),
            items: []
        )
        outcome.items.reserveCapacity(max(keys.count, models.count))
        outcome.predictions.reserveCapacity(
            features.rowOffsets[keys.upperBound] - features.rowOffsets[keys.lowerBound],
            keyCount: keys.count
        )
        var model = models.lowerBound
        var keyIndex = keys.lowerBound
        while model < models.upperBound || keyIndex < keys.upperBound {
            guard model != fallback else {
                model += 1
                continue
            }
            let order: Int
            if model == models.upperBound {
                order = 1
            } else if keyIndex == keys.upperBound {
                order = -1
            } else {
                order = features.keys[keyIndex].withKeyBytes { key in
                    pack.keyBytes(at: model).compared(to: key)
                }
            }
            if order < 0 {
                outcome.add(noDataFor: pack.key(at: model))
                model += 1
            } else if order > 0 {
                scoreWithoutModel(features, keyIndex, into: &outcome)
                keyIndex += 1
            } else {
                score(features, keyIndex, model: model, into: &outcome)
                model += 1
                keyIndex += 1
            }
        }
        return outcome
    }

    private mutating func scoreWithoutModel(
        _ features: FeatureBatch,
        _ keyIndex: Int,
        into outcome: inout Outcome
    ) {
        guard usesFallback else {
            return outcome.add(
                features,
                keyIndex,
                status: .noModel,
                reason: "the fleet has no model for it"
            )
        }
        score(features, keyIndex, model: fallback, into: &outcome)
    }

    private mutating func score(
        _ features: FeatureBatch,
        _ keyIndex: Int,
        model: Int,
        into outcome: inout Outcome
    ) {
        let first = outcome.predictions.count
        do {
            let view = try pack.block(at: model)
            let digest = try pack.digest(at: model)
            let rows = features.rows(of: keyIndex)
            let columns = try columns(of: view, model, features, rows)
            outcome.predictions.append(
                features,
                keyIndex,
                status: .scored,
                threshold: view.threshold ?? .nan,
                digest: digest
            )
            if let columns { select(columns, of: features, rows) }
            try scored(view, features, rows, isSelected: columns != nil, first, &outcome)
            outcome.finish(features.keys[keyIndex], from: first)
        } catch {
            if outcome.predictions.count > first {
                outcome.predictions.dropRows(of: features.keys[keyIndex])
            }
            outcome.add(features, keyIndex, status: .failed, reason: "\(error)")
        }
    }

    private mutating func scored(
        _ view: ModelView,
        _ features: FeatureBatch,
        _ rows: Range<Int>,
        isSelected: Bool,
        _ first: Int,
        _ outcome: inout Outcome
    ) throws {
        let width = features.featureCount
        func score(
            _ values: UnsafeBufferPointer<Double>,
            _ scratch: inout ScoringScratch
        ) throws {
            try outcome.predictions.withScores(from: first, view: view) { outputs throws in
                try view.score(
                    rows: values,
                    rowCount: rows.count,
                    scratch: &scratch,
                    scores: outputs.scores,
                    anomalies: outputs.anomalies,
                    labels: outputs.labels
                )
            }
        }
        if isSelected {
            let values = selected
            try values.withUnsafeBufferPointer { try score($0, &scratch) }
        } else {
            try features.values.withUnsafeBufferPointer { values in
                let range = (rows.lowerBound * width)..<(rows.upperBound * width)
                try score(UnsafeBufferPointer(rebasing: values[range]), &scratch)
            }
        }
    }

    /// The columns a model takes; nil when it takes all.
    ///
    /// A model that was fitted on named columns takes those. One that was not takes the first
    /// columns when the rows have nothing in the others.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming the columns when they do not fit.
    private func columns(
        of view: ModelView,
        _ model: Int,
        _ features: FeatureBatch,
        _ rows: Range<Int>
    ) throws -> [Int]? {
        let width = features.featureCount
        guard view.featureCount != width else { return nil }
        if view.featureCount < width {
            if let names = try pack.description(at: model).featureNames {
                let columns = names.compactMap { features.featureNames.firstIndex(of: $0) }
                if columns.count == names.count { return columns }
            }
            let isRestEmpty = rows.allSatisfy { row in
                (view.featureCount..<width).allSatisfy { features.values[row * width + $0].isNaN }
            }
            if isRestEmpty { return Array(0..<view.featureCount) }
        }
        throw FleetError(
            .invalidArgument,
            "the model expects \(view.featureCount) features, the data has "
                + "\(width): " + features.featureNames.joined(separator: ", ")
        )
    }

    private mutating func select(_ columns: [Int], of features: FeatureBatch, _ rows: Range<Int>) {
        selected.removeAll(keepingCapacity: true)
        for row in rows {
            for column in columns {
                selected.append(features.values[row * features.featureCount + column])
            }
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
        predictions.append(features, keyIndex, status: status, threshold: .nan, digest: nil)
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
