public import Core

/// What windowing produced: closed windows, late readings and how many events went where.
///
/// Calls append to it; the caller takes the content and starts a new one, or calls ``removeAll``.
public struct WindowOutput: Sendable {
    /// One entry per definition, in the order of the definitions; its batch may be empty.
    ///
    /// Rows are sorted by end, then by key, over all calls.
    public internal(set) var closed: [ClosedWindows] = []
    /// Per call by definition, then in log order.
    public internal(set) var late: [LateReading] = []
    /// Counts since the output was made or emptied.
    public internal(set) var counters = WindowCounters()

    public init() {}

    /// Whether there is neither a closed window nor a late reading.
    public var hasNoRows: Bool { late.isEmpty && closed.allSatisfy(\.windows.isEmpty) }

    /// Empties it for the next use.
    public mutating func removeAll() {
        self = WindowOutput()
    }

    /// Makes room for the definitions; an output serves one set of definitions only.
    mutating func prepare(for definitions: [WindowDefinition]) {
        guard closed.count != definitions.count else { return }
        precondition(closed.isEmpty, "an output serves one set of definitions")
        closed = definitions.map { ClosedWindows(definition: $0.name, windows: WindowBatch()) }
        counters.definitions = definitions.map { WindowCounters.Definition(name: $0.name) }
    }
}

/// The closed windows of one definition.
public struct ClosedWindows: Sendable {
    public let definition: String
    public internal(set) var windows: WindowBatch
}

/// A reading that came after its window had closed, and is in no window of the definition.
public struct LateReading: Sendable, Equatable {
    public let definition: String
    public let key: SeriesKey
    public let time: Timestamp
    public let value: Double
    /// Its position in the partition's log.
    public let offset: Int64
}

/// Events by what became of them; they always add up.
///
/// accepted = duplicates + assigned, and for every definition
/// assigned = windowed + filtered + late. A duplicate is nothing else; a filtered one never late.
public struct WindowCounters: Sendable, Equatable {
    /// Events taken.
    public internal(set) var accepted: Int64 = 0
    /// Repeats of a reading among the last of its series.
    public internal(set) var duplicates: Int64 = 0
    /// In the order of the definitions; empty before the first call.
    public internal(set) var definitions: [Definition] = []

    public init() {}

    /// The counts of one definition.
    public struct Definition: Sendable, Equatable {
        public let name: String
        /// Events in windows, open or closed.
        public internal(set) var windowed: Int64 = 0
        /// Events that the filter left out.
        public internal(set) var filtered: Int64 = 0
        /// Events that came after their window had closed.
        public internal(set) var late: Int64 = 0
        /// Windows closed.
        public internal(set) var closed: Int64 = 0

        init(name: String) {
            self.name = name
        }
    }
}
