/// Events as columns whose series the process knows: row i is `values[i]` of the series that it
/// calls `numbers[i]`, at `times[i]`.
///
/// Names stay where they are known, and are asked for where somebody wants to see them.
///
/// - Units: times are microseconds since the epoch, UTC.
public struct NumberedEvents: Sendable {
    /// Who gave the numbers and knows the names.
    public let numbering: SeriesNumbers
    public var numbers: [SeriesNumber] = []
    public var times: [Int64] = []
    public var values: [Double] = []

    /// No events.
    public init(by numbering: SeriesNumbers) { self.numbering = numbering }

    @inlinable
    public var count: Int { values.count }
    @inlinable
    public var isEmpty: Bool { values.isEmpty }

    public mutating func reserveCapacity(_ count: Int) {
        numbers.reserveCapacity(count)
        times.reserveCapacity(count)
        values.reserveCapacity(count)
    }

    @inlinable
    public mutating func append(_ number: SeriesNumber, time: Int64, value: Double) {
        numbers.append(number)
        times.append(time)
        values.append(value)
    }

    /// Appends columns of one length.
    @inlinable
    public mutating func append(
        numbers: UnsafeBufferPointer<SeriesNumber>,
        times: UnsafeBufferPointer<Int64>,
        values: UnsafeBufferPointer<Double>
    ) {
        self.numbers.append(contentsOf: numbers)
        self.times.append(contentsOf: times)
        self.values.append(contentsOf: values)
    }

    /// Removes rows at the end.
    public mutating func removeLast(_ count: Int) {
        numbers.removeLast(count)
        times.removeLast(count)
        values.removeLast(count)
    }

    /// The rows of a range.
    public func slice(_ range: Range<Int>) -> NumberedEvents {
        var part = NumberedEvents(by: numbering)
        part.numbers = Array(numbers[range])
        part.times = Array(times[range])
        part.values = Array(values[range])
        return part
    }

    /// Appends all rows of other events; false when their numbers are somebody else's.
    public mutating func append(contentsOf other: NumberedEvents) -> Bool {
        guard numbering === other.numbering else { return false }
        numbers.append(contentsOf: other.numbers)
        times.append(contentsOf: other.times)
        values.append(contentsOf: other.values)
        return true
    }

    /// The same events by name; each series is in the dictionary once, and keeps its number.
    public func named() -> EventBatch {
        var batch = EventBatch()
        batch.times = times
        batch.values = values
        if let dense = DenseNumbers(numbers) {
            batch.seriesIndex = dense.ids
            batch.series = numbering.names(of: dense.distinct)
            return batch
        }
        batch.seriesIndex.reserveCapacity(count)
        var distinct: [SeriesNumber] = []
        var ids = LocalIDs(seriesCount: count)
        for number in numbers {
            if let id = ids.id(of: number) {
                batch.seriesIndex.append(id)
            } else {
                let id = UInt32(truncatingIfNeeded: distinct.count)
                ids.insert(number, id)
                distinct.append(number)
                batch.seriesIndex.append(id)
            }
        }
        batch.series = numbering.names(of: distinct)
        return batch
    }
}

extension EventBatch {
    /// The same events by number; nil when one of them has a series without.
    public func numbered() -> NumberedEvents? {
        guard let numbering = series.numbering else { return nil }
        var events = NumberedEvents(by: numbering)
        events.numbers = seriesIndex.map { series.numberOrNone(of: $0) }
        guard !events.numbers.contains(where: \.isNone) else { return nil }
        events.times = times
        events.values = values
        return events
    }
}
