public import Core

/// What windowing produced: closed windows, readings in no window and how many events went where.
///
/// Calls append to it; the caller takes the content and starts a new one, or calls ``removeAll``.
public struct WindowOutput: Sendable {
    /// One entry per definition, in the order of the definitions; its batch may be empty.
    ///
    /// Rows are sorted by end, then by key, over all calls; with a watermark per device only the
    /// rows of one device are. After the rows that closed in a call come those that it corrected.
    /// `windows.series` is the partition's own dictionary, shared and not copied: in all outputs of
    /// one ``PartitionWindows`` and those that continue its snapshots an id is the same key.
    public internal(set) var closed: [ClosedWindows] = []
    /// Readings that are in no window, in log order.
    ///
    /// Per call duplicates and those over the limit come first, then the late ones by definition.
    /// There are at most ``reportCountMax``, and ``duplicateReportCountMax``: counters tell all.
    public internal(set) var unwindowed: [Unwindowed] = []
    /// Counts since the output was made or emptied.
    public internal(set) var counters = WindowCounters()
    private var duplicateReports = 0

    /// The most late and surplus readings, and the most duplicates, that are reported one by one.
    public static let reportCountMax = 40_000
    public static let duplicateReportCountMax = 100

    public init() {}

    /// Whether there is neither a closed window nor a reported reading.
    public var hasNoRows: Bool { unwindowed.isEmpty && closed.allSatisfy(\.windows.isEmpty) }

    /// The reported late readings.
    public var late: [LateReading] {
        unwindowed.compactMap { reading in
            guard reading.reason == .late, let definition = reading.definition else { return nil }
            return LateReading(
                definition: definition,
                key: reading.key,
                time: reading.time,
                value: reading.value,
                offset: reading.offset
            )
        }
    }

    /// Empties it for the next use.
    public mutating func removeAll() {
        self = WindowOutput()
    }

    /// Whether another reading with this reason would be reported.
    func hasRoom(for reason: Unwindowed.Reason) -> Bool {
        if reason == .duplicate { return duplicateReports < Self.duplicateReportCountMax }
        return unwindowed.count - duplicateReports < Self.reportCountMax
    }

    mutating func report(_ reading: Unwindowed) {
        if reading.reason == .duplicate { duplicateReports += 1 }
        unwindowed.append(reading)
    }

    /// Makes room for the definitions; an output serves one set of definitions only.
    mutating func prepare(for definitions: [WindowDefinition]) {
        guard closed.count != definitions.count else { return }
        precondition(closed.isEmpty, "an output serves one set of definitions")
        closed = definitions.map {
            ClosedWindows(
                definition: $0.name,
                windows: WindowBatch(quantilePoints: $0.quantiles)
            )
        }
        counters.definitions = definitions.map { WindowCounters.Definition(name: $0.name) }
    }

    /// Lets go of the partition's dictionary, so that it can grow without being copied.
    mutating func releaseKeys() {
        for index in closed.indices where !closed[index].windows.series.isEmpty {
            closed[index].windows.series = SeriesDictionary()
        }
    }

    /// Gives batches with rows the partition's dictionary.
    mutating func shareKeys(_ keys: SeriesDictionary) {
        for index in closed.indices where !closed[index].windows.isEmpty {
            closed[index].windows.series = keys
        }
    }
}

/// The closed windows of one definition.
public struct ClosedWindows: Sendable {
    public let definition: String
    public internal(set) var windows: WindowBatch
}
