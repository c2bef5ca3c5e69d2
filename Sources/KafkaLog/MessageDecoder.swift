import Core
import EventLog

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Reads the log's own messages; remembers the name tables it has met.
///
/// Senders repeat the same series in batch after batch; a known table is compared byte by byte
/// and shared instead of being built again.
struct MessageDecoder {
    /// A table of names and what depends on the names alone.
    private struct Table {
        let bytes: [UInt8]
        let series: SeriesDictionary
        /// Per series: whether our hash puts it on the partition; empty when all are.
        let isHere: [Bool]
    }

    /// What a message turned out to be.
    enum Content {
        /// Events, and how many others belong to another partition.
        case events(EventBatch, misplaced: ForeignReject?)
        case control(LogRecord)
        /// Not a message of the log, or damaged.
        case damaged
    }

    private static let tableByteCountMax = 8 << 20

    private let partitionCount: Int
    private let checksPartition: Bool
    /// By hash of the bytes and the partition.
    private var tables: [UInt64: Table] = [:]
    private var tableByteCount = 0

    /// A decoder for a topic; events on a wrong partition are taken out when `checksPartition`.
    init(partitionCount: Int, checksPartition: Bool) {
        self.partitionCount = partitionCount
        self.checksPartition = checksPartition
    }

    /// The events a message has by its header, unchecked; nil when it is none of the log's.
    static func eventCount(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count >= MessageFormat.eventsHeaderByteCount,
            bytes[4] == MessageFormat.Kind.events
        else { return nil }
        return Int(number(bytes, 16, UInt32.self))
    }

    /// Decodes a message of a partition.
    mutating func decode(_ bytes: UnsafeRawBufferPointer, partition: Int) -> Content {
        guard bytes.count >= MessageFormat.prefixByteCount,
            Self.number(bytes, 0, UInt32.self) == MessageFormat.magic,
            Self.number(bytes, 8, UInt64.self) == MessageFormat.checksum(bytes)
        else { return .damaged }
        switch bytes[4] {
        case MessageFormat.Kind.events:
            return events(bytes, partition) ?? .damaged
        case MessageFormat.Kind.idle where bytes.count == MessageFormat.prefixByteCount + 8:
            let until = Self.number(bytes, 16, Int64.self)
            return .control(.idle(until: Timestamp(microseconds: until)))
        case MessageFormat.Kind.complete where bytes.count == MessageFormat.prefixByteCount:
            return .control(.complete)
        default:
            return .damaged
        }
    }

    private mutating func events(
        _ bytes: UnsafeRawBufferPointer,
        _ partition: Int
    ) -> Content? {
        guard bytes.count >= MessageFormat.eventsHeaderByteCount else { return nil }
        let count = Int(Self.number(bytes, 16, UInt32.self))
        let seriesCount = Int(Self.number(bytes, 20, UInt32.self))
        let nameByteCount = Int(Self.number(bytes, 24, UInt32.self))
        let firstTime = Self.number(bytes, 32, Int64.self)
        let indexWidthLog = Int(bytes[5] & 3)
        let hasWideTimes = bytes[5] & MessageFormat.wideTimes != 0
        let indexByteCount = count << indexWidthLog
        let timeByteCount = count * (hasWideTimes ? 8 : 4)
        let start = MessageFormat.eventsHeaderByteCount
        guard indexWidthLog <= 2,
            bytes.count == start + nameByteCount + indexByteCount + timeByteCount + count * 8
        else { return nil }
        let indexStart = start + nameByteCount
        let names = UnsafeRawBufferPointer(rebasing: bytes[start..<indexStart])
        guard let table = table(names, seriesCount, partition) else { return nil }
        var batch = EventBatch()
        batch.series = table.series
        let column = UnsafeRawBufferPointer(rebasing: bytes[indexStart...])
        guard let index = Self.index(column, count, indexWidthLog, below: seriesCount) else {
            return nil
        }
        batch.seriesIndex = index
        let times = UnsafeRawBufferPointer(rebasing: column[indexByteCount...])
        batch.times = Self.times(times, count, hasWideTimes, firstTime)
        let values = UnsafeRawBufferPointer(rebasing: times[timeByteCount...])
        batch.values = [Double](unsafeUninitializedCapacity: count) { buffer, filled in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: values)
            filled = count
        }
        guard !table.isHere.isEmpty,
            let sample = batch.firstMisplaced(table.isHere, from: 0)
        else { return .events(batch, misplaced: nil) }
        let misplaced = ForeignReject(
            reason: KafkaReject.wrongPartition,
            sample: sample,
            count: batch.removeMisplaced(table.isHere, from: 0)
        )
        return .events(batch, misplaced: misplaced)
    }

    private static func index(
        _ bytes: UnsafeRawBufferPointer,
        _ count: Int,
        _ widthLog: Int,
        below seriesCount: Int
    ) -> [UInt32]? {
        var largest: UInt32 = 0
        let index = [UInt32](unsafeUninitializedCapacity: count) { buffer, filled in
            switch widthLog {
            case 0:
                for row in 0..<count { buffer[row] = UInt32(bytes[row]) }
            case 1:
                for row in 0..<count {
                    buffer[row] = UInt32(number(bytes, row &* 2, UInt16.self))
                }
            default:
                for row in 0..<count { buffer[row] = number(bytes, row &* 4, UInt32.self) }
            }
            for row in 0..<count { largest = max(largest, buffer[row]) }
            filled = count
        }
        return count == 0 || Int(largest) < seriesCount ? index : nil
    }

    private static func times(
        _ bytes: UnsafeRawBufferPointer,
        _ count: Int,
        _ isWide: Bool,
        _ first: Int64
    ) -> [Int64] {
        [Int64](unsafeUninitializedCapacity: count) { buffer, filled in
            if isWide {
                for row in 0..<count {
                    buffer[row] = first &+ number(bytes, row &* 8, Int64.self)
                }
            } else {
                for row in 0..<count {
                    buffer[row] = first &+ Int64(number(bytes, row &* 4, UInt32.self))
                }
            }
            filled = count
        }
    }

    /// The table of these bytes, built when it is not known; nil when malformed.
    private mutating func table(
        _ names: UnsafeRawBufferPointer,
        _ seriesCount: Int,
        _ partition: Int
    ) -> Table? {
        let hash = XXHash64.hash(names, seed: UInt64(partition))
        if let known = tables[hash], known.series.count == seriesCount,
            known.bytes.count == names.count,
            known.bytes.withUnsafeBytes({ Self.isEqual($0, names) })
        {
            return known
        }
        guard let series = Self.series(names, seriesCount) else { return nil }
        var isHere: [Bool] = []
        if checksPartition {
            isHere = series.keys.map { $0.partition(of: partitionCount) == partition }
            if !isHere.contains(false) { isHere = [] }
        }
        let table = Table(bytes: Array(names), series: series, isHere: isHere)
        if tableByteCount + names.count > Self.tableByteCountMax {
            tables.removeAll(keepingCapacity: true)
            tableByteCount = 0
        }
        tables[hash] = table
        tableByteCount += names.count + 64
        return table
    }

    private static func isEqual(
        _ left: UnsafeRawBufferPointer,
        _ right: UnsafeRawBufferPointer
    ) -> Bool {
        guard let start = left.baseAddress, let other = right.baseAddress else {
            return left.count == right.count
        }
        return memcmp(start, other, left.count) == 0
    }

    private static func series(
        _ names: UnsafeRawBufferPointer,
        _ seriesCount: Int
    ) -> SeriesDictionary? {
        var series = SeriesDictionary()
        var position = 0
        while position < names.count {
            guard names.count - position >= 4 else { return nil }
            let deviceCount = Int(number(names, position, UInt16.self))
            let sensorCount = Int(number(names, position + 2, UInt16.self))
            position += 4
            guard deviceCount + sensorCount <= names.count - position else { return nil }
            let middle = position + deviceCount
            let device = UnsafeRawBufferPointer(rebasing: names[position..<middle])
            let sensor = UnsafeRawBufferPointer(rebasing: names[middle..<(middle + sensorCount)])
            guard SeriesKey.isAllowed(device), SeriesKey.isAllowed(sensor) else { return nil }
            _ = series.insert(device: device, sensor: sensor)
            position = middle + sensorCount
        }
        return series.count == seriesCount ? series : nil
    }

    @inline(__always)
    private static func number<Value: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: UnsafeRawBufferPointer,
        _ position: Int,
        _ type: Value.Type
    ) -> Value {
        Value(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Value.self))
    }
}

extension EventBatch {
    /// The first series that is on a wrong partition, for people to look at.
    func firstMisplaced(_ isHere: [Bool], from start: Int) -> String? {
        let id = seriesIndex[start...].first { !isHere[Int($0)] }
        return id.map { series.keys[Int($0)].description }
    }

    /// Takes out the events, from a row on, whose series are elsewhere; returns their count.
    mutating func removeMisplaced(_ isHere: [Bool], from start: Int) -> Int {
        var kept = start
        for row in start..<count where isHere[Int(seriesIndex[row])] {
            seriesIndex[kept] = seriesIndex[row]
            times[kept] = times[row]
            values[kept] = values[row]
            kept += 1
        }
        let removed = count - kept
        seriesIndex.removeLast(removed)
        times.removeLast(removed)
        values.removeLast(removed)
        return removed
    }
}
