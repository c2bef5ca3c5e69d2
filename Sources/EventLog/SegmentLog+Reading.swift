import Core
import Disk
import Synchronization

/// A position in a segment.
struct LogPlace: Sendable {
    var segment: Int64
    var position: Int
}

extension SegmentLog {
    package func read(from offsets: [Int64], eventCountMax: Int) async throws -> [LogFrame] {
        try await read(scan(offsets, eventCountMax))
    }

    package func readJoined(
        from offsets: [Int64],
        eventCountMax: Int
    ) async throws -> [LogFrame] {
        // More would leave the processor's caches.
        try await read(scan(offsets, eventCountMax, joinedEventCountMax: 8192))
    }

    private func scan(
        _ offsets: [Int64],
        _ eventCountMax: Int,
        joinedEventCountMax: Int? = nil
    ) -> FrameScan {
        FrameScan(
            offsets: offsets,
            eventCountMax: max(1, eventCountMax),
            epochs: epochs.known,
            joinedEventCountMax: joinedEventCountMax
        )
    }

    private func read(_ scan: consuming FrameScan) async throws -> [LogFrame] {
        let start = try state.withLock { try $0.place(of: scan.offsets) }
        guard let start else { return [] }
        let place = try await collect(&scan, from: start, staysInSegment: false)
        state.withLock { $0.hint = (scan.offsets, place) }
        return scan.frames
    }

    /// Every frame of a segment, in log order; those of numbered events joined.
    ///
    /// A joined frame ends at a control record of its partition and where the hour of arrival does.
    ///
    /// - Throws: `.notFound` when the segment is not there, or no longer.
    package func frames(ofSegment sequence: Int64) async throws -> [LogFrame] {
        let index = state.withLock { $0.segments.first { $0.sequence == sequence } }
        guard let index else {
            throw FleetError(.notFound, "the event log has no segment \(sequence)")
        }
        var scan = scan(index.startOffsets, .max, joinedEventCountMax: .max)
        let start = LogPlace(segment: sequence, position: index.dataStart)
        _ = try await collect(&scan, from: start, staysInSegment: true)
        return scan.frames
    }

    /// Decoding is work for the processor, so it never runs on the caller's actor.
    @concurrent
    private func collect(
        _ scan: inout FrameScan,
        from start: LogPlace,
        staysInSegment: Bool
    ) async throws -> LogPlace {
        var place = start
        defer { keep(scan.foreignNames) }
        while !scan.isFull {
            switch state.withLock({ $0.step(at: place) }) {
            case .end:
                return place
            case .next(let next):
                if staysInSegment { return place }
                keep(scan.foreignNames)
                scan.foreignNames = nil
                place = next
            case .gone:
                try scan.stopBeforeGap(paths.segment(place.segment))
                return place
            case .cached(let chunk):
                _ = try scan.take(chunk, from: &place, path: paths.segment(place.segment))
            case .disk(let salt, let limit):
                try await collectFromDisk(&scan, &place, salt, limit)
            }
        }
        return place
    }

    private func collectFromDisk(
        _ scan: inout FrameScan,
        _ place: inout LogPlace,
        _ salt: UInt32,
        _ limit: Int
    ) async throws {
        let path = paths.segment(place.segment)
        guard try await findNames(before: place, salt, for: &scan) else {
            try scan.stopBeforeGap(path)
            return
        }
        var count = 1 << 20
        while true {
            let position = place.position
            guard let bytes = try await load(place, min(count, limit - position)) else {
                try scan.stopBeforeGap(path)
                return
            }
            let chunk = LogChunk(salt: salt, start: position, bytes: bytes, isTrusted: false)
            let needed = try scan.take(chunk, from: &place, path: path)
            if place.position > position || scan.isFull { return }
            guard needed > bytes.count, needed <= limit - position else {
                throw FrameScan.damaged(path, position)
            }
            count = needed
        }
    }

    /// Has the scan know what other processes called the series of a segment before a place.
    ///
    /// - Returns: false when retention took the segment.
    private func findNames(
        before place: LogPlace,
        _ salt: UInt32,
        for scan: inout FrameScan
    ) async throws -> Bool {
        guard (place.segment, place.position) < (foreignEnd.segment, foreignEnd.position) else {
            return true
        }
        var names: SeriesNames
        if let known = scan.foreignNames, known.segment == place.segment {
            names = known
        } else {
            keep(scan.foreignNames)
            names =
                foreignNames.withLock { $0.removeValue(forKey: place.segment) }
                ?? SeriesNames(
                    segment: place.segment,
                    position: SegmentHeader.byteCount(partitionCount: partitionCount)
                )
        }
        scan.foreignNames = nil
        let isThere = try await read(&names, upTo: place, salt)
        scan.foreignNames = names
        return isThere
    }

    /// Reads the names that are declared before a place.
    private func read(
        _ names: inout SeriesNames,
        upTo place: LogPlace,
        _ salt: UInt32
    ) async throws -> Bool {
        var count = 4 << 20
        while names.position < place.position {
            let start = LogPlace(segment: place.segment, position: names.position)
            let length = min(count, place.position - start.position)
            guard let bytes = try await load(start, length) else { return false }
            guard let needed = names.take(bytes, salt) else {
                throw FrameScan.damaged(paths.segment(place.segment), names.position)
            }
            if names.position == start.position {
                guard needed > bytes.count, needed <= place.position - start.position else {
                    throw FrameScan.damaged(paths.segment(place.segment), names.position)
                }
                count = needed
            }
        }
        return true
    }

    /// Keeps the names of a segment for who reads on.
    private func keep(_ names: SeriesNames?) {
        guard let names else { return }
        foreignNames.withLock { kept in
            if kept.count >= 4 { kept.removeAll() }
            kept[names.segment] = names
        }
    }

    /// The bytes at a place, nil when retention took the segment.
    private func load(_ place: LogPlace, _ count: Int) async throws -> [UInt8]? {
        try await readerThread.run { [self] in
            do {
                return try openFile(place.segment).read(at: place.position, count: count)
            } catch let error as FleetError where error.code == .notFound {
                return nil
            }
        }
    }

    private func openFile(_ segment: Int64) throws -> any DiskFile {
        try openFiles.withLock { files in
            if let file = files[segment] { return file }
            // Files are closed when their last reader lets go of them.
            if files.count >= 16 { files.removeAll() }
            let file = try disk.openForReading(paths.segment(segment))
            files[segment] = file
            return file
        }
    }
}

extension LogState {
    /// What a reader at a place does next.
    enum Step {
        case end
        case next(LogPlace)
        case cached(LogChunk)
        /// Retention took the segment meanwhile.
        case gone
        /// The record must be read from the file, which is durable up to the limit.
        case disk(salt: UInt32, limit: Int)
    }

    /// Where a read of these offsets begins; nil when nothing is wanted.
    func place(of offsets: [Int64]) throws -> LogPlace? {
        let start = startOffsets
        guard offsets.count == start.count else {
            throw FleetError(
                .invalidArgument,
                "\(offsets.count) offsets were given for \(start.count) partitions"
            )
        }
        for partition in offsets.indices where offsets[partition] < start[partition] {
            throw FleetError(
                .dataLoss,
                "offset \(offsets[partition]) of partition \(partition) is no longer retained; "
                    + "the oldest is \(start[partition])",
                hint: "rebuild from captured data or raise the retention of the event log"
            )
        }
        if let hint, hint.offsets == offsets, segmentIndex(hint.place.segment) != nil {
            return hint.place
        }
        for segment in segments {
            if let position = segment.position(of: offsets) {
                return LogPlace(segment: segment.sequence, position: position)
            }
        }
        return nil
    }

    /// What a reader at a place does next.
    func step(at place: LogPlace) -> Step {
        guard let index = segmentIndex(place.segment) else {
            return .gone
        }
        let segment = segments[index]
        if place.position >= segment.byteCount {
            guard index + 1 < segments.count else { return .end }
            let next = segments[index + 1]
            return .next(LogPlace(segment: next.sequence, position: next.dataStart))
        }
        if let group = cache.group(segment: place.segment, position: place.position) {
            return .cached(
                LogChunk(
                    salt: segment.header.salt,
                    start: group.position,
                    bytes: group.bytes,
                    isTrusted: true
                )
            )
        }
        return .disk(salt: segment.header.salt, limit: segment.byteCount)
    }

    private func segmentIndex(_ sequence: Int64) -> Int? {
        if segments[segments.count - 1].sequence == sequence { return segments.count - 1 }
        return segments.firstIndex { $0.sequence == sequence }
    }
}
