import CMemory

/// The last eight distinct reading times of every series, to find repeats, and the newest one.
struct SeriesClocks: Sendable {
    static let capacity = 8
    /// Never an event time; marks a free place.
    static let none = Int64.min

    /// 64 bytes a series, a cache line.
    private var rings = Column<SIMD8<Int64>>()
    /// Per series: the newest time, and in its lowest three bits (times are whole microseconds
    /// below 2^60) the place of the ring that is overwritten next.
    private var states = Column<Int64>()
    /// Per series one bit: whether a newer reading came since ``takeChanged()``.
    private var changed = Column<UInt64>()

    var count: Int { states.count }

    mutating func makeUnique() {
        rings.makeUnique()
        states.makeUnique()
        changed.makeUnique()
    }

    /// Makes room for this many series.
    mutating func grow(to count: Int) {
        rings.grow(to: count, filledWith: SIMD8(repeating: Self.none))
        states.grow(to: count, filledWith: Self.none)
        changed.grow(to: (count + 63) / 64, filledWith: 0)
    }

    /// Starts reading what ``insert(_:series:)`` needs.
    @inline(__always)
    func prefetch(_ series: Int) {
        memory_prefetch(rings.base + series)
        memory_prefetch(states.base + series)
    }

    /// The newest time of a series; ``none`` before its first reading.
    @inline(__always)
    func newest(of series: Int) -> Int64 {
        let state = states[series]
        return state == Self.none ? state : state >> 3
    }

    /// Remembers a time, forgetting the oldest; false when it was remembered already.
    ///
    /// - Range: times are within 2^60.
    @inline(__always)
    mutating func insert(_ time: Int64, series: Int) -> Bool {
        let state = states[series]
        // Without a reading the number is so small that shifting keeps it below all times.
        let newest = state >> 3
        let place = Int(truncatingIfNeeded: state & 7)
        let ring = rings.base + series
        if time <= newest, any(ring.pointee .== time) { return false }
        UnsafeMutableRawPointer(ring).storeBytes(
            of: time,
            toByteOffset: place &* 8,
            as: Int64.self
        )
        let next = Int64((place &+ 1) & 7)
        if time > newest {
            states.base[series] = time << 3 | next
            changed.base[series >> 6] |= 1 << UInt64(series & 63)
        } else {
            states.base[series] = newest << 3 | next
        }
        return true
    }

    /// Sets what a snapshot holds: remembered times, oldest first, and the newest one.
    mutating func restore(series: Int, times: some Collection<Int64>, newest: Int64) {
        for (place, time) in times.enumerated() { rings.base[series][place] = time }
        states.base[series] = newest << 3 | Int64(times.count & 7)
    }

    /// The remembered times of a series, oldest first; the rest is ``none``.
    func times(of series: Int) -> (SIMD8<Int64>, count: Int) {
        let ring = rings[series]
        let place = states[series] == Self.none ? 0 : Int(states[series] & 7)
        var result = SIMD8(repeating: Self.none)
        var count = 0
        for index in 0..<Self.capacity {
            let time = ring[(place &+ index) & 7]
            guard time != Self.none else { continue }
            result[count] = time
            count += 1
        }
        return (result, count)
    }

    /// The series with a newer reading since the last call.
    mutating func takeChanged() -> [(id: UInt32, time: Int64)] {
        makeUnique()
        var result: [(id: UInt32, time: Int64)] = []
        for word in 0..<changed.count {
            var bits = changed[word]
            changed.base[word] = 0
            while bits != 0 {
                let series = word * 64 + bits.trailingZeroBitCount
                bits &= bits - 1
                result.append((UInt32(series), newest(of: series)))
            }
        }
        return result
    }

    /// The series whose newest reading is before a time, the longest silent first, then by id.
    ///
    /// - Complexity: O(n) in the series of the partition, with memory for a few limits.
    func silent(before time: Int64, limit: Int) -> [(id: UInt32, time: Int64)] {
        guard limit > 0 else { return [] }
        var found: [(id: UInt32, time: Int64)] = []
        var bound = time
        let isBefore = { (a: (id: UInt32, time: Int64), b: (id: UInt32, time: Int64)) in
            (a.time, a.id) < (b.time, b.id)
        }
        for series in 0..<count {
            let newest = newest(of: series)
            guard newest < bound, newest != Self.none else { continue }
            found.append((UInt32(series), newest))
            guard found.count >= max(1024, limit &* 4) else { continue }
            found.sort(by: isBefore)
            found.removeLast(max(0, found.count - limit))
            // What is not before the last of a full list cannot enter it.
            if found.count == limit, let last = found.last { bound = last.time }
        }
        found.sort(by: isBefore)
        return Array(found.prefix(limit))
    }
}
