extension EventBatch {
    /// The rows of a range, sharing the whole dictionary.
    public func slice(_ range: Range<Int>) -> EventBatch {
        var part = EventBatch()
        part.series = series
        part.seriesIndex = Array(seriesIndex[range])
        part.times = Array(times[range])
        part.values = Array(values[range])
        return part
    }
}

extension EventBatch {
    /// Appends all rows of another batch, interning its keys.
    public mutating func append(contentsOf other: EventBatch) {
        guard !isEmpty || !series.isEmpty else {
            self = other
            return
        }
        let ids = (0..<UInt32(other.series.count)).map { series.insert(id: $0, of: other.series) }
        seriesIndex.append(contentsOf: other.seriesIndex.map { ids[Int($0)] })
        times.append(contentsOf: other.times)
        values.append(contentsOf: other.values)
    }
}
