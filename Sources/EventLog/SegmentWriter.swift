import Core
import Disk

/// The files of the log as the writer thread sees them: appends groups and rolls segments.
struct SegmentWriter: Sendable {
    let disk: any Disk
    let paths: LogPaths
    let configuration: LogConfiguration
    let wallClock: any WallClock
    var file: any DiskFile
    var header: SegmentHeader
    /// The durable size of the active segment.
    var byteCount: Int
    /// So many bytes of it the system was told to forget.
    var uncachedByteCount = 0
    /// Bytes of the names that it has.
    var nameByteCount = 0
    var nextSequence: Int64
    var offsets: [Int64]
    var lastAppendedAt: Timestamp
    /// Counts the segments of this writer from 1.
    var segmentNumber: UInt32 = 1
    /// Bytes that the segment before it might have; 0 without one.
    var sealedByteCountMax = 0
    /// A file for the next segment.
    var spare = Spare.none

    /// Where a prepared file is; a second one is never made beside it.
    enum Spare {
        case none
        case asked
        case ready(any DiskFile)
        /// It could not be made, and is not tried again before the next segment.
        case refused
    }
    /// By epoch.
    private var declared: [UInt64: DeclaredSeries] = [:]
    var failure: FleetError?

    /// Continues an open segment.
    init(
        disk: any Disk,
        paths: LogPaths,
        configuration: LogConfiguration,
        wallClock: any WallClock,
        file: any DiskFile,
        active: SegmentIndex
    ) {
        self.disk = disk
        self.paths = paths
        self.configuration = configuration
        self.wallClock = wallClock
        self.file = file
        header = active.header
        byteCount = active.byteCount
        nextSequence = active.nextSequence
        offsets = active.endOffsets
        lastAppendedAt = active.lastAppendedAt ?? active.header.createdAt
    }

    /// What a commit wrote.
    struct Written {
        let segment: Int64
        let position: Int
        let bytes: [UInt8]
        /// Of each record.
        let byteCounts: [Int]
        let appendedAt: Timestamp
    }

    var hasRecords: Bool { byteCount > SegmentHeader.byteCount(partitionCount: offsets.count) }

    /// Bytes that the active segment may have, more than configured where names take much of them.
    ///
    /// A segment has the name of each of its series. With a million series that would be half of
    /// it, and to find and write them again for every segment costs more than the events do.
    var byteCountMax: Int {
        configuration.segmentByteCount + 2 * min(nameByteCount, configuration.segmentByteCount)
    }

    /// Whether the segment should be sealed before so many bytes more.
    func isRollDue(before groupByteCount: Int) -> Bool {
        guard hasRecords, failure == nil else { return false }
        return byteCount + groupByteCount > byteCountMax
            || wallClock.now - header.createdAt >= configuration.segmentAge
    }

    /// Writes records and returns after they are durable; after an error none of them is there.
    ///
    /// - Throws: ``FleetError``; `.unavailable` for good when the tail could not be cut back.
    mutating func commit(_ records: [EncodedRecord]) throws -> Written {
        if let failure { throw failure }
        let appendedAt = max(wallClock.now, lastAppendedAt)
        var place = EncodedRecord.Place(
            sequence: nextSequence,
            offsets: offsets,
            appendedAt: appendedAt,
            groupStart: byteCount,
            salt: header.salt
        )
        var group = ByteWriter()
        group.bytes.reserveCapacity(records.reduce(0) { $0 + $1.byteCount })
        var byteCounts: [Int] = []
        var fresh: [(epoch: UInt64, numbers: [SeriesNumber])] = []
        var freshByteCount = 0
        for record in records {
            let start = group.bytes.count
            var names: [UInt8] = []
            if let series = record.series {
                let numbers = declare(series)
                if !numbers.isEmpty {
                    fresh.append((series.epoch, numbers))
                    let all = series.numbering.names(of: numbers)
                    names = NamesFrame.encode(all, epoch: series.epoch)
                    freshByteCount += names.count
                }
            }
            record.place(at: &place, names: names, into: &group)
            byteCounts.append(group.bytes.count - start)
        }
        do {
            try group.bytes.withUnsafeBytes { try file.append($0) }
            if configuration.syncs { try file.sync() }
        } catch {
            cutBack(after: error)
            for (epoch, numbers) in fresh { declared[epoch]?.forget(numbers) }
            throw error
        }
        let written = Written(
            segment: header.sequence,
            position: byteCount,
            bytes: group.bytes,
            byteCounts: byteCounts,
            appendedAt: appendedAt
        )
        byteCount += group.bytes.count
        nameByteCount += freshByteCount
        uncache()
        nextSequence = place.sequence
        offsets = place.offsets
        lastAppendedAt = appendedAt
        return written
    }

    /// The series of a record that the segment has no names of; from now on it has.
    private mutating func declare(_ series: EncodedRecord.Series) -> [SeriesNumber] {
        declared[series.epoch, default: DeclaredSeries(series.numbering)]
            .declare(series.numbers, in: segmentNumber)
    }

    /// Gives memory back to the system now and then.
    ///
    /// Whoever reads at the tail has a cache of its own. On a virtual machine, whose free memory
    /// the host takes away, writing pages again that were just written makes the whole of ingest
    /// a sixth quicker.
    private mutating func uncache() {
        guard byteCount - uncachedByteCount >= 1 << 19 else { return }
        file.uncache(upTo: byteCount)
        uncachedByteCount = byteCount
    }

    /// Removes what a failed write left, so that the next group follows the last durable byte.
    private mutating func cutBack(after cause: any Error) {
        do {
            try file.truncate(to: byteCount)
            if configuration.syncs { try file.sync() }
        } catch {
            failure = FleetError(
                .unavailable,
                "the event log is read-only: \(paths.segment(header.sequence)) could not be cut "
                    + "back to \(byteCount) bytes after a write error (\(error))",
                hint: "check the disk and restart the server",
                isRetriable: false,
                cause: cause
            )
        }
    }

    /// Closes the active segment, without the zeros that are left; where they stay, opening it cuts
    /// them.
    func close() {
        try? file.truncate(to: byteCount)
        file.close()
        if case .ready(let file) = spare { file.close() }
    }
}
