import Core

extension PredictionBatch {
    mutating func reserveCapacity(_ count: Int) {
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

    /// Appends the rows of a key, unscored; a scored row's threshold is 0 (scikit-learn's rule).
    mutating func append(
        _ batch: FeatureBatch,
        _ index: Int,
        status: ItemStatus,
        digest: String?
    ) {
        let rows = batch.rows(of: index)
        let width = batch.featureCount
        let threshold = status == .scored ? 0 : Double.nan
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
    }

    /// Gives a model the score and label columns from a row on, to write into.
    mutating func withScores<R>(
        from first: Int,
        _ body: (UnsafeMutableBufferPointer<Double>, UnsafeMutableBufferPointer<Int8>) throws -> R
    ) rethrows -> R {
        try scores.withUnsafeMutableBufferPointer { scores in
            try anomalies.withUnsafeMutableBufferPointer { anomalies in
                try body(
                    UnsafeMutableBufferPointer(rebasing: scores[first...]),
                    UnsafeMutableBufferPointer(rebasing: anomalies[first...])
                )
            }
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
    }
}
