import Core

/// The events of a batch as the definitions see them.
struct BatchRows {
    /// Per row: the partition's id of the series, or ``skip``.
    let ids: UnsafePointer<UInt32>
    let times: UnsafePointer<Int64>
    let values: UnsafePointer<Double>
    let count: Int
    let baseOffset: Int64

    /// A row that is in no window: a duplicate or over the limit.
    static let skip = UInt32.max

    /// Rows whose windows are asked for ahead of the one that is worked on: enough for all loads
    /// that a processor has in flight, and so few that none is pushed out before its turn.
    static let lookahead = 24
    /// Rows that are worked on between two looks ahead.
    static let stepSize = 8

    /// The rows of a step.
    @inline(__always)
    func step(at low: Int) -> Range<Int> { low..<min(low &+ Self.stepSize, count) }

    /// The rows that come into view with a step, those before the first one too.
    @inline(__always)
    func comingIntoView(with step: Range<Int>) -> Range<Int> {
        let low = step.lowerBound == 0 ? 0 : step.lowerBound &+ Self.lookahead
        return min(low, count)..<min(step.upperBound &+ Self.lookahead, count)
    }
}

/// The events of a batch as they came.
enum BatchEvents {
    case named(EventBatch)
    case numbered(NumberedEvents)

    var times: [Int64] {
        switch self {
        case .named(let events): events.times
        case .numbered(let events): events.times
        }
    }

    var values: [Double] {
        switch self {
        case .named(let events): events.values
        case .numbered(let events): events.values
        }
    }

    /// The names of the series of a row.
    func key(of row: Int) -> SeriesKey {
        switch self {
        case .named(let events): events.series.keys[Int(events.seriesIndex[row])]
        case .numbered(let events): events.numbering.names(of: [events.numbers[row]]).keys[0]
        }
    }
}

/// The series of a partition, their order and their devices.
struct PartitionKeys: Sendable {
    var series = SeriesDictionary()
    var order = KeyOrder()
    /// The devices, as keys without a sensor; empty when no definition needs them.
    var devices = SeriesDictionary()
    /// Per series: its device; empty when no definition needs it.
    var deviceOf = Column<UInt32>()
    let needsDevices: Bool

    init(needsDevices: Bool) {
        self.needsDevices = needsDevices
    }

    /// Finds the devices of series that are new.
    mutating func addDevices() {
        guard needsDevices, deviceOf.count < series.count else { return }
        deviceOf.makeUnique()
        for id in UInt32(deviceOf.count)..<UInt32(series.count) {
            let device = series.withBytes(of: id) { device, _ in
                devices.insert(
                    device: device,
                    sensor: UnsafeRawBufferPointer(start: nil, count: 0)
                )
            }
            deviceOf.append(device)
        }
    }
}
