/// When something is due for which slot: by time, and by device where devices close alone.
///
/// Panes of a partition share few times and lie in buckets. Sessions end at any time, and the
/// windows of devices close at any time: they lie in a heap, which knows the earliest of all, and
/// with watermarks per device also in a list of each device.
struct CloseQueue: Sendable {
    private enum Form: Sendable { case buckets, heap, devices }

    private let form: Form
    private var buckets = DueBuckets()
    private var heap = DueHeap()
    private var lists = DeviceLists()

    init(isSession: Bool, isPerDevice: Bool) {
        form = isPerDevice ? .devices : isSession ? .heap : .buckets
    }

    mutating func makeUnique() {
        heap.makeUnique()
        lists.makeUnique()
    }

    mutating func grow(toDeviceCount count: Int) { lists.grow(to: count) }

    /// The earliest time of all; the largest number when nothing is scheduled.
    @inline(__always)
    var earliest: Int64 {
        form == .buckets ? buckets.earliest : heap.earliest
    }

    /// The earliest time of a device; the largest number when nothing is scheduled.
    @inline(__always)
    func earliest(of device: UInt32) -> Int64 { lists.earliest(of: device) }

    /// When a slot is due; not for slots in buckets.
    func time(of slot: Int32) -> Int64 { heap.time(of: slot) }

    @inline(__always)
    mutating func schedule(_ slot: Int32, at time: Int64, device: UInt32) {
        switch form {
        case .buckets: buckets.schedule(slot, at: time)
        case .heap: heap.schedule(slot, at: time)
        case .devices:
            heap.schedule(slot, at: time)
            lists.schedule(slot, at: time, device: device)
        }
    }

    /// Takes a slot out before it is due; not for slots in buckets.
    mutating func remove(_ slot: Int32) {
        heap.remove(slot)
        if form == .devices { lists.remove(slot) }
    }

    /// Takes out all slots of the earliest time of all; false when that is above a mark.
    mutating func takeEarliest(through mark: Int64, into result: inout [Int32]) -> Bool {
        result.removeAll(keepingCapacity: true)
        let time = earliest
        guard time <= mark, time != .max else { return false }
        if form == .buckets {
            buckets.takeEarliest(into: &result)
            return true
        }
        while heap.earliest == time {
            let slot = heap.earliestSlot
            result.append(slot)
            remove(slot)
        }
        return true
    }

    /// Takes out all slots of the earliest time of a device; false when that is above a mark.
    mutating func takeEarliest(
        of device: UInt32,
        through mark: Int64,
        into result: inout [Int32]
    ) -> Bool {
        result.removeAll(keepingCapacity: true)
        let time = lists.earliest(of: device)
        guard time <= mark, time != .max else { return false }
        while lists.earliest(of: device) == time {
            let slot = lists.earliestSlot(of: device)
            result.append(slot)
            remove(slot)
        }
        return true
    }
}
