import Core
import EventLog

/// Gathers the frames of one partition of one read.
///
/// Messages of others with one event each, at offsets without a gap, become one frame: that is a
/// frame with an offset per event. Every other message is a frame of its own, or part of what was
/// skipped.
struct PartitionFrames {
    let partition: Int
    private let start: Int64
    /// Where the next frame or the next skipped offset begins.
    private(set) var end: Int64
    private(set) var frames: [LogFrame] = []
    /// Events in frames; a control record counts as one.
    private(set) var eventCount = 0
    /// The frame that single events gather in.
    private var run = EventBatch()
    private var runStart: Int64 = 0
    private var runTime = Timestamp.distantPast
    /// Per series of the run: whether it belongs to the partition; empty when nobody asks.
    private var isHere: [Bool] = []

    init(partition: Int, start: Int64) {
        self.partition = partition
        self.start = start
        end = start
    }

    /// Whether nothing was read, skipped offsets included.
    var isEmpty: Bool { frames.isEmpty && run.isEmpty }

    /// Adds the message at an offset as a frame of its own.
    mutating func add(_ record: LogRecord, at offset: Int64, time: Timestamp) {
        flush()
        frames.append(
            LogFrame(
                partition: partition,
                baseOffset: offset,
                endOffset: offset + 1,
                appendedAt: time,
                record: record
            )
        )
        if case .events(let batch) = record { eventCount += batch.count } else { eventCount += 1 }
        end = offset + 1
    }

    /// Passes over a message, which the next frame or the end says.
    mutating func skip(through offset: Int64) {
        flush()
        end = max(end, offset + 1)
    }

    /// Passes over offsets that hold no message.
    mutating func skip(to offset: Int64) {
        if offset > end { flush() }
        end = max(end, offset)
    }

    /// Takes the events that a decoder appends for a message; returns what was wrong with it.
    ///
    /// `belongs` says whether a series is of this partition; nil when nobody asks.
    mutating func take(
        at offset: Int64,
        time: Timestamp,
        belongs: ((SeriesKey) -> Bool)?,
        decode: (inout EventBatch) -> [ForeignReject]
    ) -> [ForeignReject] {
        // A run ends at a gap, and before its names need much memory.
        if !run.isEmpty, offset != end || run.series.count > 4096 { flush() }
        let before = run.count
        var rejects = decode(&run)
        if let belongs {
            for key in run.series.keys[isHere.count...] { isHere.append(belongs(key)) }
            if let sample = run.firstMisplaced(isHere, from: before) {
                let count = run.removeMisplaced(isHere, from: before)
                rejects.append(
                    ForeignReject(
                        reason: KafkaReject.wrongPartition,
                        sample: sample,
                        count: count
                    )
                )
            }
        }
        let added = run.count - before
        switch added {
        case 0:
            if before == 0 { run = EventBatch() }
            if before == 0 { isHere = [] }
            skip(through: offset)
        case 1:
            if before == 0 { runStart = offset }
            runTime = max(runTime, time)
            eventCount += 1
            end = offset + 1
        default:
            var own = EventBatch()
            if before == 0 {
                swap(&own, &run)
            } else {
                own = run.slice(before..<run.count)
                run.removeLast(added)
            }
            add(.events(own), at: offset, time: time)
        }
        return rejects
    }

    /// The frames, with an empty one when offsets were skipped after the last.
    mutating func finish(time: Timestamp) -> [LogFrame] {
        flush()
        let last = frames.last?.endOffset ?? start
        if last < end {
            frames.append(
                LogFrame(
                    partition: partition,
                    baseOffset: last,
                    endOffset: end,
                    appendedAt: time,
                    record: .events(EventBatch())
                )
            )
        }
        return frames
    }

    private mutating func flush() {
        if !run.isEmpty {
            frames.append(
                LogFrame(
                    partition: partition,
                    baseOffset: runStart,
                    appendedAt: runTime,
                    record: .events(run)
                )
            )
        }
        run = EventBatch()
        runTime = .distantPast
        isHere = []
    }
}

extension EventBatch {
    /// Takes the last rows out.
    fileprivate mutating func removeLast(_ count: Int) {
        seriesIndex.removeLast(count)
        times.removeLast(count)
        values.removeLast(count)
    }
}
