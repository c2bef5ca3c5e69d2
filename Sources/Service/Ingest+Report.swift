import Core
import EventLog
import Metrics
package import Store

extension Ingest {
    /// Counts and keeps events that a sender could not read from a file; those with a known key not
    /// again.
    ///
    /// - Throws: ``FleetError`` when they could not be kept; telling of them again does no harm.
    package func take(
        rejected letters: [DeadLetter],
        counts: [EventCount],
        idempotencyKey: String?
    ) async throws -> Bool {
        try keeper.checkRoom()
        var isDuplicate = false
        if let idempotencyKey {
            // The log remembers the key of a batch without events, too.
            isDuplicate = try await log.append(EventBatch(), idempotencyKey: idempotencyKey)
                .isDuplicate
        }
        if !isDuplicate {
            for count in counts {
                Counter(
                    label: "fleetscore_ingest_rejected_events_total",
                    dimensions: [("reason", count.reason.rawValue)]
                ).increment(by: count.count)
            }
        }
        // Also when the log knows the key: the first attempt may have ended in between.
        await keeper.keep(RejectedBatch(letters: letters, counts: counts, key: idempotencyKey))
        return isDuplicate
    }

    /// Whether a batch with this key was accepted; see ``EventLog/knows(idempotencyKey:)``.
    package func knows(idempotencyKey: String) async throws -> Bool {
        try await log.knows(idempotencyKey: idempotencyKey)
    }
}
