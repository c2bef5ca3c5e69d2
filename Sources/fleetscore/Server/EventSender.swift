import Client
import Core

/// Sends events in batches of a fixed size, each once however often it is tried.
///
/// Files are sent by ``FileSender``, which bears that they change.
///
/// While one batch is on its way the next is written; they arrive in order.
struct EventSender {
    let client: FleetscoreClient
    var batchEventCount = 100_000
    /// Batches with the same prefix, content and place are the same batch.
    let keyPrefix: String
    var clock: any Clock<Duration> = ContinuousClock()

    /// Below the 32 MiB that a server takes, for rows with long names.
    private static let bodyByteCountMax = 24 << 20

    /// Sends all events in order; tells how many are done after each batch.
    ///
    /// - Throws: ``FleetError`` of a batch that could not be sent; those before it are there.
    func send(_ events: EventBatch, progress: (Int) -> Void = { _ in }) async throws -> SentEvents {
        let bodies = EventBodies(
            events,
            eventCountMax: batchEventCount,
            byteCountMax: Self.bodyByteCountMax
        )
        var sent = SentEvents()
        var next = bodies.body(from: 0)
        while let body = next {
            try Task.checkCancellation()
            let poster = EventPoster(client: client, clock: clock)
            async let answered = poster.post(body.bytes, key: key(body))
            next = bodies.body(from: body.rows.upperBound)
            let answer = try await answered
            if answer.duplicate {
                sent.alreadyThere += body.rows.count
            } else {
                sent.accepted += answer.accepted
            }
            sent.add(rejectedOf: answer)
            progress(body.rows.upperBound)
        }
        return sent
    }

    /// The content is part of the key: a file read in another way is not the same batch.
    private func key(_ body: EventBodies.Body) -> String {
        let hash = body.bytes.withUnsafeBytes { XXHash64.hash($0) }
        return "\(keyPrefix)-\(String(hash, radix: 16))-\(body.rows.lowerBound)"
    }

    /// How many events are late so far, in the definition with the most, and how many wait.
    func status() async throws -> (late: Int64, lag: Int64) {
        let status: StatusInfo = try await client.get("/v1/status")
        return (status.definitions.map(\.late).max() ?? 0, status.lag)
    }

    /// As ``status()``; a server of this machine that is just starting gets a few seconds for it.
    func statusOnceUp() async throws -> (late: Int64, lag: Int64) {
        let start = ContinuousClock.now
        while client.isLocal, ContinuousClock.now - start < Self.startTimeMax {
            do {
                return try await status()
            } catch let error as FleetError where error.code == .unavailable {
                try await clock.sleep(for: .milliseconds(200))
            }
        }
        return try await status()
    }

    private static let startTimeMax = Duration.seconds(5)

    /// Says that everything is sent.
    func complete() async throws {
        _ = try await client.bytes("POST", "/v1/events/complete", [:], body: nil)
    }
}
