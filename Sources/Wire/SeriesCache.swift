internal import CBytes
internal import Core

/// A name in the input: not yet a `String`.
struct NameBytes {
    let start: UnsafePointer<UInt8>
    let count: Int

    init(start: UnsafePointer<UInt8>, count: Int) {
        self.start = start
        self.count = count
    }

    var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }
}

/// The text in the input that tells a series, in two parts, and its hash.
///
/// - Range: 16 bytes beyond the end of each part can be read.
struct SeriesText {
    let first: UnsafePointer<UInt8>
    let second: UnsafePointer<UInt8>
    /// Bytes of the first part above those of the second; never 0.
    let counts: UInt32
    let hash: UInt32

    /// Bytes that a part may have.
    static let partByteCountMax = 1023

    /// - Range: each part has at most ``partByteCountMax`` bytes, the first at least one.
    @inline(__always)
    init(_ first: NameBytes, _ second: NameBytes, secret: UInt64) {
        self.init(first, Self.mix(first, secret), second)
    }

    /// As ``init(_:_:secret:)`` for a first part that was mixed before.
    @inline(__always)
    init(_ first: NameBytes, _ mixed: UInt64, _ second: NameBytes) {
        self.first = first.start
        self.second = second.start
        counts = UInt32(truncatingIfNeeded: first.count << 16 | second.count)
        hash = UInt32(truncatingIfNeeded: Self.mix(second, mixed) >> 32)
    }

    var firstName: NameBytes { NameBytes(start: first, count: Int(counts >> 16)) }
    var secondName: NameBytes { NameBytes(start: second, count: Int(counts & 0xFFFF)) }

    /// - Source: Wang Yi, wyhash: multiply two words to 128 bits and fold.
    @inline(__always)
    static func mix(_ name: NameBytes, _ seed: UInt64) -> UInt64 {
        var seed = seed
        var offset = 0
        while name.count &- offset > 16 {
            let words = bytes_words(name.start + offset, 16)
            seed = fold(words.head ^ 0xA076_1D64_78BD_642F, words.tail ^ seed)
            offset &+= 16
        }
        let words = bytes_words(name.start + offset, Int32(name.count &- offset))
        seed ^= UInt64(truncatingIfNeeded: name.count)
        return fold(words.head ^ 0xE703_7ED1_A0B4_28DB, words.tail ^ seed) ^ seed
    }

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}

/// Remembers which text means which series, in front of one batch's dictionary.
///
/// Lossy: a bucket of four entries is one cache line, and a fifth text takes the place of one of
/// them. So nobody who chooses names can make it slow; whatever is not there is looked up in the
/// dictionary.
struct SeriesCache: ~Copyable {
    private struct Entry {
        /// The hash above the two lengths; 0 when empty.
        var tag: UInt64 = 0
        var offset: UInt32 = 0
        var id: UInt32 = 0
    }

    /// Drawn at start, so that nobody can choose texts that share buckets.
    static let secret = UInt64.random(in: .min ... .max)

    private var entries: UnsafeMutablePointer<Entry>
    private var bucketMask: Int
    private var count = 0
    /// The texts, one after another, with 16 bytes of room to read beyond the last.
    private var texts: UnsafeMutablePointer<UInt8>
    private var textCount = 0
    private var textCapacity: Int

    private static let bucketCountMax = 1 << 20
    private static let textByteCountMax = 1 << 28
    /// Bytes that can be read beyond the last text.
    private static let padding = 16

    /// Makes a cache that suits so many events; it grows with the series it meets.
    init(eventCount: Int) {
        var bucketCount = 16
        while bucketCount < 512, bucketCount * 2 < eventCount { bucketCount *= 2 }
        bucketMask = bucketCount - 1
        entries = Self.allocate(bucketCount)
        textCapacity = bucketCount * 64
        texts = .allocate(capacity: textCapacity)
        texts.initialize(repeating: 0, count: Self.padding)
    }

    deinit {
        entries.deallocate()
        texts.deallocate()
    }

    /// Forgets everything, for another dictionary.
    mutating func removeAll() {
        guard count > 0 else { return }
        entries.update(repeating: Entry(), count: (bucketMask + 1) * 4)
        count = 0
        textCount = 0
    }

    /// Begins to load what the next look-up of a text reads.
    @inline(__always)
    func prefetch(_ text: SeriesText) { bytes_prefetch(entries + bucket(text.hash) &* 4) }

    /// The entry whose tag is a text's, and begins to load its text; -1 when there is none.
    @inline(__always)
    func candidate(_ text: SeriesText) -> Int {
        let tag = Self.tag(text)
        let bucket = bucket(text.hash) &* 4
        for slot in bucket..<(bucket &+ 4) where entries[slot].tag == tag {
            bytes_prefetch(texts + Int(entries[slot].offset))
            return slot
        }
        return -1
    }

    /// The id that a candidate remembers if its text is the same, else nil.
    @inline(__always)
    func id(_ candidate: Int, _ text: SeriesText) -> UInt32? {
        let entry = entries[candidate]
        let known = texts + Int(entry.offset)
        let first = Int(text.counts >> 16)
        let second = Int(text.counts & 0xFFFF)
        guard entry.tag == Self.tag(text), isSamePadded(known, text.first, first),
            isSamePadded(known + first, text.second, second)
        else { return nil }
        return entry.id
    }

    /// Remembers the id of a text.
    mutating func insert(_ text: SeriesText, id: UInt32) {
        let first = Int(text.counts >> 16)
        let second = Int(text.counts & 0xFFFF)
        guard reserve(first + second) else { return }
        let offset = textCount
        (texts + offset).update(from: text.first, count: first)
        (texts + offset + first).update(from: text.second, count: second)
        textCount += first + second
        (texts + textCount).initialize(repeating: 0, count: Self.padding)
        if count > (bucketMask + 1) * 2, bucketMask + 1 < Self.bucketCountMax { grow() }
        put(Entry(tag: Self.tag(text), offset: UInt32(offset), id: id))
    }

    private mutating func put(_ entry: Entry) {
        let hash = UInt32(truncatingIfNeeded: entry.tag >> 32)
        let bucket = bucket(hash) * 4
        for slot in bucket..<(bucket + 4) where entries[slot].tag == 0 {
            entries[slot] = entry
            count += 1
            return
        }
        entries[bucket + Int(entry.offset & 3)] = entry
    }

    private mutating func grow() {
        let old = entries
        let oldCount = (bucketMask + 1) * 4
        bucketMask = bucketMask * 2 + 1
        entries = Self.allocate(bucketMask + 1)
        count = 0
        for slot in 0..<oldCount where old[slot].tag != 0 { put(old[slot]) }
        old.deallocate()
    }

    /// Whether there is room for more text.
    private mutating func reserve(_ byteCount: Int) -> Bool {
        guard textCount + byteCount + Self.padding > textCapacity else { return true }
        guard textCapacity < Self.textByteCountMax else { return false }
        let capacity = textCapacity * 2 + byteCount
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.initialize(from: texts, count: textCount)
        texts.deallocate()
        texts = larger
        textCapacity = capacity
        return true
    }

    private static func allocate(_ bucketCount: Int) -> UnsafeMutablePointer<Entry> {
        let raw = UnsafeMutableRawPointer.allocate(
            byteCount: bucketCount * 64,
            alignment: 64
        )
        return raw.initializeMemory(as: Entry.self, repeating: Entry(), count: bucketCount * 4)
    }

    @inline(__always)
    private func bucket(_ hash: UInt32) -> Int { Int(hash) & bucketMask }

    @inline(__always)
    private static func tag(_ text: SeriesText) -> UInt64 {
        UInt64(text.hash) << 32 | UInt64(text.counts)
    }
}

/// Whether so many bytes are the same; 16 bytes beyond each can be read.
@inline(__always)
func isSamePadded(
    _ left: UnsafePointer<UInt8>,
    _ right: UnsafePointer<UInt8>,
    _ count: Int
) -> Bool {
    var rest = count
    var offset = 0
    while rest > 16 {
        guard bytes_same(left + offset, right + offset) == 0xFFFF else { return false }
        offset &+= 16
        rest &-= 16
    }
    return (bytes_same(left + offset, right + offset) | ~0 << UInt32(rest)) & 0xFFFF == 0xFFFF
}
