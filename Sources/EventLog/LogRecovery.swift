import Core
import Disk

/// Opens the files of a log: checks them, cuts a torn tail and says where to go on.
///
/// - Concurrency: blocks; runs on the writer thread.
struct LogRecovery: Sendable {
    /// What a log continues with.
    struct Result: Sendable {
        var segments: [SegmentIndex]
        var keys: KeyMemory
        let writer: SegmentWriter
        let capturedThrough: Int64
        let report: RecoveryReport
    }

    let disk: any Disk
    let paths: LogPaths
    let configuration: LogConfiguration
    let wallClock: any WallClock

    /// Opens or makes the log.
    func run() throws -> Result {
        try disk.createFolder(paths.folder)
        var files = try listSegments()
        let partitionCount = try readMeta(isNew: files.isEmpty)
        try adoptSpare(&files, partitionCount)
        var report = RecoveryReport()
        var headers = try readHeaders(files, partitionCount)
        let last = try openLast(&headers, partitionCount)
        var keys = KeyMemory(countMax: configuration.idempotencyKeyCountMax)
        var segments: [SegmentIndex] = []
        for header in headers.dropLast() {
            var index = try readSealed(header)
            for entry in index.keys { keys.remember(entry.key, entry.count) }
            index.keys = []
            try checkContinuity(segments.last, index.header)
            segments.append(index)
        }
        try checkContinuity(segments.last, last.scan.index.header)
        for entry in last.scan.index.keys { keys.remember(entry.key, entry.count) }
        if last.scan.damage != nil {
            report.cutByteCount = last.scan.usedByteCount - last.scan.index.byteCount
            report.cutSegment = paths.segment(last.scan.index.sequence)
        }
        if last.scan.damage != nil || last.scan.hasUnused {
            try last.file.truncate(to: last.scan.index.byteCount)
        }
        // A killed process may leave records that no sync has reached yet; they count from now on.
        if configuration.syncs { try last.file.sync() }
        segments.append(last.scan.index)
        report.segmentCount = segments.count
        report.entryCount = Int(
            zip(last.scan.index.endOffsets, segments[0].startOffsets).reduce(0) { $0 + $1.0 - $1.1 }
        )
        let writer = SegmentWriter(
            disk: disk,
            paths: paths,
            configuration: configuration,
            wallClock: wallClock,
            file: last.file,
            active: last.scan.index
        )
        return Result(
            segments: segments,
            keys: keys,
            writer: writer,
            capturedThrough: try readCaptured(),
            report: report
        )
    }

    /// The sequences of the segment files, ascending; removes leftovers of interrupted work.
    private func listSegments() throws -> [Int64] {
        let names = try disk.list(paths.folder)
        let sequences = names.compactMap { LogPaths.sequence(of: $0, ".log") }.sorted()
        for name in names {
            let orphan = LogPaths.sequence(of: name, ".index").map { !sequences.contains($0) }
            if orphan == true || name.hasSuffix(".tmp") {
                try disk.remove(paths.folder + "/" + name)
            }
        }
        return sequences
    }

    /// Gives the last segment its name where a power failure took it; removes a file without use.
    private func adoptSpare(_ files: inout [Int64], _ partitionCount: Int) throws {
        guard disk.exists(paths.spare) else { return }
        let size = SegmentHeader.byteCount(partitionCount: partitionCount)
        let file = try disk.openForReading(paths.spare)
        defer { file.close() }
        let header = SegmentHeader(
            try file.read(at: 0, count: size),
            partitionCount: partitionCount
        )
        guard let header, header.sequence > files.last ?? -1 else {
            try disk.remove(paths.spare)
            return
        }
        try disk.rename(paths.spare, to: paths.segment(header.sequence))
        if configuration.syncs { try disk.syncFolder(paths.folder) }
        files.append(header.sequence)
    }

    private func readMeta(isNew: Bool) throws -> Int {
        let wanted = configuration.partitionCount
        if let wanted, !(1...1024).contains(wanted) {
            throw FleetError(
                .invalidArgument,
                "\(wanted) partitions are not possible",
                hint: "use 1 to 1024"
            )
        }
        guard let bytes = try disk.contents(of: paths.meta) else {
            guard isNew else { throw loss(paths.meta, "it is missing although segments exist") }
            let count = wanted ?? 4
            let text = "fleetscore event log 1\npartitions \(count)\n"
            try disk.replaceContents(of: paths.meta, with: Array(text.utf8))
            return count
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard lines.count == 2, lines[0] == "fleetscore event log 1",
            let count = Int(lines[1].dropFirst("partitions ".count)), (1...1024).contains(count)
        else { throw loss(paths.meta, "its content is not that of an event log of version 1") }
        if let wanted, wanted != count {
            throw FleetError(
                .conflict,
                "the event log in \(paths.folder) has \(count) partitions, not \(wanted)",
                hint: "the count is fixed when the data folder is made; leave it out"
            )
        }
        return count
    }

    /// The headers of all segments; a last file without a whole header was never used and goes.
    private func readHeaders(_ files: [Int64], _ partitionCount: Int) throws -> [SegmentHeader] {
        let size = SegmentHeader.byteCount(partitionCount: partitionCount)
        var headers: [SegmentHeader] = []
        for sequence in files {
            let path = paths.segment(sequence)
            let file = try disk.openForReading(path)
            defer { file.close() }
            let bytes = try file.read(at: 0, count: size)
            let header = SegmentHeader(bytes, partitionCount: partitionCount)
            if let header, header.sequence == sequence {
                headers.append(header)
            } else if sequence == files.last, try file.size() <= size {
                try disk.remove(path)
            } else {
                throw loss(path, "its header is damaged")
            }
        }
        return headers
    }

    private struct Last {
        let file: any DiskFile
        let scan: SegmentScan
    }

    /// Finds the segment to go on with; the first one is made for a new log.
    private func openLast(_ headers: inout [SegmentHeader], _ partitionCount: Int) throws -> Last {
        guard let header = headers.last else {
            let first = SegmentHeader(
                sequence: 0,
                createdAt: wallClock.now,
                salt: UInt32.random(in: .min ... .max),
                startOffsets: Array(repeating: 0, count: partitionCount)
            )
            headers = [first]
            let file = try SegmentWriter.create(first, disk, paths, configuration)
            return Last(file: file, scan: try SegmentScan(file, header: first))
        }
        let last = try scanTail(header)
        guard headers.count >= 2, last.scan.index.recordCount == 0 else { return last }
        // An empty segment is either the successor of the one before it, or the rest of a roll
        // that failed, after which the one before it went on.
        let before = try scanTail(headers[headers.count - 2])
        if before.scan.damage == nil, before.scan.index.nextSequence == header.sequence {
            before.file.close()
            return last
        }
        guard before.scan.index.nextSequence >= header.sequence else {
            throw loss(
                paths.segment(before.scan.index.sequence),
                "\(before.scan.damage ?? "records are missing") at byte "
                    + "\(before.scan.index.byteCount)"
            )
        }
        last.file.close()
        try disk.remove(paths.segment(header.sequence))
        headers.removeLast()
        return before
    }

    private func scanTail(_ header: SegmentHeader) throws -> Last {
        let path = paths.segment(header.sequence)
        let file = try disk.open(path)
        let scan = try SegmentScan(file, header: header)
        if let damage = scan.damage, try scan.damageWasDurable() {
            throw loss(path, "\(damage) at byte \(scan.index.byteCount), with good records behind")
        }
        return Last(file: file, scan: scan)
    }

    private func readSealed(_ header: SegmentHeader) throws -> SegmentIndex {
        let path = paths.segment(header.sequence)
        let file = try disk.openForReading(path)
        defer { file.close() }
        if let bytes = try disk.contents(of: paths.index(header.sequence)),
            let index = SegmentIndex(bytes, header: header, fileByteCount: try file.size())
        {
            return index
        }
        let scan = try SegmentScan(file, header: header)
        if let damage = scan.damage {
            throw loss(path, "\(damage) at byte \(scan.index.byteCount)")
        }
        if scan.hasUnused {
            let file = try disk.open(path)
            defer { file.close() }
            try file.truncate(to: scan.index.byteCount)
        }
        try SegmentWriter.writeIndex(scan.index, disk, paths)
        return scan.index
    }

    private func checkContinuity(_ before: SegmentIndex?, _ next: SegmentHeader) throws {
        guard let before else { return }
        guard before.nextSequence == next.sequence, before.endOffsets == next.startOffsets else {
            throw loss(
                paths.segment(next.sequence),
                "it does not follow on \(paths.segment(before.sequence)), which ends before "
                    + "record \(before.nextSequence)"
            )
        }
    }

    private func readCaptured() throws -> Int64 {
        guard let bytes = try disk.contents(of: paths.captured) else { return -1 }
        let text = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first ?? ""
        guard let sequence = Int64(text) else {
            throw loss(paths.captured, "it should hold a segment number")
        }
        return sequence
    }

    private func loss(_ path: String, _ what: String) -> FleetError {
        FleetError(
            .dataLoss,
            "the event log is damaged: \(path): \(what)",
            hint: "restore the data folder from a backup, or move the log folder away"
        )
    }
}
