import Core
import Logging
package import Sources
import Store
import Wire

extension Ingest: EventSink {
    /// Appends the events of a source's messages, and keeps what cannot be read.
    ///
    /// - Throws: ``FleetError`` when nothing of the batch is durable; the source offers it again.
    package func accept(_ batch: MessageBatch, source: String) async throws {
        try await checkLag()
        let now = clock.now
        let decoded = await Self.decode(batch, latest: now + limits.timeAheadMax, limits)
        var events = DecodedEvents()
        events.batch = decoded.batch
        _ = try await append(events, idempotencyKey: nil, source: source, format: "message")
        // They are acknowledged only when they are stored.
        guard !decoded.unread.isEmpty else { return }
        let letters = decoded.unread.map { letter($0, batch, now, source) }
        try await store.addDeadLetters(letters, counts: decoded.counts)
    }

    /// A message, or an event of one, that cannot be taken, and why.
    private struct Unread {
        let index: Int
        let reason: DeadLetterReason
        let message: String
        /// The event; nil for the whole message.
        var text: String?
    }

    private struct DecodedMessages {
        var batch = EventBatch()
        /// The first of them, so that hostile messages cost bounded memory.
        var unread: [Unread] = []
        private var countByReason: [DeadLetterReason: Int64] = [:]

        static let unreadCountMax = 1000

        var counts: [EventCount] {
            countByReason.map { EventCount(reason: $0.key, count: $0.value) }
        }

        mutating func note(_ unread: Unread) {
            countByReason[unread.reason, default: 0] += 1
            if self.unread.count < Self.unreadCountMax { self.unread.append(unread) }
        }

        mutating func add(_ decoded: DecodedEvents, of index: Int) {
            batch.append(contentsOf: decoded.batch)
            for event in decoded.rejected {
                note(
                    Unread(
                        index: index,
                        reason: DeadLetterReason(rawValue: event.reason.rawValue),
                        message: event.message,
                        text: event.text
                    )
                )
            }
            let unlisted = Int64(decoded.rejectedCount - decoded.rejected.count)
            if unlisted > 0 { countByReason[.badSyntax, default: 0] += unlisted }
        }
    }

    @concurrent
    private static func decode(
        _ batch: MessageBatch,
        latest: Timestamp,
        _ limits: Limits
    ) async -> DecodedMessages {
        var decoded = DecodedMessages()
        batch.withViews { views in
            for index in 0..<views.count {
                let view = views[index]
                let isUnmatched = view.marks.contains(.isUnmatched)
                if isUnmatched || view.marks.contains(.isTruncated) {
                    decoded.note(
                        Unread(
                            index: index,
                            reason: isUnmatched ? .badName : .badSyntax,
                            message: isUnmatched
                                ? "no topic template of the source matches"
                                : "the message is larger than the source takes"
                        )
                    )
                    continue
                }
                do {
                    decoded.add(try decode(view, latest: latest, limits), of: index)
                } catch {
                    decoded.note(Unread(index: index, reason: .badSyntax, message: "\(error)"))
                }
            }
        }
        return decoded
    }

    /// The events of one message: what its address says fills in what they do not.
    private static func decode(
        _ view: MessageView,
        latest: Timestamp,
        _ limits: Limits
    ) throws -> DecodedEvents {
        var options = DecodeOptions()
        options.givenDevice = view.device.map { String(decoding: $0, as: UTF8.self) }
        options.defaultSensor = view.sensor.map { String(decoding: $0, as: UTF8.self) }
        options.receivedAt = view.receivedAt
        options.latestTime = latest
        return try MessagePayload.decode(view.payload, options: options, limits: limits)
    }

    private func letter(
        _ unread: Unread,
        _ batch: MessageBatch,
        _ now: Timestamp,
        _ source: String
    ) -> DeadLetter {
        let message = batch.message(at: unread.index)
        let payload = message.payload.prefix(DeadLetter.textByteCountMax)
        return DeadLetter(
            receivedAt: now,
            reason: unread.reason,
            source: source,
            device: message.device,
            sensor: message.sensor,
            text: unread.text ?? String(decoding: payload, as: UTF8.self),
            message: "\(message.address): \(unread.message)"
        )
    }
}
