import Core
import Inference

extension PredictionBatch {
    mutating func reserveCapacity(_ count: Int, keyCount: Int) {
        keys.reserveCapacity(keyCount)
        modelDigests.reserveCapacity(keyCount)
        keyIndex.reserveCapacity(count)
        starts.reserveCapacity(count)
        ends.reserveCapacity(count)
        features.reserveCapacity(count * featureCount)
        statuses.reserveCapacity(count)
        scores.reserveCapacity(count)
        anomalies.reserveCapacity(count)
        thresholds.reserveCapacity(count)
        coverages.reserveCapacity(count)
    }

    /// Appends the rows of a key, unscored; a scored row has its model's threshold.
    mutating func append(
        _ batch: FeatureBatch,
        _ index: Int,
        status: ItemStatus,
        threshold: Double,
        digest: String?
    ) {
        let rows = batch.rows(of: index)
        let width = batch.featureCount
        keys.append(batch.keys[index])
        modelDigests.append(digest)
        keyIndex.append(contentsOf: repeatElement(UInt32(keys.count - 1), count: rows.count))
        starts.append(contentsOf: batch.starts[rows])
        ends.append(contentsOf: batch.ends[rows])
        features.append(
            contentsOf: batch.values[(rows.lowerBound * width)..<(rows.upperBound * width)]
        )
        statuses.append(contentsOf: repeatElement(status, count: rows.count))
        scores.append(contentsOf: repeatElement(.nan, count: rows.count))
        anomalies.append(contentsOf: repeatElement(-1, count: rows.count))
        thresholds.append(contentsOf: repeatElement(threshold, count: rows.count))
        coverages.append(contentsOf: batch.coverages[rows])
        if !labelIndex.isEmpty {
            labelIndex.append(contentsOf: repeatElement(-1, count: rows.count))
        }
    }

    /// The columns that a model writes into.
    struct Outputs {
        let scores: UnsafeMutableBufferPointer<Double>
        let anomalies: UnsafeMutableBufferPointer<Int8>
        /// Nil when the model gives no labels.
        let labels: UnsafeMutableBufferPointer<Int32>?
    }

    /// Gives a model the columns from a row on, and makes its label indexes those of the batch.
    mutating func withScores(
        from first: Int,
        view: ModelView,
        _ body: (Outputs) throws -> Void
    ) throws {
        let givesLabels = view.givesLabels
        if givesLabels, labelIndex.isEmpty { labelIndex = Array(repeating: -1, count: count) }
        try scores.withUnsafeMutableBufferPointer { scores in
            try anomalies.withUnsafeMutableBufferPointer { anomalies in
                try labelIndex.withUnsafeMutableBufferPointer { labels in
                    try body(
                        Outputs(
                            scores: UnsafeMutableBufferPointer(rebasing: scores[first...]),
                            anomalies: UnsafeMutableBufferPointer(rebasing: anomalies[first...]),
                            labels: givesLabels
                                ? UnsafeMutableBufferPointer(rebasing: labels[first...]) : nil
                        )
                    )
                }
            }
        }
        guard givesLabels else { return }
        var known: [Int32: Int32] = [:]
        for row in first..<count where labelIndex[row] >= 0 {
            let own = labelIndex[row]
            if let index = known[own] {
                labelIndex[row] = index
                continue
            }
            let text = view.label(at: Int(own)) ?? ""
            let index = labels.firstIndex(of: text) ?? labels.count
            if index == labels.count { labels.append(text) }
            known[own] = Int32(index)
            labelIndex[row] = Int32(index)
        }
    }

    /// Takes back the rows of the last key if it is this one.
    mutating func dropRows(of key: SeriesKey) {
        guard keys.last == key else { return }
        let index = UInt32(keys.count - 1)
        let kept = keyIndex.firstIndex(of: index) ?? count
        let width = featureCount
        keys.removeLast()
        modelDigests.removeLast()
        keyIndex.removeSubrange(kept...)
        starts.removeSubrange(kept...)
        ends.removeSubrange(kept...)
        features.removeSubrange((kept * width)...)
        statuses.removeSubrange(kept...)
        scores.removeSubrange(kept...)
        anomalies.removeSubrange(kept...)
        thresholds.removeSubrange(kept...)
        coverages.removeSubrange(kept...)
        if !labelIndex.isEmpty { labelIndex.removeSubrange(kept...) }
    }
}
