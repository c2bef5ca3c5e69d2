extension WindowBatch {
    /// Appends all rows of another batch, interning the keys that they use.
    ///
    /// Quantiles are joined by their points: a row lacks those of the other batch only (NaN).
    public mutating func append(contentsOf other: WindowBatch) {
        if isEmpty, series.isEmpty {
            self = other
            return
        }
        appendQuantiles(of: other)
        var ids = [UInt32](repeating: .max, count: other.series.count)
        seriesIndex.reserveCapacity(count + other.count)
        for source in other.seriesIndex {
            if ids[Int(source)] == .max {
                ids[Int(source)] = series.insert(id: source, of: other.series)
            }
            seriesIndex.append(ids[Int(source)])
        }
        starts.append(contentsOf: other.starts)
        ends.append(contentsOf: other.ends)
        counts.append(contentsOf: other.counts)
        sums.append(contentsOf: other.sums)
        means.append(contentsOf: other.means)
        mins.append(contentsOf: other.mins)
        maxs.append(contentsOf: other.maxs)
        stddevs.append(contentsOf: other.stddevs)
        firsts.append(contentsOf: other.firsts)
        lasts.append(contentsOf: other.lasts)
        rates.append(contentsOf: other.rates)
        revisions.append(contentsOf: other.revisions)
    }

    /// The rows of a range, with a dictionary of their own.
    public func slice(_ range: Range<Int>) -> WindowBatch {
        var part = WindowBatch(quantilePoints: quantilePoints)
        part.seriesIndex = seriesIndex[range].map { part.series.insert(id: $0, of: series) }
        part.starts = Array(starts[range])
        part.ends = Array(ends[range])
        part.counts = Array(counts[range])
        part.sums = Array(sums[range])
        part.means = Array(means[range])
        part.mins = Array(mins[range])
        part.maxs = Array(maxs[range])
        part.stddevs = Array(stddevs[range])
        part.firsts = Array(firsts[range])
        part.lasts = Array(lasts[range])
        part.rates = Array(rates[range])
        part.revisions = Array(revisions[range])
        let width = quantilePoints.count
        part.quantiles = Array(quantiles[(range.lowerBound * width)..<(range.upperBound * width)])
        return part
    }

    /// Some rows in another order, with a dictionary of their own.
    public func gather(_ rows: [Int]) -> WindowBatch {
        var part = WindowBatch(quantilePoints: quantilePoints)
        part.seriesIndex = rows.map { part.series.insert(id: seriesIndex[$0], of: series) }
        part.starts = rows.map { starts[$0] }
        part.ends = rows.map { ends[$0] }
        part.counts = rows.map { counts[$0] }
        part.sums = rows.map { sums[$0] }
        part.means = rows.map { means[$0] }
        part.mins = rows.map { mins[$0] }
        part.maxs = rows.map { maxs[$0] }
        part.stddevs = rows.map { stddevs[$0] }
        part.firsts = rows.map { firsts[$0] }
        part.lasts = rows.map { lasts[$0] }
        part.rates = rows.map { rates[$0] }
        part.revisions = rows.map { revisions[$0] }
        let width = quantilePoints.count
        part.quantiles = rows.flatMap { quantiles[($0 * width)..<(($0 + 1) * width)] }
        return part
    }

    /// Takes out the rows of every device but the last one; rows are sorted by key.
    public mutating func removeWholeDevices() -> WindowBatch {
        guard !isEmpty else { return WindowBatch(quantilePoints: quantilePoints) }
        let last = key(at: count - 1).device
        var cut = count
        while cut > 0, key(at: cut - 1).device == last { cut -= 1 }
        let whole = slice(0..<cut)
        self = slice(cut..<count)
        return whole
    }

    /// Appends the other's quantiles; ends are not appended yet.
    private mutating func appendQuantiles(of other: WindowBatch) {
        if other.quantilePoints == quantilePoints {
            quantiles.append(contentsOf: other.quantiles)
            return
        }
        let points = Set(quantilePoints).union(other.quantilePoints).sorted()
        var joined: [Double] = []
        joined.reserveCapacity((count + other.count) * points.count)
        for row in 0..<count { joined.append(contentsOf: points.map { quantile($0, at: row) }) }
        for row in 0..<other.count {
            joined.append(contentsOf: points.map { other.quantile($0, at: row) })
        }
        quantiles = joined
        quantilePoints = points
    }
}
