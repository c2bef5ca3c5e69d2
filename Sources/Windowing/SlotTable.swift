/// Finds a slot by series and start: open addressing with linear probing over a power of two.
///
/// It holds only what is not the newest window of its series, so it is small as a rule.
struct SlotTable: Sendable {
    /// -1 is empty, else a slot.
    private var places: [Int32] = []
    private var count = 0

    /// The slot of a window; -1 when it is not here.
    func find(_ series: UInt32, _ start: Int64, _ pool: borrowing SlotPool) -> Int32 {
        guard count > 0 else { return -1 }
        return places[place(series, start, pool)]
    }

    /// Adds a slot that is not here yet.
    mutating func insert(_ slot: Int32, _ pool: borrowing SlotPool) {
        if (count + 1) * 2 > places.count { grow(pool) }
        let window = pool[slot]
        places[place(window.series, window.start, pool)] = slot
        count += 1
    }

    /// Takes a slot out, closing the gap so that no probe chain breaks.
    mutating func remove(_ slot: Int32, _ pool: borrowing SlotPool) {
        guard count > 0 else { return }
        let mask = places.count &- 1
        var gap = place(pool[slot].series, pool[slot].start, pool)
        guard places[gap] == slot else { return }
        var place = gap
        places[gap] = -1
        count -= 1
        while true {
            place = (place &+ 1) & mask
            guard places[place] >= 0 else { return }
            let other = pool[places[place]]
            let home = Self.hash(other.series, other.start) & mask
            // It may move into the gap only if its home is not between the gap and its place.
            if (place &- home) & mask >= (place &- gap) & mask {
                places[gap] = places[place]
                places[place] = -1
                gap = place
            }
        }
    }

    @inline(__always)
    private static func hash(_ series: UInt32, _ start: Int64) -> Int {
        var h = UInt64(bitPattern: start) &* 0x9E37_79B9_7F4A_7C15
        h ^= (UInt64(series) &+ 1) &* 0xC2B2_AE3D_27D4_EB4F
        h = (h ^ (h >> 32)) &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: h ^ (h >> 32))
    }

    /// The place of a window, or the empty place where it belongs.
    private func place(_ series: UInt32, _ start: Int64, _ pool: borrowing SlotPool) -> Int {
        let mask = places.count &- 1
        var place = Self.hash(series, start) & mask
        while places[place] >= 0 {
            let slot = Int(places[place])
            if pool.slots.base[slot].series == series, pool.slots.base[slot].start == start {
                break
            }
            place = (place &+ 1) & mask
        }
        return place
    }

    private mutating func grow(_ pool: borrowing SlotPool) {
        let old = places
        places = Array(repeating: -1, count: max(16, old.count * 2))
        for slot in old where slot >= 0 {
            places[place(pool[slot].series, pool[slot].start, pool)] = slot
        }
    }
}
