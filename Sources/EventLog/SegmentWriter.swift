import Core
import Disk

/// The files of the log as the writer thread sees them: appends groups and rolls segments.
struct SegmentWriter: Sendable {
    private let disk: any Disk
    private let paths: LogPaths
    private let configuration: LogConfiguration
    private let wallClock: any WallClock
    private var file: any DiskFile
    private var header: SegmentHeader
    /// The durable size of the active segment.
    private var byteCount: Int
    /// So many bytes of it the system was told to forget.
    private var uncachedByteCount = 0
    private var nextSequence: Int64
    private var offsets: [Int64]
    private var lastAppendedAt: Timestamp
    /// Counts the segments of this writer from 1.
    private var segmentNumber: UInt32 = 1
    /// By epoch.
    private var declared: [UInt64: DeclaredSeries] = [:]
    private(set) var failure: FleetError?

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

    /// Whether the segment should be sealed before so many bytes more.
    func isRollDue(before groupByteCount: Int) -> Bool {
        guard hasRecords, failure == nil else { return false }
        return byteCount + groupByteCount > configuration.segmentByteCount
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
        for record in records {
            let start = group.bytes.count
            var names: [UInt8] = []
            if let series = record.series {
                let numbers = declare(series)
                if !numbers.isEmpty {
                    fresh.append((series.epoch, numbers))
                    let all = series.numbering.names(of: numbers)
                    names = NamesFrame.encode(all, epoch: series.epoch)
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

    /// Seals the active segment and starts the next; on an error the active one stays.
    mutating func roll(sealing active: SegmentIndex) throws -> SegmentHeader {
        if let failure { throw failure }
        try Self.writeIndex(active, disk, paths)
        let next = SegmentHeader(
            sequence: nextSequence,
            createdAt: max(wallClock.now, lastAppendedAt),
            salt: UInt32.random(in: .min ... .max),
            startOffsets: offsets
        )
        let fresh = try Self.create(next, disk, paths, configuration)
        file.close()
        file = fresh
        header = next
        byteCount = next.encoded.count
        uncachedByteCount = 0
        segmentNumber += 1
        return next
    }

    /// Closes the active segment.
    func close() {
        file.close()
    }

    /// Makes a segment file with nothing but its header, durably.
    static func create(
        _ header: SegmentHeader,
        _ disk: any Disk,
        _ paths: LogPaths,
        _ configuration: LogConfiguration
    ) throws -> any DiskFile {
        let path = paths.segment(header.sequence)
        let file = try disk.open(path)
        do {
            // An earlier attempt may have left bytes here.
            try file.truncate(to: 0)
            try header.encoded.withUnsafeBytes { try file.append($0) }
            if configuration.syncs {
                try file.sync()
                try disk.syncFolder(paths.folder)
            }
            return file
        } catch {
            file.close()
            try disk.remove(path)
            throw error
        }
    }

    /// Writes the index beside a segment; it is a copy of what a scan finds, so it is not synced.
    static func writeIndex(_ index: SegmentIndex, _ disk: any Disk, _ paths: LogPaths) throws {
        let path = paths.index(index.sequence)
        try disk.remove(path)
        let file = try disk.open(path)
        defer { file.close() }
        try index.encoded.withUnsafeBytes { try file.append($0) }
    }
}
