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
