internal import CBytes
internal import CMemory
internal import Core

/// Finds the record of a text: buckets of four entries, a cache line each.
///
/// Entries are two words, the hash with the lengths and the record. A full bucket goes on in the
/// next one; a text that finds both full takes the place of another. A reader that meets an entry
/// while it changes finds a record of another text at worst, and looks at the text anyway.
///
/// SAFETY: entries are written by one thread at a time, with the lock of the memory, the record
/// before the word that leads to it; records never change and live as long as the table.
final class TextTable: @unchecked Sendable {
    /// Looks texts up; valid as long as the table.
    let view: TextView
    let room: TextRoom
    private let memory: LargeMemory
    private let bucketCount: Int
    private var count = 0

    private static let bucketCountMax = 1 << 22

    init(bucketCount: Int, _ room: TextRoom) {
        self.room = room
        self.bucketCount = bucketCount
        memory = LargeMemory(byteCount: bucketCount * TextView.wordCount * 8)
        let words = bucketCount * TextView.wordCount
        let entries = memory.start.initializeMemory(as: UInt64.self, repeating: 0, count: words)
        view = TextView(entries: entries, bucketMask: bucketCount - 1)
    }

    /// Whether it should grow before it takes more.
    var isFull: Bool { count > bucketCount * 2 && bucketCount < Self.bucketCountMax }

    /// The same texts in twice the buckets.
    func grown() -> TextTable {
        let larger = TextTable(bucketCount: bucketCount * 2, room)
        for word in stride(from: 0, to: bucketCount * TextView.wordCount, by: 2)
        where view.entries[word] != 0 {
            larger.put(tag: view.entries[word], record: view.entries[word + 1])
        }
        return larger
    }

    /// Adds the record of a text.
    func put(_ text: SeriesText, _ record: TextRecord) {
        put(tag: TextView.tag(text), record: UInt64(UInt(bitPattern: record.start)))
    }

    private func put(tag: UInt64, record: UInt64) {
        let hash = UInt32(truncatingIfNeeded: tag >> 32)
        let places = [view.bucket(hash), view.bucket(hash &+ 1)].flatMap { bucket in
            stride(from: 0, to: TextView.wordCount, by: 2).map { bucket + $0 }
        }
        let free = places.first { $0.pointee == 0 }
        if free != nil { count += 1 }
        let entry = free ?? places[Int(truncatingIfNeeded: record >> 6 & 3)]
        bytes_publish(entry + 1, record)
        bytes_publish(entry, tag)
    }
}

/// Looks up texts in the entries of a ``TextTable``, which somebody must hold meanwhile.
struct TextView {
    let entries: UnsafeMutablePointer<UInt64>
    let bucketMask: Int

    static let wordCount = 8

    /// Begins to load what the next look-up of a text reads.
    @inline(__always)
    func prefetch(_ text: SeriesText) { bytes_prefetch(bucket(text.hash)) }

    /// A record that may be of a text, and begins to load it; nil when there is none.
    @inline(__always)
    func candidate(_ text: SeriesText) -> TextRecord? {
        let tag = Self.tag(text)
        var bucket = bucket(text.hash)
        for attempt in 0..<2 {
            for word in stride(from: 0, to: Self.wordCount, by: 2)
            where bytes_published(bucket + word) == tag {
                let address = UInt(bytes_published(bucket + word + 1))
                guard let start = UnsafeRawPointer(bitPattern: address) else { return nil }
                bytes_prefetch(start)
                // Records begin where cache lines do; one with its text mostly fits one.
                let byteCount = Int(text.counts >> 16) &+ Int(text.counts & 0xFFFF)
                if byteCount > 64 &- TextRecord.headerByteCount { bytes_prefetch(start + 64) }
                return TextRecord(start: start)
            }
            guard attempt == 0, bucket[Self.wordCount - 2] != 0 else { return nil }
            bucket = self.bucket(text.hash &+ 1)
        }
        return nil
    }

    /// The record of a text; nil when it is not known.
    func find(_ text: SeriesText) -> TextRecord? {
        candidate(text).flatMap { $0.isOf(text) ? $0 : nil }
    }

    @inline(__always)
    func bucket(_ hash: UInt32) -> UnsafeMutablePointer<UInt64> {
        entries + (Int(hash) & bucketMask) &* Self.wordCount
    }

    @inline(__always)
    static func tag(_ text: SeriesText) -> UInt64 {
        UInt64(text.hash) << 32 | UInt64(text.counts)
    }
}

/// A block of memory at a multiple of 64, of huge pages where it is large.
///
/// SAFETY: the block is freed with the object and never moves.
final class LargeMemory: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    private let byteCount: Int

    init(byteCount: Int) {
        self.byteCount = byteCount
        guard let start = memory_resize(nil, 0, byteCount) else {
            preconditionFailure("out of memory for \(byteCount) bytes of series names")
        }
        self.start = start
    }

    deinit { memory_free(start, byteCount) }
}
