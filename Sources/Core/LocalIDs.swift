/// The ids that one batch gives numbered series.
public struct LocalIDs: ~Copyable {
    /// Open addressing over a power of two: a number above an id; empty is all ones.
    @usableFromInline var slots: UnsafeMutablePointer<UInt64>
    @usableFromInline var mask: Int
    @usableFromInline var count = 0

    @inlinable static var empty: UInt64 { .max }

    /// Makes room for so many series.
    public init(seriesCount: Int) {
        var capacity = 64
        while capacity < min(seriesCount, 4096) * 2 { capacity *= 2 }
        mask = capacity - 1
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Self.empty, count: capacity)
    }

    deinit { slots.deallocate() }

    public mutating func removeAll() {
        guard count > 0 else { return }
        slots.update(repeating: Self.empty, count: mask + 1)
        count = 0
    }

    /// The id of a number; nil when it has none yet.
    @inlinable
    @inline(__always)
    public func id(of number: SeriesNumber) -> UInt32? {
        let entry = slots[slot(of: number)]
        return entry == Self.empty ? nil : UInt32(truncatingIfNeeded: entry)
    }

    /// Notes the id of a number that has none.
    @inlinable
    public mutating func insert(_ number: SeriesNumber, _ id: UInt32) {
        if count &* 2 > mask { grow() }
        slots[slot(of: number)] = UInt64(number.bits) << 32 | UInt64(id)
        count &+= 1
    }

    @inlinable
    @inline(__always)
    func slot(of number: SeriesNumber) -> Int {
        // The places of one partition follow each other; the product spreads them.
        let hash = UInt64(number.bits) &* 0x9E37_79B9_7F4A_7C15
        var slot = Int(truncatingIfNeeded: hash >> 32) & mask
        while slots[slot] != Self.empty, slots[slot] >> 32 != UInt64(number.bits) {
            slot = (slot &+ 1) & mask
        }
        return slot
    }

    @usableFromInline
    mutating func grow() {
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
