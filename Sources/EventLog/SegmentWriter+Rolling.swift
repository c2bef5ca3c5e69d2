import Core
import Disk

extension SegmentWriter {
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
        let fresh = try takeSpare(next) ?? Self.create(next, disk, paths, configuration)
        // A tail of zeros that stays is no harm: opening the log cuts it.
        try? file.truncate(to: byteCount)
        file.close()
        file = fresh
        header = next
        byteCount = next.encoded.count
        uncachedByteCount = 0
        sealedByteCountMax = byteCountMax
        nameByteCount = 0
        segmentNumber += 1
        if case .refused = spare { spare = .none }
        return next
    }

    /// The bytes of the file that should be prepared for the next segment; not nil once for each.
    mutating func wantsSpare() -> Int? {
        // Not for a log that takes hours to fill a segment.
        guard case .none = spare, configuration.preparesSegments, failure == nil,
            byteCount > configuration.segmentByteCount / 4
        else { return nil }
        spare = .asked
        // It will have about as many names as the one before, or as this one has by now.
        return max(sealedByteCountMax, byteCountMax)
    }

    /// Takes a prepared file; nil says that it could not be made.
    mutating func takePrepared(_ file: (any DiskFile)?) {
        spare = file.map { .ready($0) } ?? .refused
    }

    /// Gives a prepared file its header and its name; nil where there is none, or that fails.
    ///
    /// Nobody waits for the name to be durable: after a power failure the log is opened with the
    /// file under its old one, and the header tells which segment it is.
    private mutating func takeSpare(_ header: SegmentHeader) -> (any DiskFile)? {
        guard case .ready(let file) = spare else { return nil }
        spare = .none
        do {
            try header.encoded.withUnsafeBytes { try file.append($0) }
            if configuration.syncs { try file.sync() }
            try disk.rename(paths.spare, to: paths.segment(header.sequence))
            return file
        } catch {
            // The segment is made like any other then, which says what is wrong with the disk.
            file.close()
            try? disk.remove(paths.spare)
            return nil
        }
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
