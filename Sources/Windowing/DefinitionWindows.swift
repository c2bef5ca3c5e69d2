import Core

/// The windows of one definition in one partition.
struct DefinitionWindows: Sendable {
    let definition: WindowDefinition
    let index: Int
    let lateness: Int64
    let correctFor: Int64
    /// How panes lie; for sessions without meaning.
    let geometry: PaneGeometry
    /// The gap of sessions; 0 for windows that are made of panes.
    let gap: Int64
    let isPerDevice: Bool
    /// Whether closed windows are kept, to be corrected.
    let keepsClosed: Bool
    /// The largest end of a closed window; no window that ends at or before it opens again.
    var closedThrough = Int64.min
    /// Readings up to this time may be missing in what is kept here: no window that begins at or
    /// before it is corrected.
    var missedThrough = Int64.min
    /// With a watermark per device: the same of each, and its newest event time.
    var devices = Column<DeviceMark>()
    /// Every window, session or pane that is open or kept.
    var pool: SlotPool
    var sketches = SketchPool()
    /// The open panes, and the kept ones, that are not the newest of their series.
    var table = SlotTable()
    /// The open sessions that are not the newest of their series.
    var older = SessionIndex()
    /// The sessions that are closed and kept.
    var closedSessions = SessionIndex()
    /// When the next window of a pane closes, or a session ends at the earliest.
    var open: CloseQueue
    /// When what is closed is forgotten.
    var kept: CloseQueue
    /// With corrections of hopping windows, which have no slot of their own: slots with their
    /// ends as starts, that count their emissions until they are forgotten.
    var sent = SlotPool(hasSketches: false)
    var sentTable = SlotTable()
    var sentQueue: CloseQueue
    /// Slots that count the emissions of corrected windows; empty between calls.
    var corrections: [Int32] = []
    /// The mark at which one of the corrected hopping windows can be corrected no longer.
    var correctionsDue = Int64.max
    /// Devices with something to forget; empty between calls.
    var movedDevices: [UInt32] = []
    var block: RowBlock
    private var closing: [Int32] = []

    /// How far the clock of one device is.
    struct DeviceMark: BitwiseCopyable {
        var newest = Int64.min
        var closedThrough = Int64.min
        var missedThrough = Int64.min
    }

    init(_ definition: WindowDefinition, index: Int) {
        self.definition = definition
        self.index = index
        lateness = definition.allowedLateness.microseconds
        correctFor = definition.correctFor.microseconds
        let size = definition.size.microseconds
        switch definition.kind {
        case .tumbling:
            geometry = PaneGeometry(size: size, slide: size)
            gap = 0
        case .hopping(let slide):
            geometry = PaneGeometry(size: size, slide: slide.microseconds)
            gap = 0
        case .session(let gap, _):
            geometry = PaneGeometry(size: size, slide: size)
            self.gap = gap.microseconds
        }
        isPerDevice = definition.watermark == .device
        keepsClosed = definition.latePolicy == .correct
        pool = SlotPool(hasSketches: !definition.quantiles.isEmpty)
        open = CloseQueue(isSession: gap > 0, isPerDevice: isPerDevice)
        kept = CloseQueue(isSession: gap > 0, isPerDevice: isPerDevice)
        sentQueue = CloseQueue(isSession: false, isPerDevice: isPerDevice)
        block = RowBlock(quantileCount: definition.quantiles.count)
    }

    var isSession: Bool { gap > 0 }
    /// Whether a window is put together from several panes.
    var isHopping: Bool { geometry.pane != geometry.size }
    var hasSketches: Bool { !definition.quantiles.isEmpty }

    /// A time less the lateness; the smallest number before the first event.
    @inline(__always)
    func watermark(_ newest: Int64) -> Int64 {
        newest < Int64.min &+ lateness ? Int64.min : newest &- lateness
    }

    /// The time at or below which the windows of the partition are closed.
    func mark(_ newest: Int64) -> Int64 { max(closedThrough, watermark(newest)) }

    /// The time at or below which the windows of a device are closed.
    @inline(__always)
    func mark(ofDevice device: UInt32) -> Int64 {
        let state = devices[Int(device)]
        return max(state.closedThrough, watermark(state.newest))
    }

    /// The time after which a window of a device begins that can be corrected.
    @inline(__always)
    func missedThrough(_ device: UInt32) -> Int64 {
        isPerDevice ? devices[Int(device)].missedThrough : missedThrough
    }

    /// Sends out what was corrected before a mark ends that for a window: what its panes take
    /// later does not count for it.
    @inline(__always)
    mutating func sendDueCorrections(
        at mark: Int64,
        _ keys: inout PartitionKeys,
        _ output: inout WindowOutput
    ) {
        if mark >= correctionsDue { sendCorrections(&keys, &output) }
    }

    /// Makes room for what is new, and the memory its own.
    mutating func prepare(seriesCount: Int, deviceCount: Int) {
        pool.makeUnique()
        sketches.makeUnique()
        older.makeUnique()
        closedSessions.makeUnique()
        open.makeUnique()
        kept.makeUnique()
        sent.makeUnique()
        sentQueue.makeUnique()
        devices.makeUnique()
        block.prepare()
        pool.grow(to: seriesCount)
        guard isPerDevice else { return }
        devices.grow(to: deviceCount, filledWith: DeviceMark())
        open.grow(toDeviceCount: deviceCount)
        kept.grow(toDeviceCount: deviceCount)
        sentQueue.grow(toDeviceCount: deviceCount)
    }

    /// Counts a reading in a slot.
    @inline(__always)
    mutating func insert(_ time: Int64, _ value: Double, into slot: Int32) {
        pool.slots.base[Int(slot)].accumulator.insert(time: time, value: value)
        if hasSketches { insertIntoSketch(value, slot) }
    }

    @inline(never)
    private mutating func insertIntoSketch(_ value: Double, _ slot: Int32) {
        sketches.insert(value, into: sketch(of: slot))
    }

    /// The sketch of a slot, made when it has none.
    mutating func sketch(of slot: Int32) -> Int32 {
        let sketch = pool.sketches[Int(slot)]
        if sketch >= 0 { return sketch }
        let added = sketches.add()
        pool.sketches.base[Int(slot)] = added
        return added
    }

    /// Gives back a slot and its sketch.
    mutating func free(_ slot: Int32) {
        if hasSketches, pool.sketches[Int(slot)] >= 0 {
            sketches.free(pool.sketches[Int(slot)])
            pool.sketches.base[Int(slot)] = -1
        }
        pool.free(slot)
    }

    /// Closes everything that ends at or before a mark, by end, then key.
    mutating func close(
        through mark: Int64,
        _ keys: inout PartitionKeys,
        _ output: inout WindowOutput
    ) {
        var slots = closing
        closing = []
        while true {
            let due = open.earliest
            guard open.takeEarliest(through: mark, into: &slots) else { break }
            if isSession {
                closeSessions(&slots, end: due, &keys, &output)
            } else {
                closePanes(&slots, end: due, &keys, &output)
            }
        }
        closing = slots
    }

    /// Closes everything of a device that ends at or before a mark.
    mutating func close(
        device: UInt32,
        through mark: Int64,
        _ keys: inout PartitionKeys,
        _ output: inout WindowOutput
    ) {
        var slots = closing
        closing = []
        while true {
            let due = open.earliest(of: device)
            guard open.takeEarliest(of: device, through: mark, into: &slots) else { break }
            if isSession {
                closeSessions(&slots, end: due, &keys, &output)
            } else {
                closePanes(&slots, end: due, &keys, &output)
            }
        }
        closing = slots
    }

    /// Notes that a window of a series has closed.
    mutating func raiseMark(to end: Int64, series: UInt32, _ keys: borrowing PartitionKeys) {
        closedThrough = max(closedThrough, end)
        guard isPerDevice else { return }
        let device = Int(keys.deviceOf[Int(series)])
        devices.base[device].closedThrough = max(devices[device].closedThrough, end)
        if keepsClosed { movedDevices.append(UInt32(device)) }
    }

    /// Ends a call: sends out what was corrected, and forgets what is too old to be.
    mutating func finish(
        newest: Int64,
        _ keys: inout PartitionKeys,
        _ output: inout WindowOutput
    ) {
        guard keepsClosed else { return }
        if !corrections.isEmpty { sendCorrections(&keys, &output) }
        var slots: [Int32] = []
        if isPerDevice {
            for device in movedDevices {
                let mark = mark(ofDevice: device)
                while kept.takeEarliest(of: device, through: mark, into: &slots) {
                    for slot in slots { forget(slot) }
                }
                while sentQueue.takeEarliest(of: device, through: mark, into: &slots) {
                    for slot in slots { forgetSent(slot) }
                }
            }
            movedDevices.removeAll()
        } else {
            let mark = mark(newest)
            while kept.takeEarliest(through: mark, into: &slots) {
                for slot in slots { forget(slot) }
            }
            while sentQueue.takeEarliest(through: mark, into: &slots) {
                for slot in slots { forgetSent(slot) }
            }
        }
    }

    private mutating func forget(_ slot: Int32) {
        if isSession {
            closedSessions.remove(slot)
        } else {
            removeFromTable(slot)
        }
        free(slot)
    }

    private mutating func forgetSent(_ slot: Int32) {
        sentTable.remove(slot, sent)
        sent.free(slot)
    }
}
