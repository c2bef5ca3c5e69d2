import Core
import Metrics
import Sources
import Store
import Wire

extension Ingest {
    /// Events of one batch that are kept one by one, of each reason; all are counted.
    private static let letterCountMax = 100

    /// A batch held against the limits of this server and its registry.
    struct Sifted {
        /// An event that was looked at twice.
        struct Finding {
            let row: Int
            let reason: DeadLetterReason
            let message: String
        }

        var accepted: EventBatch
        /// Events that go no further.
        var rejected: [Finding] = []
        /// Events that are accepted all the same.
        var flagged: [Finding] = []

        var isClean: Bool { rejected.isEmpty && flagged.isEmpty }

        var rejectedByReason: [String: Int] {
            rejected.reduce(into: [:]) { $0[$1.reason.rawValue, default: 0] += 1 }
        }
    }

    /// Takes out series beyond the limit, and by policy values outside the registry's limits.
    ///
    /// A batch that the log knows brings no series: it may be another under the same key.
    func sift(_ batch: EventBatch, isKnown: Bool) -> Sifted {
        var batch = batch
        let overLimit = isKnown ? gate.surplus(ofKnown: batch) : gate.surplus(in: &batch)
        let outOfRange = rules.current.violations(in: batch)
        var sifted = Sifted(accepted: batch)
        if overLimit.isEmpty, outOfRange.isEmpty { return sifted }
        let violations = outOfRange.map { row in
            Sifted.Finding(
                row: row,
                reason: .outOfRange,
                message: settings.rejectsOutOfRange
                    ? "outside the registry's limits: rejected"
                    : "outside the registry's limits: flagged, its windows count it"
            )
        }
        let surplus = overLimit.map { row in
            Sifted.Finding(
                row: row,
                reason: .overLimit,
                message: "there are \(limits.seriesCountMax) series already (series_max)"
            )
        }
        let over = Set(surplus.map(\.row))
        let others = violations.filter { !over.contains($0.row) }
        sifted.rejected = surplus
        if settings.rejectsOutOfRange {
            sifted.rejected += others
        } else {
            sifted.flagged = others
        }
        sifted.accepted = batch.removing(sifted.rejected.map(\.row).sorted())
        return sifted
    }

    /// Counts what was rejected or flagged for the metrics.
    static func count(_ decoded: DecodedEvents, _ sifted: Sifted) {
        for count in counts(decoded, sifted) {
            Counter(
                label: "fleetscore_ingest_rejected_events_total",
                dimensions: [("reason", count.reason.rawValue)]
            ).increment(by: count.count)
        }
    }

    /// How many events were rejected or flagged for each reason.
    static func counts(_ decoded: DecodedEvents, _ sifted: Sifted) -> [EventCount] {
        var byReason = decoded.rejectedByReason
        for finding in sifted.rejected + sifted.flagged {
            byReason[finding.reason.rawValue, default: 0] += 1
        }
        return byReason.sorted { $0.key < $1.key }.map {
            EventCount(reason: DeadLetterReason(rawValue: $0.key), count: Int64($0.value))
        }
    }

    /// The first of what was rejected or flagged, as letters.
    func letters(
        _ decoded: DecodedEvents,
        _ sifted: Sifted,
        _ source: String,
        _ format: String,
        _ messages: MessageBatch?
    ) -> [DeadLetter] {
        let now = clock.now
        var letters = decoded.rejected.map { event in
            // What the topic says is needed to read the event again.
            let message = event.messageIndex.flatMap { messages?.message(at: $0) }
            return DeadLetter(
                receivedAt: now,
                reason: DeadLetterReason(rawValue: event.reason.rawValue),
                source: source,
                device: message?.device,
                sensor: message?.sensor,
                text: event.text,
                context: decoded.context,
                format: format,
                message: message.map { "\($0.address): \(event.message)" } ?? event.message
            )
        }
        for findings in [sifted.rejected, sifted.flagged] {
            letters += findings.prefix(Self.letterCountMax).map {
                letter($0, of: decoded.batch, now, source)
            }
        }
        return letters
    }

    private func letter(
        _ finding: Sifted.Finding,
        of batch: EventBatch,
        _ now: Timestamp,
        _ source: String
    ) -> DeadLetter {
        let key = batch.series.keys[Int(batch.seriesIndex[finding.row])]
        return DeadLetter(
            receivedAt: now,
            reason: finding.reason,
            source: source,
            device: key.device,
            sensor: key.sensor,
            time: Timestamp(microseconds: batch.times[finding.row]),
            value: batch.values[finding.row],
            message: finding.message
        )
    }
}
