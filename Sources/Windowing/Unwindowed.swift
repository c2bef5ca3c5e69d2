public import Core

/// A reading that is in no window of a definition, or of all.
public struct Unwindowed: Sendable, Equatable {
    /// Why it is in no window.
    public enum Reason: String, Sendable, CaseIterable {
        /// It came after its windows had closed.
        case late
        /// It repeats one of the last readings of its series.
        case duplicate
        /// Its series is new and the partition has as many as it may.
        case overLimit
    }

    public let reason: Reason
    /// The definition that has no window for it; nil when none has.
    public let definition: String?
    public let key: SeriesKey
    public let time: Timestamp
    public let value: Double
    /// Its position in the partition's log.
    public let offset: Int64
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
