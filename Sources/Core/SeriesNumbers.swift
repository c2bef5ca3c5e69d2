import Synchronization

/// What a process calls a series: a small number, for as long as the process lives.
///
/// It holds the partition of the series, and its place among the series of that partition, which
/// count from 0; so whoever keeps something for each series of a partition finds it by the place.
///
/// - Range: ``partitionCountMax`` partitions of ``placeCountMax`` series.
public struct SeriesNumber: BitwiseCopyable, Sendable, Hashable {
    public let bits: UInt32

    /// Partitions of logs whose series have numbers; those of others do without.
    public static let partitionCountMax = 256
    public static let placeCountMax = (1 << 24) - 1

    @inlinable
    public init(partition: Int, place: Int) {
        self.init(bits: UInt32(truncatingIfNeeded: place << 8 | partition))
    }

    @inlinable
    public init(bits: UInt32) { self.bits = bits }

    /// In the place of a number that is not known.
    @inlinable
    public static var none: SeriesNumber { SeriesNumber(bits: .max) }

    @inlinable public var partition: Int { Int(bits & 255) }
    @inlinable public var place: Int { Int(bits >> 8) }
    @inlinable public var isNone: Bool { bits == .max }
}

/// Numbers the series of a process, up to a limit, and tells their names.
///
/// Names are compared once, where events come in; from there to the windows a series is its number.
/// Numbers of two of these mean different series.
///
/// - Concurrency: any task; a look-up holds a lock for some ten nanoseconds.
public final class SeriesNumbers: Sendable {
    public let partitionCount: Int
    private let countMax: Int
    private let known: Mutex<Known>

    fileprivate struct Known {
        var series = SeriesDictionary()
        /// By id; none for series that have no number.
        var numbers: [SeriesNumber] = []
        /// Per partition, by place: the id.
        var ids: [[UInt32]]
    }

    /// Knows no series; those beyond the limit get no number.
    public init(countMax: Int, partitionCount: Int) {
        self.countMax = countMax
        self.partitionCount = partitionCount
        let hasNumbers = partitionCount <= SeriesNumber.partitionCountMax
        known = Mutex(Known(ids: Array(repeating: [], count: hasNumbers ? partitionCount : 0)))
    }

    /// How many series are known.
    public var count: Int { known.withLock { $0.series.count } }

    /// The number of the series with these names; nil when it is not known, or has none.
    public func number(
        device: UnsafeRawBufferPointer,
        sensor: UnsafeRawBufferPointer
    ) -> SeriesNumber? {
        known.withLock { known in
            known.series.id(device: device, sensor: sensor).flatMap { known.number(of: $0) }
        }
    }

    /// The number of the series with these names, which are allowed; a new one where it is new.
    ///
    /// - Returns: nil where it would be too many, or can have no number.
    public func assign(
        device: UnsafeRawBufferPointer,
        sensor: UnsafeRawBufferPointer
    ) -> SeriesNumber? {
        let hash = SeriesHash.hash(device, sensor)
        return known.withLock { known in
            guard known.series.count < countMax else {
                return known.series.id(device: device, sensor: sensor)
                    .flatMap { known.number(of: $0) }
            }
            let id = known.series.insert(device: device, sensor: sensor, hash: hash)
            known.numberIfNew(id)
            return known.number(of: id)
        }
    }

    /// Gives the keys of a dictionary their numbers, those that are new too.
    ///
    /// - Returns: the ids of keys that are new and would be too many.
    public func assign(to series: inout SeriesDictionary) -> [UInt32] {
        let isOurs = series.numbering === self
        if isOurs, series.isFullyNumbered { return [] }
        return known.withLock { known in
            var refused: [UInt32] = []
            for id in 0..<UInt32(series.count) where !isOurs || series.number(of: id) == nil {
                if let same = known.find(id, of: series, countMax: countMax) {
                    series.setNumber(known.number(of: same), of: id, by: self)
                } else {
                    refused.append(id)
                }
            }
            return refused
        }
    }

    /// The ids of keys that would be too many; learns none.
    public func surplus(of series: SeriesDictionary) -> [UInt32] {
        known.withLock { known in
            guard known.series.count >= countMax else { return [] }
            return (0..<UInt32(series.count)).filter { known.series.id(of: $0, in: series) == nil }
        }
    }

    /// The names of series, in the order of their numbers, which are distinct and were given here.
    public func names(of numbers: [SeriesNumber]) -> SeriesDictionary {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: numbers.count) { ids in
            known.withLock { known in
                for (index, number) in numbers.enumerated() {
                    ids.initializeElement(
                        at: index,
                        to: known.ids[number.partition][number.place]
                    )
                }
                return SeriesDictionary(
                    copying: UnsafeBufferPointer(ids),
                    of: known.series,
                    numbers: numbers,
                    by: self
                )
            }
        }
    }
}

extension SeriesNumbers.Known {
    fileprivate func number(of id: UInt32) -> SeriesNumber? {
        let number = numbers[Int(id)]
        return number.isNone ? nil : number
    }

    /// The id here of a key, added when new; nil when it would be too many.
    fileprivate mutating func find(
        _ id: UInt32,
        of other: SeriesDictionary,
        countMax: Int
    ) -> UInt32? {
        guard series.count < countMax else { return series.id(of: id, in: other) }
        let same = series.insert(id: id, of: other)
        numberIfNew(same)
        return same
    }

    /// Gives a series its number that was just inserted.
    fileprivate mutating func numberIfNew(_ id: UInt32) {
        if Int(id) == numbers.count { numbers.append(nextNumber(of: id)) }
    }

    /// Gives a new series the next place of its partition; none when there are no more.
    private mutating func nextNumber(of id: UInt32) -> SeriesNumber {
        guard !ids.isEmpty else { return .none }
        let partition = series.partition(of: id, of: ids.count)
        let place = ids[partition].count
        guard place < SeriesNumber.placeCountMax else { return .none }
        ids[partition].append(id)
        return SeriesNumber(partition: partition, place: place)
    }
}
