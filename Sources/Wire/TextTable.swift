internal import CBytes
internal import Core

/// Finds the record of a text: buckets of four entries, a cache line each.
///
/// Lossy as ``SeriesCache``: a fifth text of a bucket takes the place of another one. Entries are
/// two words, the hash with the lengths and the record; a reader that meets one while it changes
/// finds a record of another text at worst, and looks at the text anyway.
///
/// SAFETY: entries are written by one thread at a time, with the lock of the memory, the record
/// before the word that leads to it; records never change and live as long as the table.
final class TextTable: @unchecked Sendable {
    let room: TextRoom
    private let entries: UnsafeMutablePointer<UInt64>
    private let bucketMask: Int
    private var count = 0

    private static let wordCount = 8
    private static let bucketCountMax = 1 << 22

    init(bucketCount: Int, _ room: TextRoom) {
        self.room = room
        bucketMask = bucketCount - 1
        let wordCount = bucketCount * Self.wordCount
        let raw = UnsafeMutableRawPointer.allocate(byteCount: wordCount * 8, alignment: 64)
        entries = raw.initializeMemory(as: UInt64.self, repeating: 0, count: wordCount)
    }

    deinit { entries.deallocate() }

    /// Whether it should grow before it takes more.
    var isFull: Bool {
        count > (bucketMask + 1) * 2 && bucketMask + 1 < Self.bucketCountMax
    }

    /// The same texts in twice the buckets.
    func grown() -> TextTable {
        let larger = TextTable(bucketCount: (bucketMask + 1) * 2, room)
        for slot in stride(from: 0, to: (bucketMask + 1) * Self.wordCount, by: 2)
        where entries[slot] != 0 {
            larger.put(tag: entries[slot], record: entries[slot + 1])
        }
        return larger
    }

    /// Begins to load what the next look-up of a text reads.
    @inline(__always)
    func prefetch(_ text: SeriesText) { bytes_prefetch(bucket(text.hash)) }

    /// A record that may be of a text, and begins to load it; nil when there is none.
    @inline(__always)
    func candidate(_ text: SeriesText) -> TextRecord? {
        let tag = Self.tag(text)
        let bucket = bucket(text.hash)
        for word in stride(from: 0, to: Self.wordCount, by: 2)
        where bytes_published(bucket + word) == tag {
            let address = UInt(bytes_published(bucket + word + 1))
            guard let start = UnsafeRawPointer(bitPattern: address) else { return nil }
            bytes_prefetch(start)
            return TextRecord(start: start)
        }
        return nil
    }

    /// The record of a text; nil when it is not known.
    func find(_ text: SeriesText) -> TextRecord? {
        candidate(text).flatMap { $0.isOf(text) ? $0 : nil }
    }

    /// Adds the record of a text.
    func put(_ text: SeriesText, _ record: TextRecord) {
        put(tag: Self.tag(text), record: UInt64(UInt(bitPattern: record.start)))
    }

    private func put(tag: UInt64, record: UInt64) {
        let bucket = bucket(UInt32(truncatingIfNeeded: tag >> 32))
        var word = stride(from: 0, to: Self.wordCount, by: 2).first { bucket[$0] == 0 }
        if word == nil {
            word = Int(truncatingIfNeeded: record >> 6 & 3) * 2
        } else {
            count += 1
        }
        guard let word else { return }
        bytes_publish(bucket + word + 1, record)
        bytes_publish(bucket + word, tag)
    }

    @inline(__always)
    private func bucket(_ hash: UInt32) -> UnsafeMutablePointer<UInt64> {
        entries + (Int(hash) & bucketMask) &* Self.wordCount
    }

    @inline(__always)
    private static func tag(_ text: SeriesText) -> UInt64 {
        UInt64(text.hash) << 32 | UInt64(text.counts)
    }
}

/// The ids that one batch gives numbered series.
struct LocalIDs: ~Copyable {
    /// Open addressing over a power of two: a number above an id; empty is all ones.
    private var slots: UnsafeMutablePointer<UInt64>
    private var mask: Int
    private var count = 0

    private static let empty = UInt64.max

    init(seriesCount: Int) {
        var capacity = 64
        while capacity < min(seriesCount, 4096) * 2 { capacity *= 2 }
        mask = capacity - 1
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Self.empty, count: capacity)
    }

    deinit { slots.deallocate() }

    mutating func removeAll() {
        guard count > 0 else { return }
        slots.update(repeating: Self.empty, count: mask + 1)
        count = 0
    }

    @inline(__always)
    func id(of number: SeriesNumber) -> UInt32? {
        let entry = slots[slot(of: number)]
        return entry == Self.empty ? nil : UInt32(truncatingIfNeeded: entry)
    }

    /// Notes the id of a number that has none.
    mutating func insert(_ number: SeriesNumber, _ id: UInt32) {
        if count &* 2 > mask { grow() }
        slots[slot(of: number)] = UInt64(number.bits) << 32 | UInt64(id)
        count &+= 1
    }

    @inline(__always)
    private func slot(of number: SeriesNumber) -> Int {
        // The places of one partition follow each other; the product spreads them.
        let hash = UInt64(number.bits) &* 0x9E37_79B9_7F4A_7C15
        var slot = Int(truncatingIfNeeded: hash >> 32) & mask
        while slots[slot] != Self.empty, slots[slot] >> 32 != UInt64(number.bits) {
            slot = (slot &+ 1) & mask
        }
        return slot
    }

    private mutating func grow() {
        let old = slots
        let oldCount = mask + 1
        mask = mask * 2 + 1
        slots = .allocate(capacity: mask + 1)
        slots.initialize(repeating: Self.empty, count: mask + 1)
        for index in 0..<oldCount where old[index] != Self.empty {
            let number = SeriesNumber(bits: UInt32(truncatingIfNeeded: old[index] >> 32))
            slots[slot(of: number)] = old[index]
        }
        old.deallocate()
    }
}
