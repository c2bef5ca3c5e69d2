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
            guard table.view.find(text) == nil else { return }
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
/// names that are no parts of the text.
struct TextRecord {
    let start: UnsafeRawPointer

    static let headerByteCount = 16

    /// Writes a record.
    static func make(
        _ text: SeriesText,
        _ number: SeriesNumber,
        _ device: NameBytes,
        _ sensor: NameBytes,
        in room: TextRoom
    ) -> TextRecord {
        let parts = [text.firstName, text.secondName]
        var byteCount = headerByteCount + parts[0].count + parts[1].count
        /// Where a name is, maybe behind the text.
        func place(_ name: NameBytes) -> Int {
            var start = headerByteCount
            for part in parts {
                let offset = name.start - part.start
                if offset >= 0, offset + name.count <= part.count { return start + offset }
                start += part.count
            }
            defer { byteCount += name.count }
            return byteCount
        }
        let deviceAt = place(device)
        let sensorAt = place(sensor)
        let start = room.take(byteCount)
        start.storeBytes(of: number, as: SeriesNumber.self)
        start.storeBytes(of: text.counts, toByteOffset: 4, as: UInt32.self)
        for (offset, number) in [deviceAt, device.count, sensorAt, sensor.count].enumerated() {
            start.storeBytes(of: UInt16(number), toByteOffset: 8 + offset * 2, as: UInt16.self)
        }
        var at = start + headerByteCount
        for part in parts {
            at.copyMemory(from: part.start, byteCount: part.count)
            at += part.count
        }
        (start + deviceAt).copyMemory(from: device.start, byteCount: device.count)
        (start + sensorAt).copyMemory(from: sensor.start, byteCount: sensor.count)
        return TextRecord(start: UnsafeRawPointer(start))
    }

    var number: SeriesNumber {
        @inline(__always) get { start.load(as: SeriesNumber.self) }
    }

    var device: UnsafeRawBufferPointer {
        @inline(__always) get {
            UnsafeRawBufferPointer(start: start + short(at: 8), count: short(at: 10))
        }
    }

    var sensor: UnsafeRawBufferPointer {
        @inline(__always) get {
            UnsafeRawBufferPointer(start: start + short(at: 12), count: short(at: 14))
        }
    }

    @inline(__always)
    private func short(at offset: Int) -> Int {
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
    private var chunks: [LargeMemory] = []
    private var next = 0
    private var end = 0
    private(set) var byteCount = 0

    /// Small at first, then as large as huge pages are worth it.
    private static let chunkByteCounts = [1 << 16, 1 << 19, 4 << 20]
    /// Bytes that can be read beyond a record.
    private static let padding = 16

    /// Room for so many bytes, at most some thousand, at the start of a cache line.
    func take(_ count: Int) -> UnsafeMutableRawPointer {
        let size = (count + 63) & ~63
        if chunks.isEmpty || next + size + Self.padding > end {
            let sizes = Self.chunkByteCounts
            end = sizes[min(chunks.count, sizes.count - 1)]
            chunks.append(LargeMemory(byteCount: end))
            next = 0
            byteCount += end
        }
        defer { next += size }
        return chunks[chunks.count - 1].start + next
    }
}
