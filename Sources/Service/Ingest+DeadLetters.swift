import Core
import Logging
import Metrics
import Store
import Wire

extension Ingest {
    /// Values outside the limits of the registry that are kept one by one, of one batch.
    private static let violationListCountMax = 100

    /// Keeps and counts what is in no window or was flagged; failing to do so never fails the batch.
    func keep(
        _ decoded: DecodedEvents,
        _ violations: [Int],
        source: String,
        format: String
    ) async {
        let now = clock.now
        var letters = decoded.rejected.map {
            DeadLetter(
                receivedAt: now,
                reason: DeadLetterReason(rawValue: $0.reason.rawValue),
                source: source,
                text: $0.text,
                context: decoded.context,
                format: format,
                message: $0.message
            )
        }
        letters += violations.prefix(Self.violationListCountMax).map {
            violation(at: $0, of: decoded, now, source)
        }
        var counts = decoded.rejectedByReason.map { reason, count in
            EventCount(reason: DeadLetterReason(rawValue: reason), count: Int64(count))
        }
        if !violations.isEmpty {
            counts.append(EventCount(reason: .outOfRange, count: Int64(violations.count)))
        }
        for count in counts {
            Counter(
                label: "fleetscore_ingest_rejected_events_total",
                dimensions: [("reason", count.reason.rawValue)]
            ).increment(by: Int(clamping: count.count))
        }
        do {
            try await store.addDeadLetters(letters, counts: counts)
        } catch {
            logger.warning(
                "rejected events could not be kept",
                metadata: ["error": "\(error)", "events": "\(decoded.rejectedCount)"]
            )
        }
    }

    private func violation(
        at row: Int,
        of decoded: DecodedEvents,
        _ now: Timestamp,
        _ source: String
    ) -> DeadLetter {
        let batch = decoded.batch
        let key = batch.series.keys[Int(batch.seriesIndex[row])]
        return DeadLetter(
            receivedAt: now,
            reason: .outOfRange,
            source: source,
            device: key.device,
            sensor: key.sensor,
            time: Timestamp(microseconds: batch.times[row]),
            value: batch.values[row],
            message: settings.rejectsOutOfRange
                ? "outside the registry's limits: rejected"
                : "outside the registry's limits: flagged, its windows count it"
        )
    }
}
