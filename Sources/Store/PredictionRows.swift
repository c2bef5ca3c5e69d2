package import Core

/// One prediction with its key; what stores read before they make a batch.
package struct PredictionRow: Sendable {
    package var key: SeriesKey
    package var start: Int64
    package var end: Int64
    package var status: ItemStatus
    package var score: Double
    /// 1 anomaly, 0 normal, -1 null.
    package var anomaly: Int8
    package var threshold: Double
    package var modelDigest: String?
    package var coverage: Double
    package var features: [Double]

    package init(
        key: SeriesKey,
        start: Int64,
        end: Int64,
        status: ItemStatus,
        score: Double,
        anomaly: Int8,
        threshold: Double,
        modelDigest: String?,
        coverage: Double,
        features: [Double]
    ) {
        self.key = key
        self.start = start
        self.end = end
        self.status = status
        self.score = score
        self.anomaly = anomaly
        self.threshold = threshold
        self.modelDigest = modelDigest
        self.coverage = coverage
        self.features = features
    }

    /// Row i of a batch.
    package init(_ batch: PredictionBatch, at row: Int) {
        let key = Int(batch.keyIndex[row])
        let width = batch.featureCount
        self.init(
            key: batch.keys[key],
            start: batch.starts[row],
            end: batch.ends[row],
            status: batch.statuses[row],
            score: batch.scores[row],
            anomaly: batch.anomalies[row],
            threshold: batch.thresholds[row],
            modelDigest: batch.modelDigests[key],
            coverage: batch.coverages[row],
            features: Array(batch.features[(row * width)..<(row * width + width)])
        )
    }
}

/// Collects prediction rows into a batch.
///
/// A key is listed again when its model changes between rows, since digests are per key.
package struct PredictionRows {
    package private(set) var batch: PredictionBatch

    package init(featureNames: [String]) {
        batch = PredictionBatch(featureNames: featureNames)
    }

    /// Appends a row whose features have these names; those the batch does not know are left out.
    package mutating func append(_ row: PredictionRow, featureNames: [String]) {
        if batch.keys.last != row.key || batch.modelDigests.last != row.modelDigest {
            batch.keys.append(row.key)
            batch.modelDigests.append(row.modelDigest)
        }
        batch.keyIndex.append(UInt32(batch.keys.count - 1))
        batch.starts.append(row.start)
        batch.ends.append(row.end)
        batch.statuses.append(row.status)
        batch.scores.append(row.score)
        batch.anomalies.append(row.anomaly)
        batch.thresholds.append(row.threshold)
        batch.coverages.append(row.coverage)
        if featureNames == batch.featureNames, row.features.count == featureNames.count {
            batch.features.append(contentsOf: row.features)
        } else {
            for name in batch.featureNames {
                let place = featureNames.firstIndex(of: name) ?? row.features.count
                batch.features.append(place < row.features.count ? row.features[place] : .nan)
            }
        }
    }
}
