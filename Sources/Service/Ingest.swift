package import Core
package import EventLog
package import Logging
import Metrics
package import Store
package import Wire

/// Takes event bodies: decodes, appends durably, answers what was accepted and what was not.
///
/// Delivery: an accepted event is on disk when ``accept(_:format:options:idempotencyKey:source:)``
/// returns. Concurrency: any number of callers; pending events are bounded by the log.
package struct Ingest: Sendable {
    /// What happened to a body.
    package struct Outcome: Sendable {
        package let accepted: Int
        package let isDuplicate: Bool
        package let rejectedCount: Int
        /// The first rejected events, capped.
        package let rejected: [RejectedEvent]
    }

    private let log: any EventLog
    private let store: any WindowStore
    private let limits: Limits
    private let clock: any WallClock
    private let logger: Logger

    package init(
        log: any EventLog,
        store: any WindowStore,
        limits: Limits,
        clock: any WallClock,
        logger: Logger
    ) {
        self.log = log
        self.store = store
        self.limits = limits
        self.clock = clock
        self.logger = logger
    }

    /// Accepts a body; bad events are rejected and kept, their neighbours are accepted.
    ///
    /// - Throws: ``FleetError`` when nothing of the body could be taken.
    package func accept(
        _ body: [UInt8],
        format: EventFormat,
        options: DecodeOptions,
        idempotencyKey: String?,
        source: String
    ) async throws -> Outcome {
        var options = options
        options.latestTime = clock.now + limits.timeAheadMax
        let decoded = try await Self.decode(body, format, options, limits)
        var receipt = AppendReceipt(accepted: 0, isDuplicate: false)
        if !decoded.batch.isEmpty {
            receipt = try await log.append(decoded.batch, idempotencyKey: idempotencyKey)
        }
        Counter(label: "fleetscore_ingest_events_total").increment(by: receipt.accepted)
        if decoded.rejectedCount > 0, !receipt.isDuplicate {
            Counter(label: "fleetscore_ingest_rejected_events_total")
                .increment(by: decoded.rejectedCount)
            await keep(decoded.rejected, source: source)
        }
        return Outcome(
            accepted: receipt.accepted,
            isDuplicate: receipt.isDuplicate,
            rejectedCount: decoded.rejectedCount,
            rejected: decoded.rejected
        )
    }

    /// Says that all of a historic data set has been sent: every open window closes.
    package func complete() async throws {
        let ends = await log.endOffsets()
        for partition in 0..<log.partitionCount where ends[partition] > 0 {
            try await log.append(control: .complete, partition: partition)
        }
    }

    @concurrent
    private static func decode(
        _ body: [UInt8],
        _ format: EventFormat,
        _ options: DecodeOptions,
        _ limits: Limits
    ) async throws -> DecodedEvents {
        try body.withUnsafeBytes {
            try EventDecoder.decode($0, format: format, options: options, limits: limits)
        }
    }

    /// Keeps rejected events for people; failing to do so never fails the batch.
    private func keep(_ rejected: [RejectedEvent], source: String) async {
        let now = clock.now
        let records = rejected.map {
            RejectedRecord(
                receivedAt: now,
                source: source,
                reason: $0.message,
                sample: $0.sample
            )
        }
        do {
            try await store.addRejected(records)
        } catch {
            logger.warning(
                "rejected events could not be kept",
                metadata: ["error": "\(error)"]
            )
        }
    }
}
