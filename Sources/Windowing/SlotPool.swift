import CMemory

/// A window, a session or a pane of windows: its series, its start and its aggregates.
///
/// 112 bytes; what an insertion writes first comes first.
struct Slot: Sendable, BitwiseCopyable {
    /// ``SlotPool/noSeries`` while the slot is free.
    var series: UInt32
    /// How often the window that ends with this slot was sent out, and the mark ``dirty``.
    var emissions: UInt32
    /// The start; of a free slot the next free one.
    var start: Int64
    var accumulator: Accumulator

    /// Set while a correction of the window waits for the end of the call.
    static let dirty: UInt32 = 1 << 31
    /// The largest number of emissions that is told apart.
    static let emissionsMax: UInt32 = (1 << 31) - 1
}

/// Slots in one block of memory that are reused, and which of them each series used last.
struct SlotPool: Sendable {
    private(set) var slots = Column<Slot>()
    /// Per slot: its sketch in the pool of sketches, -1 for none; empty without quantiles.
    private(set) var sketches = Column<Int32>()
    /// Per series: the slot of its newest window, -1 for none; it may have been freed since.
    private(set) var latest = Column<Int32>()
    private(set) var count = 0
    private var freeHead: Int64 = -1
    private let hasSketches: Bool

    static let noSeries = UInt32.max

    init(hasSketches: Bool) {
        self.hasSketches = hasSketches
    }

    mutating func makeUnique() {
        slots.makeUnique()
        sketches.makeUnique()
        latest.makeUnique()
    }

    /// Makes room for this many series.
    mutating func grow(to seriesCount: Int) {
        latest.grow(to: seriesCount, filledWith: -1)
    }

    /// Takes a slot without readings.
    mutating func add(series: UInt32, start: Int64) -> Int32 {
        let slot = Slot(series: series, emissions: 0, start: start, accumulator: .empty)
        count += 1
        if freeHead >= 0 {
            let place = Int(freeHead)
            freeHead = slots[place].start
            slots.base[place] = slot
            return Int32(place)
        }
        precondition(slots.count < Int(Int32.max), "a definition has below 2^31 open windows")
        slots.append(slot)
        if hasSketches { sketches.append(-1) }
        return Int32(slots.count - 1)
    }

    /// Gives a slot back; its sketch was given back before.
    mutating func free(_ slot: Int32) {
        let place = Int(slot)
        slots.base[place].series = Self.noSeries
        slots.base[place].start = freeHead
        freeHead = Int64(slot)
        count -= 1
    }

    /// The newest window of a series; -1 when it has none.
    @inline(__always)
    func newest(of series: UInt32) -> Int32 {
        let slot = latest[Int(series)]
        return slot >= 0 && slots[Int(slot)].series == series ? slot : -1
    }

    @inline(__always)
    subscript(slot: Int32) -> Slot { slots[Int(slot)] }

    /// Starts reading a slot, so that a later access does not wait for it.
    @inline(__always)
    func prefetch(_ slot: Int32) {
        let address = UnsafeRawPointer(slots.base + Int(slot))
        memory_prefetch(address)
        memory_prefetch(address + 64)
        memory_prefetch(address + 111)
    }

    /// The slots in use, by series, then start.
    func sortedSlots(seriesCount: Int) -> [Int32] {
        var items: [UInt64] = []
        items.reserveCapacity(count)
        for index in 0..<slots.count where slots[index].series != Self.noSeries {
            items.append(UInt64(slots[index].series) << 32 | UInt64(index))
        }
        var scratch: [UInt64] = []
        let bitCount = Int.bitWidth - max(1, seriesCount).leadingZeroBitCount
        RadixSort.sort(&items, bitCount: bitCount, scratch: &scratch)
        var result = items.map { Int32(truncatingIfNeeded: $0) }
        sortByStart(&result)
        return result
    }

    /// Sorts the slots of each series, which are neighbours, by start.
    func sortByStart(_ sorted: inout [Int32]) {
        var low = 0
        while low < sorted.count {
            let series = slots[Int(sorted[low])].series
            var high = low + 1
            while high < sorted.count, slots[Int(sorted[high])].series == series { high += 1 }
            if high - low > 1 {
                sorted[low..<high].sort { slots[Int($0)].start < slots[Int($1)].start }
            }
            low = high
        }
    }
}
