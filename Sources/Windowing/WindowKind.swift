/// How readings are cut into windows; all are half-open intervals of event time.
public enum WindowKind: Sendable, Equatable {
    /// Windows of the size one after another, aligned to the epoch.
    case tumbling
    /// Windows of the size that start every slide, aligned to the epoch: a reading is in several.
    case hopping(slide: Duration)
    /// From the first to the last reading of a series and the gap: `[first, last + gap)`.
    ///
    /// A reading less than the gap away from a session joins it, and joins two it lies between.
    /// No session is longer than `maxSize`: a reading that would make it so starts another one.
    case session(gap: Duration, maxSize: Duration = .seconds(86_400))
}

/// Whose clock closes a window.
public enum WatermarkScope: String, Sendable, CaseIterable {
    /// The newest event time of the partition.
    case partition
    /// The newest event time of each device: a fast clock closes its own windows only.
    case device
}

/// What happens to a reading whose windows are all closed.
public enum LatePolicy: String, Sendable, CaseIterable {
    /// It counts nowhere and is reported.
    case drop
    /// It counts as if its time were the watermark, in the earliest window that is still open.
    case adjust
    /// It counts in its closed windows, which are sent out again, for a time after they closed.
    case correct
}
