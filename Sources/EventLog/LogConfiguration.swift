package import Core

/// How a ``SegmentLog`` cuts, keeps and forgets.
package struct LogConfiguration: Sendable {
    /// A segment is sealed when it would grow beyond this and twice the names that it has, which
    /// count up to this.
    package var segmentByteCount = 64 << 20
    /// A segment is sealed by the first append after this age.
    package var segmentAge = Duration.seconds(3600)
    /// Released segments older than this are deleted.
    package var retention = Duration.seconds(7 * 86400)
    /// The oldest released segments are deleted while the log is larger than this.
    package var retentionByteCount = 8 << 30
    /// The count of a new log; nil means what the folder has, 4 when it is new.
    ///
    /// - Range: 1 to 1024.
    package var partitionCount: Int?
    /// Retention waits until a sealed segment was marked as captured.
    package var keepsUntilCaptured = false
    /// Bytes of the newest records kept in memory for readers at the tail.
    package var cacheByteCount = 48 << 20
    /// Bytes written with one sync, unless a single record is larger.
    package var groupByteCountMax = 8 << 20
    /// The newest idempotency keys that are remembered.
    package var idempotencyKeyCountMax = 1_000_000
    /// Whether a segment is written over zeros that were there before, so that its syncs are short;
    /// for a log that fills segments quickly, on a disk with room for many.
    package var preparesSegments = false
    /// False takes the sync out, which breaks the log's promise; only for the test that shows it.
    package var syncs = true

    package init() {}
}

/// What opening a log found and did; the caller logs it.
package struct RecoveryReport: Sendable, Equatable {
    package var segmentCount = 0
    /// Entries of all partitions that are retained.
    package var entryCount = 0
    /// Bytes of a torn, never acknowledged tail that were cut off.
    package var cutByteCount = 0
    /// The segment that was cut, nil when none was.
    package var cutSegment: String?
}

/// One file of the log.
package struct SegmentInfo: Sendable, Equatable {
    /// The sequence number of its first record; names the segment.
    package let sequence: Int64
    package let firstAppendedAt: Timestamp
    package let lastAppendedAt: Timestamp
    package let byteCount: Int
    /// Per partition: the offset of its first entry here.
    package let startOffsets: [Int64]
    /// Per partition: the offset after its last entry here.
    package let endOffsets: [Int64]
    package let isCaptured: Bool
}

/// The state of a log for metrics and status pages.
package struct LogStatus: Sendable {
    package let segmentCount: Int
    package let byteCount: Int
    package let pendingEventCount: Int
    /// Why nothing can be appended any more, nil when appends work.
    package let writeFailure: FleetError?
    /// Why the last attempt to delete an old segment failed, nil when it did not.
    package let retentionFailure: FleetError?
}
