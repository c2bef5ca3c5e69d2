import Core

/// Which series have their names in the active segment already.
struct DeclaredSeries {
    let numbering: SeriesNumbers
    /// By place and partition: the segment, counted by the writer, that has its name last.
    private var segments: [UInt32] = []

    init(_ numbering: SeriesNumbers) { self.numbering = numbering }

    /// Takes those of some numbers that a segment has no names of; from now on it has.
    mutating func declare(_ numbers: [SeriesNumber], in segment: UInt32) -> [SeriesNumber] {
        let stride = numbering.partitionCount
        let most = numbers.reduce(0) { max($0, $1.bits) }
        grow(to: (SeriesNumber(bits: most).place + 1) * stride)
        var fresh: [SeriesNumber] = []
        segments.withUnsafeMutableBufferPointer { segments in
            for number in numbers {
                let index = number.place &* stride &+ number.partition
                guard segments[index] != segment else { continue }
                segments[index] = segment
                fresh.append(number)
            }
        }
        return fresh
    }

    private mutating func grow(to count: Int) {
        guard count > segments.count else { return }
        let added = max(count, segments.count * 2) - segments.count
        segments.append(contentsOf: repeatElement(0, count: added))
    }

    /// Takes back what was not written after all.
    mutating func forget(_ numbers: [SeriesNumber]) {
        for number in numbers {
            segments[number.place * numbering.partitionCount + number.partition] = 0
        }
    }
}

/// The names of series as a frame of their own in the first record of a segment that needs them.
///
/// It holds, little-endian: the epoch (64 bits), the number of series and of bytes in their names
/// (32 each); then the numbers (32 each), the lengths of device and sensor (16 each), and the
/// names. It takes no offset.
enum NamesFrame {
    static func encode(_ names: SeriesDictionary, epoch: UInt64) -> [UInt8] {
        let count = names.count
        let byteCount = names.allNames.count
        var writer = ByteWriter()
        writer.bytes.reserveCapacity(16 + count * 8 + byteCount)
        writer.append(epoch)
        writer.append(UInt32(count))
        writer.append(UInt32(byteCount))
        for id in 0..<UInt32(count) { writer.append(names.numberOrNone(of: id).bits) }
        for id in 0..<UInt32(count) {
            let counts = names.nameByteCounts(of: id)
            writer.append(UInt16(counts.device))
            writer.append(UInt16(counts.sensor))
        }
        writer.bytes.append(contentsOf: names.allNames)
        return writer.bytes
    }
}

/// The names that a segment declares from its start up to a place, of processes that are gone.
struct SeriesNames: Sendable {
    let segment: Int64
    /// All names before it are known.
    private(set) var position: Int
    private var epochs: [UInt64: Epoch] = [:]

    private struct Epoch: Sendable {
        var series = SeriesDictionary()
        var ids: [SeriesNumber: UInt32] = [:]
    }

    init(segment: Int64, position: Int) {
        self.segment = segment
        self.position = position
    }

    /// Takes the names of the records that are whole in some bytes, which begin at the position.
    ///
    /// - Returns: the bytes that the next record needs, when it is not whole; nil for damage.
    mutating func take(_ bytes: [UInt8], _ salt: UInt32) -> Int? {
        bytes.withUnsafeBytes { all in
            var at = 0
            while at < all.count {
                let rest = UnsafeRawBufferPointer(rebasing: all[at...])
                switch RecordHeader.parse(rest, salt: salt) {
                case .needs(let count): return count
                case .damaged: return nil
                case .header(let record):
                    guard rest.count >= record.recordByteCount else {
                        return record.recordByteCount
                    }
                    var check = PayloadCheck()
                    guard
                        !record.frames.contains(where: \.holdsNames) || check.isGood(record, rest),
                        take(record, rest, at: position)
                    else { return nil }
                    at += record.recordByteCount
                }
            }
            return 0
        }
    }

    /// Takes the names of a record, whose payload was checked; false when they are malformed.
    mutating func take(
        _ record: RecordHeader,
        _ bytes: UnsafeRawBufferPointer,
        at start: Int
    ) -> Bool {
        guard start == position else { return true }
        position += record.recordByteCount
        var at = record.byteCount
        for frame in record.frames {
            defer { at += frame.byteCount }
            guard frame.kind == RecordHeader.Kind.names else { continue }
            let part = UnsafeRawBufferPointer(rebasing: bytes[at..<(at + frame.byteCount)])
            guard take(part) else { return false }
        }
        return true
    }

    private mutating func take(_ frame: UnsafeRawBufferPointer) -> Bool {
        var reader = ByteReader(frame)
        guard let epoch = reader.number(UInt64.self), let count = reader.number(UInt32.self),
            let nameByteCount = reader.number(UInt32.self),
            let numbers = reader.column(UInt32.self, count: Int(count)),
            let lengths = reader.take(Int(count) * 4),
            let names = reader.take(Int(nameByteCount)), reader.remaining == 0,
            let declared = SeriesDictionary(distinctNames: names, lengths: lengths)
        else { return false }
        for (id, bits) in numbers.enumerated() {
            let same = epochs[epoch, default: Epoch()].series.insert(id: UInt32(id), of: declared)
            epochs[epoch]?.ids[SeriesNumber(bits: bits)] = same
        }
        return true
    }

    /// The events of a frame by name; nil when it is malformed or a name is not known.
    ///
    /// `reader` stands behind the epoch.
    func events(_ reader: inout ByteReader, epoch: UInt64, count: Int) -> EventBatch? {
        guard let names = epochs[epoch], let timeWidth = reader.number(UInt32.self),
            let firstTime = reader.number(Int64.self),
            let numbers = reader.column(UInt32.self, count: count)
        else { return nil }
        var batch = EventBatch()
        batch.reserveCapacity(count)
        for bits in numbers {
            guard let id = names.ids[SeriesNumber(bits: bits)] else { return nil }
            batch.seriesIndex.append(batch.series.insert(id: id, of: names.series))
        }
        guard
            reader.appendTimes(Int(timeWidth), from: firstTime, count: count, to: &batch.times),
            reader.appendValues(count: count, to: &batch.values), reader.remaining == 0
        else { return nil }
        return batch
    }
}
