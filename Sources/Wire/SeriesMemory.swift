public import Core
internal import Synchronization

/// Remembers from one body to the next which text means which series of the process.
///
/// A sender writes its series the same way every time; so after the first time a series is one
/// look-up, and neither are its names read nor hashed again.
///
/// - Concurrency: any number of decoders; look-ups take no lock.
public final class SeriesMemory: Sendable {
    /// For texts that are names as they stand.
    let names: TextMemory
    /// For line protocol without renamed tags and without a default device.
    let lines: TextMemory

    /// Bytes of texts that either part may hold before it starts over.
    public static let byteCountMax = 256 << 20

    public init(_ numbers: SeriesNumbers, byteCountMax: Int = SeriesMemory.byteCountMax) {
        names = TextMemory(numbers, byteCountMax: byteCountMax)
        lines = TextMemory(numbers, byteCountMax: byteCountMax)
    }
}

/// The texts of one way of naming.
final class TextMemory: Sendable {
    let numbers: SeriesNumbers
    private let byteCountMax: Int
    private let current = Mutex(TextTable(bucketCount: 64, TextRoom()))

    init(_ numbers: SeriesNumbers, byteCountMax: Int) {
        self.numbers = numbers
        self.byteCountMax = byteCountMax
    }

    /// What is known now; stays readable while somebody has it.
    var table: TextTable { current.withLock { $0 } }

    /// Remembers the series that a text means.
    func insert(_ text: SeriesText, _ number: SeriesNumber, device: NameBytes, sensor: NameBytes) {
        current.withLock { table in
            guard table.find(text) == nil else { return }
            if table.room.byteCount > byteCountMax {
                // Whoever writes series in ever new ways loses the memory, never the server its.
                table = TextTable(bucketCount: 64, TextRoom())
            }
            if table.isFull { table = table.grown() }
            table.put(text, TextRecord.make(text, number, device, sensor, in: table.room))
        }
    }
}

/// A text and the series it means, in memory that does not move: a header, the text, and the
/// names where they are not the text itself.
struct TextRecord {
    let start: UnsafeRawPointer

    private static let headerByteCount = 16

    /// Writes a record.
    static func make(
        _ text: SeriesText,
        _ number: SeriesNumber,
        _ device: NameBytes,
        _ sensor: NameBytes,
        in room: TextRoom
    ) -> TextRecord {
        let first = text.firstName
        let second = text.secondName
        let isSame = device.isSame(first) && sensor.isSame(second)
        let textByteCount = first.count + second.count
        let nameByteCount = isSame ? 0 : device.count + sensor.count
        let start = room.take(headerByteCount + textByteCount + nameByteCount)
        start.storeBytes(of: number, as: SeriesNumber.self)
        start.storeBytes(of: text.counts, toByteOffset: 4, as: UInt32.self)
        start.storeBytes(of: UInt16(device.count), toByteOffset: 8, as: UInt16.self)
        start.storeBytes(of: UInt16(sensor.count), toByteOffset: 10, as: UInt16.self)
        let namesAt = headerByteCount + (isSame ? 0 : textByteCount)
        start.storeBytes(of: UInt32(namesAt), toByteOffset: 12, as: UInt32.self)
        var at = start + headerByteCount
        for part in isSame ? [first, second] : [first, second, device, sensor] {
            at.copyMemory(from: part.start, byteCount: part.count)
            at += part.count
        }
        return TextRecord(start: UnsafeRawPointer(start))
    }

    var number: SeriesNumber {
        @inline(__always) get { start.load(as: SeriesNumber.self) }
    }

    var device: UnsafeRawBufferPointer {
        @inline(__always) get {
            UnsafeRawBufferPointer(start: start + namesAt, count: count(at: 8))
        }
    }

    var sensor: UnsafeRawBufferPointer {
        @inline(__always) get {
            UnsafeRawBufferPointer(start: start + namesAt + count(at: 8), count: count(at: 10))
        }
    }

    private var namesAt: Int { Int(start.load(fromByteOffset: 12, as: UInt32.self)) }

    @inline(__always)
    private func count(at offset: Int) -> Int {
        Int(start.load(fromByteOffset: offset, as: UInt16.self))
    }

    /// Whether it is of a text.
    @inline(__always)
    func isOf(_ text: SeriesText) -> Bool {
        guard start.load(fromByteOffset: 4, as: UInt32.self) == text.counts else { return false }
        let known = (start + Self.headerByteCount).assumingMemoryBound(to: UInt8.self)
        let first = Int(text.counts >> 16)
        return isSamePadded(known, text.first, first)
            && isSamePadded(known + first, text.second, Int(text.counts & 0xFFFF))
    }
}

/// Memory for records, given out piece by piece and freed as a whole.
///
/// SAFETY: written only by whoever holds the lock of the memory; what was given out stays.
final class TextRoom: @unchecked Sendable {
    private var chunks: [UnsafeMutableRawPointer] = []
    private var next = 0
    private var end = 0
    private(set) var byteCount = 0

    private static let chunkByteCount = 1 << 20
    /// Bytes that can be read beyond a record.
    private static let padding = 16

    /// Room for so many bytes, at most some thousand, at a multiple of eight.
    func take(_ count: Int) -> UnsafeMutableRawPointer {
        let size = (count + 7) & ~7
        if chunks.isEmpty || next + size + Self.padding > end {
            chunks.append(.allocate(byteCount: Self.chunkByteCount, alignment: 64))
            next = 0
            end = Self.chunkByteCount
            byteCount += Self.chunkByteCount
        }
        defer { next += size }
        return chunks[chunks.count - 1] + next
    }

    deinit {
        for chunk in chunks { chunk.deallocate() }
    }
}
