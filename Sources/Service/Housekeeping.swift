package import Blobs
package import Core
package import Disk
package import EventLog
package import Logging
import Parquet
import ServiceLifecycle
package import Store

/// Captures sealed log segments as Parquet and deletes what is older than its retention.
///
/// Runs once a minute; a failure is logged and tried again. Graceful shutdown: captures the rest
/// of the log, then returns.
package struct Housekeeping: Service {
    /// The embedded log, nil where events are kept elsewhere.
    private let log: SegmentLog?
    private let windows: any WindowStore
    private let blobs: any Blobs
    private let settings: ServiceSettings
    private let rules: RuleBook
    private let clock: any WallClock
    private let timer: any Clock<Duration>
    private let logger: Logger
    private let executor: PatientExecutor?

    /// `executor` runs the service; without one it shares the threads of all tasks.
    package init(
        log: SegmentLog?,
        windows: any WindowStore,
        blobs: any Blobs,
        settings: ServiceSettings,
        rules: RuleBook = RuleBook(),
        clock: any WallClock,
        timer: any Clock<Duration>,
        logger: Logger,
        executor: PatientExecutor? = nil
    ) {
        self.log = log
        self.windows = windows
        self.blobs = blobs
        self.settings = settings
        self.rules = rules
        self.clock = clock
        self.timer = timer
        self.logger = logger
        self.executor = executor
    }

    package func run() async throws {
        try await PatientExecutor.run(on: executor) { try await serve() }
    }

    private func serve() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.pass()
                do {
                    try await self.timer.sleep(for: .seconds(60))
                } catch is CancellationError {
                    return
                }
            }
        }
        await captureRest()
    }

    /// Seals and captures what has come since: a stopped server leaves all raw data readable.
    private func captureRest() async {
        guard settings.capturesRaw else { return }
        await attempt("the last segment could not be captured") {
            try await log?.roll()
            try await capture()
        }
    }

    /// One round of every chore.
    package func pass() async {
        await attempt("segments could not be captured") {
            if settings.capturesRaw { try await capture() }
        }
        // Another process may have changed it.
        await attempt("the registry could not be read") { try await rules.reload(from: windows) }
        await attempt("old captures could not be deleted") { try await pruneCaptures() }
        await attempt("old windows could not be deleted") { try await pruneWindows() }
        await attempt("old predictions could not be deleted") {
            try await windows.prunePredictions(
                before: clock.now - settings.predictionsRetention
            )
        }
    }

    private func attempt(_ problem: Logger.Message, _ chore: () async throws -> Void) async {
        do {
            try await chore()
        } catch is CancellationError {
            // The server is stopping; the chore is done after the next start.
        } catch {
            logger.warning(problem, metadata: ["error": "\(error)"])
        }
    }

    /// Writes `capture/{date}/{hour}/{partition}-{offset}.parquet` for each frame run of a segment.
    package func capture() async throws {
        guard let log else { return }
        let waiting = await log.sealedSegments().filter { !$0.isCaptured }
        defer { executor?.setBehind(false) }
        var names = SeriesTexts()
        for (index, segment) in waiting.enumerated() {
            executor?.setBehind(waiting.count - index > Self.patientSegmentCount)
            // The frames are let go, so that parts alone hold their columns.
            let parts = CapturePart.parts(of: try await log.frames(ofSegment: segment.sequence))
            for part in parts { try await blobs.put(part.key, part.encode(&names)) }
            try await log.markCaptured(through: segment.sequence)
        }
    }

    /// Sealed segments that may wait while others have the processor: 2 GiB, thrice as much where
    /// they are mostly names, as nothing that is not captured is deleted.
    private static let patientSegmentCount = 32

    /// Deletes windows beyond the retention of their definition, a little at a time.
    private func pruneWindows() async throws {
        for (definition, retention) in settings.windowRetentions {
            let oldest = clock.now - retention
            while !Task.isCancelled {
                let count = try await windows.pruneWindows(
                    definition: definition,
                    before: oldest,
                    rowCountMax: Self.pruneRowCount
                )
                if count < Self.pruneRowCount { break }
            }
        }
    }

    private static let pruneRowCount = 20_000

    private func pruneCaptures() async throws {
        let oldest = CapturePart.folder(at: clock.now - settings.captureRetention)
        for blob in try await blobs.list(prefix: "capture/") {
            guard blob.key.utf8.lexicographicallyPrecedes(oldest.utf8) else { break }
            try await blobs.delete(blob.key)
        }
    }
}
