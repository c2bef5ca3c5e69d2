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

/// Which ``SeriesNumbers`` gave numbers: those of different ones mean different series.
public struct SeriesNumbering: Sendable, Hashable {
    let id: UInt64
    public let partitionCount: Int

    private static let lastID = Atomic<UInt64>(0)

    init(partitionCount: Int) {
        id = Self.lastID.add(1, ordering: .relaxed).newValue
        self.partitionCount = partitionCount
    }
}

/// Numbers the series of a process, up to a limit.
///
/// Names are compared once, where events come in; from there to the windows a series is its number.
///
/// - Concurrency: any task; a look-up holds a lock for some ten nanoseconds.
public final class SeriesNumbers: Sendable {
    public let numbering: SeriesNumbering
    private let countMax: Int
    private let known: Mutex<Known>

    fileprivate struct Known {
        var series = SeriesDictionary()
        /// Per partition: how many series it has.
        var counts: [Int]
    }

    /// Knows no series; those beyond the limit get no number.
    public init(countMax: Int, partitionCount: Int) {
        self.countMax = countMax
        numbering = SeriesNumbering(partitionCount: partitionCount)
        let hasNumbers = partitionCount <= SeriesNumber.partitionCountMax
        known = Mutex(Known(counts: Array(repeating: 0, count: hasNumbers ? partitionCount : 0)))
    }

    /// How many series are known.
    public var count: Int { known.withLock { $0.series.count } }

    /// The number of the series with these names; nil when it is not known, or has none.
    public func number(
        device: UnsafeRawBufferPointer,
        sensor: UnsafeRawBufferPointer
    ) -> SeriesNumber? {
        known.withLock { known in
            known.series.id(device: device, sensor: sensor).flatMap { known.series.number(of: $0) }
        }
    }

    /// Gives the keys of a dictionary their numbers, those that are new too.
    ///
    /// - Returns: the ids of keys that are new and would be too many.
    public func assign(to series: inout SeriesDictionary) -> [UInt32] {
        let isOurs = series.numbering == numbering
        if isOurs, series.isFullyNumbered { return [] }
        return known.withLock { known in
            var refused: [UInt32] = []
            for id in 0..<UInt32(series.count) where !isOurs || series.number(of: id) == nil {
                if let same = known.find(id, of: series, countMax: countMax, numbering) {
                    series.setNumber(known.series.number(of: same), of: id, by: numbering)
                } else {
                    refused.append(id)
                }
            }
            return refused
        }
    }
}

extension SeriesNumbers.Known {
    /// The id here of a key, added when new; nil when it would be too many.
    fileprivate mutating func find(
        _ id: UInt32,
        of other: SeriesDictionary,
        countMax: Int,
        _ numbering: SeriesNumbering
    ) -> UInt32? {
        guard series.count < countMax else { return series.id(of: id, in: other) }
        let before = series.count
        let same = series.insert(id: id, of: other)
        guard series.count > before, !counts.isEmpty else { return same }
        let partition = series.partition(of: same, of: counts.count)
        let place = counts[partition]
        guard place < SeriesNumber.placeCountMax else { return same }
        counts[partition] += 1
        series.setNumber(SeriesNumber(partition: partition, place: place), of: same, by: numbering)
        return same
    }
}
