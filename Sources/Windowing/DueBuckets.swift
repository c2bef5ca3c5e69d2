/// Slots by the time when something is due for them, for few times that many slots share.
struct DueBuckets: Sendable {
    private var slots: [[Int32]] = []
    private var free: [Int32] = []
    private var bucketOf: [Int64: Int32] = [:]
    /// The times that have a bucket, as a binary min-heap.
    private var times: [Int64] = []
    private var newestTime = Int64.min
    private var newestBucket: Int32 = -1

    /// The earliest time; the largest number when there is none.
    var earliest: Int64 { times.first ?? .max }

    @inline(__always)
    mutating func schedule(_ slot: Int32, at time: Int64) {
        if newestBucket < 0 || newestTime != time { select(time) }
        slots[Int(newestBucket)].append(slot)
    }

    /// Takes out the slots of the earliest time.
    mutating func takeEarliest(into result: inout [Int32]) {
        guard let time = times.first, let bucket = bucketOf.removeValue(forKey: time) else {
            return
        }
        swap(&result, &slots[Int(bucket)])
        slots[Int(bucket)].removeAll(keepingCapacity: slots[Int(bucket)].capacity <= 1024)
        free.append(bucket)
        newestBucket = -1
        Self.popHeap(&times)
    }

    private mutating func select(_ time: Int64) {
        if let bucket = bucketOf[time] {
            newestBucket = bucket
        } else {
            if let bucket = free.popLast() {
                newestBucket = bucket
            } else {
                newestBucket = Int32(slots.count)
                slots.append([])
            }
            bucketOf[time] = newestBucket
            Self.pushHeap(&times, time)
        }
        newestTime = time
    }

    private static func pushHeap(_ heap: inout [Int64], _ time: Int64) {
        var child = heap.count
        heap.append(time)
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private static func popHeap(_ heap: inout [Int64]) {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            var child = parent * 2 + 1
            guard child < heap.count else { return }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < heap[parent] else { return }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}
