package import Core
package import Logging
import Pipelines
import ServiceLifecycle
package import Store

/// Makes runs when they are due, and new attempts where windows closed after a run had read them.
///
/// Each schedule covers time without gaps: an interval ends where the next begins, and the mark
/// `scheduledThrough` moves in the transaction that adds the run. A paused pipeline's intervals
/// are recorded as skipped. Graceful shutdown: returns after the current look.
package actor Scheduler: Service {
    private let catalog: any Catalog
    private let windows: any WindowStore
    private let pipelines: PipelineRegistry
    private let clock: any WallClock
    private let timer: any Clock<Duration>
    private let wakeDriver: Signal
    private let logger: Logger
    /// Per pipeline: commits of windows up to here have been compared with its runs.
    private var comparedThrough: [String: Int64] = [:]
    private var documents: [String: (version: Int, document: PipelineDocument)] = [:]

    package init(
        catalog: any Catalog,
        windows: any WindowStore,
        pipelines: PipelineRegistry,
        wakeDriver: Signal,
        clock: any WallClock,
        timer: any Clock<Duration>,
        logger: Logger
    ) {
        self.catalog = catalog
        self.windows = windows
        self.pipelines = pipelines
        self.wakeDriver = wakeDriver
        self.clock = clock
        self.timer = timer
        self.logger = logger
    }

    package func run() async throws {
        while !Task.isShuttingDownGracefully {
            do {
                try await look()
            } catch let error as FleetError {
                logger.warning("schedules wait", metadata: ["error": "\(error)"])
            }
            do {
                try await timer.sleep(for: .milliseconds(250))
            } catch is CancellationError {
                return
            }
        }
    }

    /// Looks at every pipeline once: due intervals, then late windows.
    package func look() async throws {
        let sequence = try await windows.windowSequence()
        for record in try await catalog.pipelines() {
            let document = try document(of: record)
            try await fireDue(record, document)
            try await rescoreLate(record, document, sequence: sequence)
        }
    }

    private func document(of record: PipelineRecord) throws -> PipelineDocument {
        if let known = documents[record.name], known.version == record.version {
            return known.document
        }
        let document = try PipelineDocument.parse(yaml: record.document, file: record.name)
        documents[record.name] = (record.version, document)
        return document
    }

    private func fireDue(_ record: PipelineRecord, _ document: PipelineDocument) async throws {
        guard let schedule = document.schedule?.schedule, let mark = record.scheduledThrough
        else { return }
        let now = clock.now
        let due = schedule.intervalsDue(scheduledThrough: mark, now: now)
        guard let first = due.first, let last = due.last else { return }
        if record.isPaused {
            let skipped = due.map {
                SkippedTrigger(
                    pipeline: record.name,
                    interval: $0,
                    decidedAt: now,
                    reason: "the pipeline was paused"
                )
            }
            try await catalog.skip(skipped, scheduledThrough: last.end)
            return
        }
        if first.start > mark {
            let gap = try TimeInterval(start: mark, end: first.start)
            let reason = "more than \(Schedule.dueCountMax) intervals were due at once"
            try await catalog.skip(
                [.init(pipeline: record.name, interval: gap, decidedAt: now, reason: reason)],
                scheduledThrough: first.start
            )
        }
        for interval in due {
            try await add(record, document, interval, .schedule, scheduledThrough: interval.end)
        }
    }

    private func rescoreLate(
        _ record: PipelineRecord,
        _ document: PipelineDocument,
        sequence: Int64
    ) async throws {
        let compared = comparedThrough[record.name] ?? 0
        guard sequence > compared else { return }
        let ends = try await windows.windowEnds(
            definition: document.windows,
            afterSequence: compared
        )
        let touched = try await catalog.runIntervals(
            pipeline: record.name,
            containingEnds: ends
        )
        var isSettled = true
        for interval in touched {
            guard
                let latest = try await catalog.latestRun(
                    pipeline: record.name,
                    interval: interval
                )
            else { continue }
            guard latest.state.isFinal else {
                // Decided again once that run has ended.
                isSettled = false
                continue
            }
            guard latest.state != .cancelled, let read = latest.windowSequence else { continue }
            let missed = try await windows.windowEnds(
                definition: document.windows,
                afterSequence: read
            ).contains { interval.covers(end: $0) }
            if missed { try await add(record, document, interval, .lateWindows) }
        }
        if isSettled { comparedThrough[record.name] = sequence }
    }

    private func add(
        _ record: PipelineRecord,
        _ document: PipelineDocument,
        _ interval: TimeInterval,
        _ trigger: RunTrigger,
        scheduledThrough: Timestamp? = nil
    ) async throws {
        let run = try await catalog.addRun(
            id: RunID.make(at: clock.now),
            pipeline: record.name,
            pipelineVersion: record.version,
            interval: interval,
            fleet: document.fleet.description,
            trigger: trigger,
            at: clock.now,
            scheduledThrough: scheduledThrough
        )
        logger.info(
            "run added",
            metadata: [
                "run": "\(run.id)", "pipeline": "\(run.pipeline)", "trigger": "\(trigger.rawValue)",
            ]
        )
        await wakeDriver.raise()
    }
}

extension TimeInterval {
    /// Whether a window that ends then belongs to this interval: start < end <= end.
    package func covers(end microseconds: Int64) -> Bool {
        start.microseconds < microseconds && microseconds <= end.microseconds
    }
}

/// Makes run ids: sortable by time, unique by chance beyond that.
package enum RunID {
    package static func make(at time: Timestamp) -> String {
        let date = time.compact.filter { $0 != "." && $0 != "Z" }
        let suffix = String(UInt32.random(in: 0...UInt32.max), radix: 36)
        return date.prefix(15).lowercased() + "-" + suffix
    }
}
