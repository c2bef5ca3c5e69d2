/// The scheduled slots of every device, by time, as linked lists through the slots.
///
/// New windows usually end last, so a list is searched from its end.
struct DeviceLists: Sendable {
    private struct List: BitwiseCopyable {
        var earliest = Int64.max
        var head: Int32 = -1
        var tail: Int32 = -1
    }

    private struct Link: BitwiseCopyable {
        var time: Int64 = 0
        var previous: Int32 = -1
        var next: Int32 = -1
        var device: UInt32 = 0
    }

    private var lists = Column<List>()
    private var links = Column<Link>()

    mutating func makeUnique() {
        lists.makeUnique()
        links.makeUnique()
    }

    mutating func grow(to deviceCount: Int) {
        lists.grow(to: deviceCount, filledWith: List())
    }

    /// The earliest time of a device; the largest number when nothing is scheduled.
    @inline(__always)
    func earliest(of device: UInt32) -> Int64 { lists[Int(device)].earliest }

    /// The slot with the earliest time of a device; one must be there.
    func earliestSlot(of device: UInt32) -> Int32 { lists[Int(device)].head }

    mutating func schedule(_ slot: Int32, at time: Int64, device: UInt32) {
        links.grow(to: Int(slot) + 1, filledWith: Link())
        var before = lists[Int(device)].tail
        // What is due before all others is put in front at once: panes that move on by a slide.
        if time < lists[Int(device)].earliest { before = -1 }
        while before >= 0, links[Int(before)].time > time { before = links[Int(before)].previous }
        let after = before >= 0 ? links[Int(before)].next : lists[Int(device)].head
        links.base[Int(slot)] = Link(time: time, previous: before, next: after, device: device)
        if before >= 0 {
            links.base[Int(before)].next = slot
        } else {
            lists.base[Int(device)].head = slot
            lists.base[Int(device)].earliest = time
        }
        if after >= 0 {
            links.base[Int(after)].previous = slot
        } else {
            lists.base[Int(device)].tail = slot
        }
    }

    mutating func remove(_ slot: Int32) {
        let link = links[Int(slot)]
        let device = Int(link.device)
        if link.previous >= 0 {
            links.base[Int(link.previous)].next = link.next
        } else {
            lists.base[device].head = link.next
            lists.base[device].earliest = link.next >= 0 ? links[Int(link.next)].time : .max
        }
        if link.next >= 0 {
            links.base[Int(link.next)].previous = link.previous
        } else {
            lists.base[device].tail = link.previous
        }
    }
}
