/// Slots by the time when something is due for them, for many times: a heap with known places.
struct DueHeap: Sendable {
    private struct Entry: BitwiseCopyable {
        var time: Int64
        var slot: Int32
    }

    private var entries = Column<Entry>()
    /// Per slot: its place among the entries, -1 when it has none.
    private var places = Column<Int32>()

    mutating func makeUnique() {
        entries.makeUnique()
        places.makeUnique()
    }

    /// The earliest time; the largest number when there is none.
    var earliest: Int64 { entries.count > 0 ? entries[0].time : .max }

    /// The slot with the earliest time; one must be there.
    var earliestSlot: Int32 { entries[0].slot }

    /// When the slot is due; it must be scheduled.
    @inline(__always)
    func time(of slot: Int32) -> Int64 { entries[Int(places[Int(slot)])].time }

    /// Schedules a slot that is not scheduled.
    mutating func schedule(_ slot: Int32, at time: Int64) {
        places.grow(to: Int(slot) + 1, filledWith: -1)
        let entry = Entry(time: time, slot: slot)
        entries.append(entry)
        siftUp(entry, entries.count - 1)
    }

    /// Takes a scheduled slot out.
    mutating func remove(_ slot: Int32) {
        let place = Int(places[Int(slot)])
        places.base[Int(slot)] = -1
        let moved = entries[entries.count - 1]
        entries.removeLast()
        guard place < entries.count else { return }
        if place > 0, moved.time < entries[(place - 1) / 2].time {
            siftUp(moved, place)
        } else {
            siftDown(moved, place)
        }
    }

    private func put(_ entry: Entry, _ place: Int) {
        entries.base[place] = entry
        places.base[Int(entry.slot)] = Int32(place)
    }

    private func siftUp(_ entry: Entry, _ start: Int) {
        var place = start
        while place > 0 {
            let parent = (place - 1) / 2
            guard entry.time < entries[parent].time else { break }
            put(entries[parent], place)
            place = parent
        }
        put(entry, place)
    }

    private func siftDown(_ entry: Entry, _ start: Int) {
        var place = start
        let count = entries.count
        while true {
            var child = place * 2 + 1
            guard child < count else { break }
            if child + 1 < count, entries[child + 1].time < entries[child].time { child += 1 }
            guard entries[child].time < entry.time else { break }
            put(entries[child], place)
            place = child
        }
        put(entry, place)
    }
}
