import Core

extension FleetScorer.Outcome {
    /// This outcome of the touched keys, joined with an earlier one of all other keys.
    ///
    /// All inputs are sorted by key, and so is the result. Items of this outcome that are not
    /// touched are left out: they say that a key without windows in the snapshot has no data.
    func keeping(
        items previous: [ItemOutcome],
        rows: PredictionBatch,
        exceptOf touched: [SeriesKey]
    ) -> FleetScorer.Outcome {
        let isTouched = Set(touched)
        let merged =
            (previous.filter { !isTouched.contains($0.key) }
            + items.filter { isTouched.contains($0.key) }).sorted { $0.key < $1.key }
        var batch = PredictionBatch(featureNames: predictions.featureNames)
        var old = PredictionRows(rows)
        var new = PredictionRows(predictions)
        while let key = [old.key, new.key].compactMap(\.self).min() {
            if old.key == key {
                if isTouched.contains(key) { old.skip() } else { old.move(to: &batch) }
            } else {
                new.move(to: &batch)
            }
        }
        var result = FleetScorer.Outcome(predictions: batch, items: merged)
        for item in merged {
            result.counts[item.status] += 1
            result.anomalyCount += item.anomalyCount
        }
        return result
    }
}

/// The rows of a batch, key by key.
private struct PredictionRows {
    private let batch: PredictionBatch
    private var row = 0

    init(_ batch: PredictionBatch) {
        self.batch = batch
    }

    /// The key of the next rows; nil after the last.
    var key: SeriesKey? {
        row < batch.count ? batch.keys[Int(batch.keyIndex[row])] : nil
    }

    private var end: Int {
        batch.keyIndex[row...].firstIndex { $0 != batch.keyIndex[row] } ?? batch.count
    }

    mutating func skip() { row = end }

    /// Appends the rows of the next key to a batch.
    mutating func move(to target: inout PredictionBatch) {
        let rows = row..<end
        let index = Int(batch.keyIndex[row])
        let width = batch.featureCount
        target.keys.append(batch.keys[index])
        target.modelDigests.append(batch.modelDigests[index])
        target.keyIndex.append(
            contentsOf: repeatElement(UInt32(target.keys.count - 1), count: rows.count)
        )
        let countBefore = target.count
        target.starts.append(contentsOf: batch.starts[rows])
        target.ends.append(contentsOf: batch.ends[rows])
        target.features.append(
            contentsOf: batch.features[(rows.lowerBound * width)..<(rows.upperBound * width)]
        )
        target.statuses.append(contentsOf: batch.statuses[rows])
        target.scores.append(contentsOf: batch.scores[rows])
        target.anomalies.append(contentsOf: batch.anomalies[rows])
        target.thresholds.append(contentsOf: batch.thresholds[rows])
        target.coverages.append(contentsOf: batch.coverages[rows])
        moveLabels(of: rows, to: &target, countBefore: countBefore)
        row = rows.upperBound
    }

    private func moveLabels(
        of rows: Range<Int>,
        to target: inout PredictionBatch,
        countBefore: Int
    ) {
        guard !batch.labelIndex.isEmpty || !target.labelIndex.isEmpty else { return }
        if target.labelIndex.isEmpty {
            target.labelIndex = Array(repeating: -1, count: countBefore)
        }
        for row in rows {
            guard let label = batch.label(of: row) else {
                target.labelIndex.append(-1)
                continue
            }
            let index = target.labels.firstIndex(of: label) ?? target.labels.count
            if index == target.labels.count { target.labels.append(label) }
            target.labelIndex.append(Int32(index))
        }
    }
}
