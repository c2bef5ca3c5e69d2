extension WindowBatch {
    /// Appends all rows of another batch, interning its keys.
    public mutating func append(contentsOf other: WindowBatch) {
        let ids = other.series.keys.map { series.insert($0) }
        seriesIndex.append(contentsOf: other.seriesIndex.map { ids[Int($0)] })
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
    }

    /// The rows of a range, with a dictionary of their own.
    public func slice(_ range: Range<Int>) -> WindowBatch {
        var part = WindowBatch()
        part.seriesIndex = seriesIndex[range].map { part.series.insert(series.keys[Int($0)]) }
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
        return part
    }

    /// Takes out the rows of every device but the last one; rows are sorted by key.
    public mutating func removeWholeDevices() -> WindowBatch {
        guard !isEmpty else { return WindowBatch() }
        let last = key(at: count - 1).device
        var cut = count
        while cut > 0, key(at: cut - 1).device == last { cut -= 1 }
        let whole = slice(0..<cut)
        self = slice(cut..<count)
        return whole
    }
}
