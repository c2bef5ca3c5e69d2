package import Blobs
package import Core
package import EventLog
package import Store
import Windowing

/// Computes windows of a past range again from the raw events, into the same table.
///
/// Replays every retained event of each partition in its order, with the control records between
/// them, so that the same windows come out. Windows that began before the oldest retained event
/// are left as they are: their events are not all there any more.
package struct WindowRebuilder: Sendable {
    /// Where raw events are read from.
    package enum Source: String, Sendable, CaseIterable, Codable {
        /// The event log, as far as it is retained.
        case log
        /// The captured Parquet files, then what the log holds beyond them.
        case capture
    }

    private let log: any EventLog
    private let blobs: any Blobs
    private let store: any WindowStore
    private let settings: ServiceSettings

    package init(
        log: any EventLog,
        blobs: any Blobs,
        store: any WindowStore,
        settings: ServiceSettings
    ) {
        self.log = log
        self.blobs = blobs
        self.store = store
        self.settings = settings
    }

    /// Makes the stored windows that end in `(start, end]` equal to those of the raw events.
    ///
    /// - Throws: ``FleetError`` `.notFound` for an unknown definition, `.dataLoss` when the log or
    ///   the capture has a gap.
    package func rebuild(
        definition name: String,
        interval: TimeInterval,
        source: Source,
        at now: Timestamp
    ) async throws -> RebuildOutcome {
        guard let definition = settings.window(name) else {
            throw FleetError(
                .notFound,
                "there is no window definition \"\(name)\"",
                hint: DidYouMean.hint(for: name, among: settings.windows.map(\.name))
            )
        }
        let captured = source == .capture ? try await CapturedLog(blobs) : nil
        var rebuilt = WindowBatch()
        var oldest = Timestamp.distantPast
        for partition in 0..<log.partitionCount {
            var replay = WindowReplay(definition, interval: interval)
            try await feed(&replay, partition, captured)
            rebuilt.append(contentsOf: replay.windows())
            if let first = replay.firstTime, replay.beganLate { oldest = max(oldest, first) }
        }
        let start = max(interval.start, oldest + definition.size)
        guard start < interval.end else {
            throw FleetError(
                .dataLoss,
                "the raw events of \(interval) are no longer retained",
                hint: source == .log ? "rebuild from the capture, or choose a later range" : nil
            )
        }
        return try await store.replaceWindows(
            definition: name,
            interval: TimeInterval(start: start, end: interval.end),
            windows: rebuilt.endingAfter(start),
            at: now
        )
    }

    /// Gives a replay all frames of a partition.
    private func feed(
        _ replay: inout WindowReplay,
        _ partition: Int,
        _ captured: CapturedLog?
    ) async throws {
        var next: Int64?
        for object in captured?.objects[partition] ?? [] {
            for frame in try await captured?.frames(of: object) ?? [] {
                if let next, frame.baseOffset < next { continue }
                if let next, frame.baseOffset > next, !log.offsetsHaveGaps {
                    throw FleetError(
                        .dataLoss,
                        "the capture lacks events of partition \(partition) from offset \(next) on",
                        hint: "rebuild from the log, or choose a later range"
                    )
                }
                replay.apply(frame)
                next = frame.endOffset
            }
        }
        let start = await log.startOffsets()[partition]
        if let next, next < start, !log.offsetsHaveGaps {
            throw FleetError(
                .dataLoss,
                "the capture ends at offset \(next) of partition \(partition), the log begins at "
                    + "\(start)"
            )
        }
        try await feed(&replay, partition, from: max(next ?? start, start))
    }

    private func feed(
        _ replay: inout WindowReplay,
        _ partition: Int,
        from start: Int64
    ) async throws {
        let end = await log.endOffsets()[partition]
        var offsets = [Int64](repeating: .max, count: log.partitionCount)
        offsets[partition] = start
        while offsets[partition] < end {
            try Task.checkCancellation()
            let frames = try await log.read(from: offsets, eventCountMax: 100_000)
            if frames.isEmpty { return }
            for frame in frames where frame.partition == partition {
                replay.apply(frame)
                offsets[partition] = frame.endOffset
            }
        }
    }
}

/// The windows of one definition and partition, replayed from the oldest retained event.
private struct WindowReplay {
    private let interval: TimeInterval
    private var state: PartitionWindows
    private var found = WindowBatch()
    /// The event time of the oldest retained event.
    private(set) var firstTime: Timestamp?
    /// Whether events came before the first one that is retained.
    private(set) var beganLate = false

    init(_ definition: WindowDefinition, interval: TimeInterval) {
        self.interval = interval
        state = PartitionWindows(definitions: [definition])
    }

    mutating func apply(_ frame: LogFrame) {
        var output = WindowOutput()
        switch frame.record {
        case .events(let events):
            noteFirst(events.times, frame)
            state.apply(events: events, baseOffset: frame.baseOffset, output: &output)
        case .numbered(let events):
            noteFirst(events.times, frame)
            state.apply(events: events, baseOffset: frame.baseOffset, output: &output)
        case .idle(let until):
            state.advanceIdle(until: until, output: &output)
        case .complete:
            state.complete(output: &output)
        }
        for closed in output.closed {
            let batch = closed.windows
            for row in 0..<batch.count
            where interval.covers(end: batch.ends[row]) {
                found.append(contentsOf: batch.slice(row..<(row + 1)))
            }
        }
    }

    private mutating func noteFirst(_ times: [Int64], _ frame: LogFrame) {
        guard firstTime == nil, let first = times.max() else { return }
        firstTime = Timestamp(microseconds: first)
        beganLate = frame.baseOffset > 0
    }

    /// The windows that ended in the interval; of several emissions of one, the last.
    func windows() -> WindowBatch {
        var last: [WindowID: Int] = [:]
        for row in 0..<found.count {
            last[WindowID(series: found.seriesIndex[row], end: found.ends[row])] = row
        }
        guard last.count < found.count else { return found }
        var result = WindowBatch()
        for row in last.values.sorted() { result.append(contentsOf: found.slice(row..<(row + 1))) }
        return result
    }

    private struct WindowID: Hashable {
        let series: UInt32
        let end: Int64
    }
}

extension WindowBatch {
    /// The rows whose windows end after a time.
    fileprivate func endingAfter(_ time: Timestamp) -> WindowBatch {
        var result = WindowBatch()
        for row in 0..<count where ends[row] > time.microseconds {
            result.append(contentsOf: slice(row..<(row + 1)))
        }
        return result
    }
}
