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
    public func slice(_ range: Range<Int>) -> WindowBatch { taking(.range(range)) }

    /// Some rows in another order, with a dictionary of their own.
    public func gather(_ rows: [Int]) -> WindowBatch { taking(.list(rows)) }

    private func taking(_ rows: Rows) -> WindowBatch {
        var part = WindowBatch(quantilePoints: quantilePoints)
        part.seriesIndex = rows.of(seriesIndex).map { part.series.insert(id: $0, of: series) }
        part.starts = rows.of(starts)
        part.ends = rows.of(ends)
        part.counts = rows.of(counts)
        part.sums = rows.of(sums)
        part.means = rows.of(means)
        part.mins = rows.of(mins)
        part.maxs = rows.of(maxs)
        part.stddevs = rows.of(stddevs)
        part.firsts = rows.of(firsts)
        part.lasts = rows.of(lasts)
        part.rates = rows.of(rates)
        part.revisions = rows.of(revisions)
        part.quantiles = rows.of(quantiles, width: quantilePoints.count)
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

/// Which rows of a batch.
private enum Rows {
    case range(Range<Int>)
    case list([Int])

    /// The values of a column with so many a row.
    func of<Value>(_ column: [Value], width: Int = 1) -> [Value] {
        switch self {
        case .range(let range):
            return Array(column[(range.lowerBound * width)..<(range.upperBound * width)])
        case .list(let rows):
            if width == 1 { return rows.map { column[$0] } }
            return rows.flatMap { column[($0 * width)..<(($0 + 1) * width)] }
        }
    }
}
