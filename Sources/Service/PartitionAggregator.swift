import Core
import EventLog
import Store
import Windowing

/// The aggregation of one partition: windowing state plus what is not committed yet.
///
/// Pure: frames in, commits out.
struct PartitionAggregator {
    let partition: Int
    /// How the definitions differ from those of the snapshot.
    let definitionChanges: [DefinitionChange]
    private(set) var nextOffset: Int64
    private(set) var replayFrom: Int64
    private let settings: ServiceSettings
    /// Whether frames may begin beyond the next offset.
    private let offsetsHaveGaps: Bool
    private(set) var windows: PartitionWindows
    /// Output of entries below this offset is stored already.
    private let appliedThrough: Int64
    private var output = WindowOutput()
    private var counters: PartitionCounters
    /// What the store has; nil before the first commit.
    private var committedThrough: Int64?
    /// When events last came, by the clock that nobody sets: the date may jump.
    private var lastEventsAt: Duration
    private var hasEvents: Bool
    /// Whether the sender of a historic data set said that all of it is in.
    private var isComplete = false

    init(
        partition: Int,
        settings: ServiceSettings,
        checkpoint: PartitionCheckpoint?,
        offsetsHaveGaps: Bool = false,
        uptime: Duration
    ) throws {
        self.partition = partition
        self.settings = settings
        self.offsetsHaveGaps = offsetsHaveGaps
        appliedThrough = checkpoint?.appliedThrough ?? 0
        committedThrough = checkpoint?.appliedThrough
        lastEventsAt = uptime
        counters = checkpoint?.counters ?? PartitionCounters()
        var changes: [DefinitionChange] = []
        if let snapshot = checkpoint?.snapshot {
            windows = try PartitionWindows(
                definitions: settings.windows,
                seriesCountMax: settings.limits.seriesCountMax,
                decoding: snapshot,
                changes: &changes
            )
        } else {
            windows = PartitionWindows(
                definitions: settings.windows,
                seriesCountMax: settings.limits.seriesCountMax
            )
        }
        definitionChanges = changes
        nextOffset = checkpoint?.replayFrom ?? 0
        replayFrom = nextOffset
        hasEvents = (checkpoint?.maxEventTime) != nil
    }

    /// Takes a frame; output of what is stored already is dropped.
    mutating func apply(_ frame: LogFrame, uptime: Duration) throws {
        guard frame.baseOffset == nextOffset || (offsetsHaveGaps && frame.baseOffset > nextOffset)
        else {
            throw FleetError(
                .dataLoss,
                "partition \(partition) of the event log continues at offset \(frame.baseOffset), "
                    + "expected \(nextOffset)"
            )
        }
        switch frame.record {
        case .events(let batch) where batch.isEmpty:
            break  // Of a broker: messages that were left out, so that only the offset moves.
        case .numbered(let batch):
            noteEvents(uptime)
            let replayed = Int(clamping: appliedThrough - frame.baseOffset)
            if replayed > 0, replayed < batch.count {
                apply(batch.slice(0..<replayed), at: frame.baseOffset)
                apply(batch.slice(replayed..<batch.count), at: appliedThrough)
            } else {
                apply(batch, at: frame.baseOffset)
            }
        case .events(let batch):
            noteEvents(uptime)
            let replayed = Int(clamping: appliedThrough - frame.baseOffset)
            if frame.hasOffsetPerEvent, replayed > 0, replayed < batch.count {
                apply(batch.slice(0..<replayed), at: frame.baseOffset)
                apply(batch.slice(replayed..<batch.count), at: appliedThrough)
            } else if frame.hasOffsetPerEvent {
                apply(batch, at: frame.baseOffset)
            } else {
                // All events of a message share its offset; reports tell them apart by their place.
                applyControl(at: frame.baseOffset) {
                    let first = frame.baseOffset << Self.placeBitCount
                    $0.apply(events: batch, baseOffset: first, output: &$1)
                }
            }
        case .idle(let until):
            applyControl(at: frame.baseOffset) { $0.advanceIdle(until: until, output: &$1) }
        case .complete:
            isComplete = true
            applyControl(at: frame.baseOffset) { $0.complete(output: &$1) }
        }
        nextOffset = frame.endOffset
    }

    /// Bits of a reported offset that number the events of one message.
    private static let placeBitCount: Int64 = 20

    private mutating func noteEvents(_ uptime: Duration) {
        hasEvents = true
        isComplete = false
        lastEventsAt = uptime
    }

    private mutating func apply(_ batch: EventBatch, at offset: Int64) {
        applyControl(at: offset) { $0.apply(events: batch, baseOffset: offset, output: &$1) }
    }

    private mutating func apply(_ batch: NumberedEvents, at offset: Int64) {
        applyControl(at: offset) { $0.apply(events: batch, baseOffset: offset, output: &$1) }
    }

    private mutating func applyControl(
        at offset: Int64,
        _ body: (inout PartitionWindows, inout WindowOutput) -> Void
    ) {
        if offset < appliedThrough {
            var ignored = WindowOutput()
            body(&windows, &ignored)
        } else {
            body(&windows, &output)
        }
    }

    /// Windows that closed and are not committed.
    var pendingRowCount: Int { output.closed.reduce(0) { $0 + $1.windows.count } }

    /// Whether something has been applied that is not committed.
    var hasPending: Bool { nextOffset > committedThrough ?? 0 && nextOffset >= appliedThrough }

    /// What must be written now, nil when nothing is new.
    mutating func pendingCommit(withSnapshot: Bool, now: Timestamp) -> WindowCommit? {
        guard nextOffset >= appliedThrough,
            nextOffset > committedThrough ?? 0 || (withSnapshot && nextOffset > replayFrom)
        else { return nil }
        let checkpoint = PartitionCheckpoint(
            partition: partition,
            appliedThrough: nextOffset,
            replayFrom: withSnapshot ? nextOffset : replayFrom,
            maxEventTime: windows.maxEventTime?.microseconds,
            counters: countersNow,
            snapshot: withSnapshot ? windows.encode() : nil
        )
        var commit = WindowCommit(
            checkpoint: checkpoint,
            expectedAppliedThrough: committedThrough,
            closed: output.closed.lazy.filter { !$0.windows.isEmpty }.map {
                ($0.definition, $0.windows)
            },
            deadLetters: output.unwindowed.map { letter(of: $0, now) },
            counts: Self.counts(output.counters)
        )
        if withSnapshot {
            let newest = windows.takeNewestTimes()
            commit.seen = SeenTimes(
                series: windows.series,
                ids: newest.map(\.id),
                times: newest.map(\.time)
            )
        }
        return commit
    }

    private func letter(of reading: Unwindowed, _ now: Timestamp) -> DeadLetter {
        let reason: DeadLetterReason =
            switch reading.reason {
            case .late: .late
            case .duplicate: .duplicate
            case .overLimit: .overLimit
            }
        return DeadLetter(
            receivedAt: now,
            reason: reason,
            source: "log",
            definition: reading.definition,
            device: reading.key.device,
            sensor: reading.key.sensor,
            time: reading.time,
            value: reading.value,
            partition: partition,
            offset: reading.offset
        )
    }

    private static func counts(_ counters: WindowCounters) -> [EventCount] {
        var counts = [
            EventCount(reason: .duplicate, count: counters.duplicates),
            EventCount(reason: .overLimit, count: counters.overLimit),
        ]
        for definition in counters.definitions {
            counts.append(
                EventCount(reason: .late, definition: definition.name, count: definition.late)
            )
        }
        return counts.filter { $0.count > 0 }
    }

    /// The stored counters and what has come since.
    private var countersNow: PartitionCounters {
        var sum = counters
        sum.add(PartitionCounters(output.counters))
        return sum
    }

    mutating func didCommit(_ commit: WindowCommit) {
        committedThrough = commit.checkpoint.appliedThrough
        replayFrom = commit.checkpoint.replayFrom
        counters = commit.checkpoint.counters
        output.removeAll()
    }

    /// Until when elapsed windows should close because the partition is quiet; nil if not now.
    func idleClose(now: Timestamp, uptime: Duration) -> Timestamp? {
        guard uptime - lastEventsAt >= settings.idleAfter, let earliest = windows.earliestOpenEnd
        else { return nil }
        let until = now - maxLateness
        return earliest <= until ? until : nil
    }

    private var maxLateness: Duration {
        settings.windows.map(\.allowedLateness).max() ?? .zero
    }

    /// How far this partition is, for schedules and people.
    func progress(logEnd: Int64, now: Timestamp, uptime: Duration) -> PartitionProgress {
        let isQuiet = isComplete || uptime - lastEventsAt >= settings.idleAfter
        let isIdle = isQuiet && nextOffset >= logEnd
        let marks = settings.windows.map { definition -> Timestamp? in
            guard hasEvents else { return nil }
            let mark = windows.closedThrough(of: definition.name) ?? .distantPast
            return isIdle ? max(mark, now - maxLateness) : mark
        }
        return PartitionProgress(
            partition: partition,
            nextOffset: nextOffset,
            logEnd: logEnd,
            maxEventTime: windows.maxEventTime,
            watermarks: marks,
            openWindows: windows.openWindowCount,
            seriesCount: windows.seriesCount,
            counters: countersNow
        )
    }
}

extension PartitionCounters {
    init(_ counters: WindowCounters) {
        self.init()
        accepted = counters.accepted
        duplicates = counters.duplicates
        overLimit = counters.overLimit
        for definition in counters.definitions {
            var counts = DefinitionCounters()
            counts.windowed = definition.windowed
            counts.filtered = definition.filtered
            counts.late = definition.late
            counts.adjusted = definition.adjusted
            counts.corrected = definition.corrected
            counts.closed = definition.closed
            definitions[definition.name] = counts
        }
    }
}
