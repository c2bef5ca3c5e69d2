/// An open window: its series, its start and its aggregates.
struct OpenWindow: Sendable, Equatable {
    var series: UInt32
    /// The next slot with the same start, or the next free slot; -1 ends the list.
    var next: Int32
    var start: Int64
    var accumulator: Accumulator
}

/// The open windows of one definition, in contiguous slots that are reused.
///
/// A series usually stays in one window for many readings, so its latest slot is tried first;
/// a hash table over (series, start) finds the others. Windows of one start form a list, and a
/// heap orders the starts, so that closing touches only what closes.
struct OpenWindows: Sendable {
    private(set) var slots: [OpenWindow] = []
    private(set) var count = 0
    /// Per series: the slot its last reading went to, -1 for none; it may have been reused since.
    private var latest: [Int32] = []
    /// Open addressing with linear probing over a power of two; -1 is empty, else a slot.
    private var table: [Int32] = Array(repeating: -1, count: 16)
    private var freeHead: Int32 = -1
    /// Per start: the first slot of its list.
    private var heads: [Int64: Int32] = [:]
    /// The starts that have open windows, as a binary min-heap.
    private var starts: [Int64] = []

    private static let noSeries = UInt32.max

    /// The earliest start of an open window.
    var earliestStart: Int64? { starts.first }

    /// Makes room for this many series.
    mutating func grow(to seriesCount: Int) {
        guard latest.count < seriesCount else { return }
        latest.append(contentsOf: repeatElement(-1, count: seriesCount - latest.count))
    }

    /// Adds a reading to its window; true when that opened the window.
    @inline(__always)
    mutating func insert(series: UInt32, start: Int64, time: Int64, value: Double) -> Bool {
        let candidate = Int(latest[Int(series)])
        if candidate >= 0, slots[candidate].start == start, slots[candidate].series == series {
            slots[candidate].accumulator.insert(time: time, value: value)
            return false
        }
        let place = find(series, start)
        if table[place] >= 0 {
            let slot = table[place]
            slots[Int(slot)].accumulator.insert(time: time, value: value)
            latest[Int(series)] = slot
            return false
        }
        let accumulator = Accumulator(time: time, value: value)
        open(series: series, start: start, accumulator, at: place)
        return true
    }

    /// Opens a window as it was saved; false when it is open already.
    mutating func restore(series: UInt32, start: Int64, _ accumulator: Accumulator) -> Bool {
        let place = find(series, start)
        guard table[place] < 0 else { return false }
        open(series: series, start: start, accumulator, at: place)
        return true
    }

    /// The slots of the windows with the earliest start, in no particular order.
    func earliestSlots(into result: inout [Int32]) {
        result.removeAll(keepingCapacity: true)
        guard let start = starts.first, var slot = heads[start] else { return }
        while slot >= 0 {
            result.append(slot)
            slot = slots[Int(slot)].next
        }
    }

    /// Forgets the windows with the earliest start, whose slots these are.
    mutating func removeEarliest(_ removed: [Int32]) {
        guard let start = starts.first else { return }
        for slot in removed {
            remove(slot)
            slots[Int(slot)].series = Self.noSeries
            slots[Int(slot)].next = freeHead
            freeHead = slot
        }
        count -= removed.count
        heads[start] = nil
        popStart()
    }

    /// The slots in use, by start, then series.
    func sortedSlots() -> [OpenWindow] {
        slots.filter { $0.series != Self.noSeries }
            .sorted { ($0.start, $0.series) < ($1.start, $1.series) }
    }

    private mutating func open(
        series: UInt32,
        start: Int64,
        _ accumulator: Accumulator,
        at place: Int
    ) {
        let head = heads[start]
        let window = OpenWindow(
            series: series,
            next: head ?? -1,
            start: start,
            accumulator: accumulator
        )
        let slot: Int32
        if freeHead >= 0 {
            slot = freeHead
            freeHead = slots[Int(slot)].next
            slots[Int(slot)] = window
        } else {
            slot = Int32(slots.count)
            slots.append(window)
        }
        heads[start] = slot
        if head == nil { pushStart(start) }
        table[place] = slot
        latest[Int(series)] = slot
        count += 1
        if count * 2 > table.count { growTable() }
    }

    @inline(__always)
    private static func hash(_ series: UInt32, _ start: Int64) -> Int {
        var h = UInt64(bitPattern: start) &* 0x9E37_79B9_7F4A_7C15
        h ^= (UInt64(series) &+ 1) &* 0xC2B2_AE3D_27D4_EB4F
        h = (h ^ (h >> 32)) &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: h ^ (h >> 32))
    }

    /// The table place of a window, or the empty place where it belongs.
    private func find(_ series: UInt32, _ start: Int64) -> Int {
        let mask = table.count &- 1
        var place = Self.hash(series, start) & mask
        while table[place] >= 0 {
            let slot = Int(table[place])
            if slots[slot].series == series, slots[slot].start == start { break }
            place = (place &+ 1) & mask
        }
        return place
    }

    /// Takes a slot out of the table, closing the gap so that no probe chain breaks.
    private mutating func remove(_ slot: Int32) {
        let mask = table.count &- 1
        var gap = find(slots[Int(slot)].series, slots[Int(slot)].start)
        var place = gap
        table[gap] = -1
        while true {
            place = (place &+ 1) & mask
            guard table[place] >= 0 else { return }
            let other = slots[Int(table[place])]
            let home = Self.hash(other.series, other.start) & mask
            // It may move into the gap only if its home is not between the gap and its place.
            if (place &- home) & mask >= (place &- gap) & mask {
                table[gap] = table[place]
                table[place] = -1
                gap = place
            }
        }
    }

    private mutating func growTable() {
        let old = table
        table = Array(repeating: -1, count: old.count * 2)
        let mask = table.count &- 1
        for slot in old where slot >= 0 {
            let window = slots[Int(slot)]
            var place = Self.hash(window.series, window.start) & mask
            while table[place] >= 0 { place = (place &+ 1) & mask }
            table[place] = slot
        }
    }

    private mutating func pushStart(_ start: Int64) {
        var child = starts.count
        starts.append(start)
        while child > 0 {
            let parent = (child - 1) / 2
            guard starts[child] < starts[parent] else { return }
            starts.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func popStart() {
        guard let last = starts.popLast(), !starts.isEmpty else { return }
        starts[0] = last
        var parent = 0
        while true {
            var child = parent * 2 + 1
            guard child < starts.count else { return }
            if child + 1 < starts.count, starts[child + 1] < starts[child] { child += 1 }
            guard starts[child] < starts[parent] else { return }
            starts.swapAt(child, parent)
            parent = child
        }
    }
}
