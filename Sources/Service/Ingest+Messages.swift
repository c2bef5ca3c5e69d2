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
        var options = DecodeOptions()
        options.latestTime = now + limits.timeAheadMax
        let decoded = try await Self.decode(batch, options, limits, memory)
        _ = try await append(
            decoded.events,
            idempotencyKey: nil,
            source: source,
            format: "message",
            messages: batch
        )
        // They are acknowledged only when they are stored.
        guard !decoded.unread.isEmpty else { return }
        try await store.addDeadLetters(
            decoded.unread.map { letter($0, batch, now, source) },
            counts: nil
        )
    }

    private struct DecodedMessages: Sendable {
        var events = DecodedEvents()
        /// Messages that are not looked into.
        var unread: [Int] = []
    }

    @concurrent
    private static func decode(
        _ batch: MessageBatch,
        _ options: DecodeOptions,
        _ limits: Limits,
        _ memory: SeriesMemory
    ) async throws -> DecodedMessages {
        let decoder = try MessageDecoder(options: options, limits: limits, memory: memory)
        var decoded = DecodedMessages()
        batch.withViews { views in
            for index in 0..<views.count {
                let view = views[index]
                guard view.marks.isEmpty else {
                    decoded.unread.append(index)
                    continue
                }
                decoder.decode(
                    view.payload,
                    device: view.device.map { String(decoding: $0, as: UTF8.self) },
                    sensor: view.sensor.map { String(decoding: $0, as: UTF8.self) },
                    receivedAt: view.receivedAt
                )
            }
        }
        decoded.events = decoder.finish()
        return decoded
    }

    private func letter(
        _ index: Int,
        _ batch: MessageBatch,
        _ now: Timestamp,
        _ source: String
    ) -> DeadLetter {
        let message = batch.message(at: index)
        let isUnmatched = message.marks.contains(.isUnmatched)
        let problem =
            isUnmatched
            ? "no topic template of the source matches"
            : "the message is larger than \(MessageBatch.messageByteCountMax >> 20) MiB, the most "
                + "that a source takes"
        return DeadLetter(
            receivedAt: now,
            reason: isUnmatched ? .badName : .tooLarge,
            source: source,
            text: String(
                decoding: message.payload.prefix(DeadLetter.textByteCountMax),
                as: UTF8.self
            ),
            message: "\(message.address): \(problem)"
        )
    }
}
