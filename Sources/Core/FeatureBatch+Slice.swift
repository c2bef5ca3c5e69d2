extension FeatureBatch {
    /// Appends all rows of a batch whose keys follow this one's.
    public mutating func append(contentsOf other: FeatureBatch) {
        guard !other.isEmpty else { return }
        precondition(
            keys.last.map { $0 < other.keys[0] } ?? true,
            "feature rows are sorted by key"
        )
        let base = count
        keys.append(contentsOf: other.keys)
        rowOffsets.append(contentsOf: other.rowOffsets.dropFirst().map { $0 + base })
        starts.append(contentsOf: other.starts)
        ends.append(contentsOf: other.ends)
        values.append(contentsOf: other.values)
        coverages.append(contentsOf: other.coverages)
    }

    /// The rows of a range of keys.
    public func slice(keys range: Range<Int>) -> FeatureBatch {
        var part = FeatureBatch(featureNames: featureNames)
        let rows = rowOffsets[range.lowerBound]..<rowOffsets[range.upperBound]
        part.keys = Array(keys[range])
        part.rowOffsets = rowOffsets[range.lowerBound...range.upperBound].map {
            $0 - rows.lowerBound
        }
        part.starts = Array(starts[rows])
        part.ends = Array(ends[rows])
        part.values = Array(
            values[(rows.lowerBound * featureCount)..<(rows.upperBound * featureCount)]
        )
        part.coverages = Array(coverages[rows])
        return part
    }
}
