import Client
import Core
import FoundationEssentials

/// Posts events, and waits and tries again while the server is full or away.
///
/// Cancellation ends a wait at once.
struct EventPoster: Sendable {
    let client: FleetscoreClient
    var clock: any Clock<Duration> = ContinuousClock()
    /// Called before each wait: how long the server refuses already, and why.
    var waiting: @Sendable (Duration, FleetError) -> Void = { _, _ in }

    private static let path = "/v1/events"

    /// Posts a body as ``EventBodies`` makes it.
    ///
    /// - Throws: ``FleetError`` of a body that is wrong, or when the server refused for minutes.
    func post(_ body: [UInt8], key: String) async throws -> EventsAnswer {
        try await send(
            "POST",
            Self.path,
            ["time_unit": "us"],
            .init(body, contentType: "text/csv"),
            key
        )
    }

    /// Whether the server has a body with this key.
    func knows(_ key: String) async throws -> Bool {
        let answer: KnownAnswer = try await send("GET", Self.path + "/known", ["key": key])
        return answer.known
    }

    /// Has the server count and keep what is no event.
    func report(_ rejected: RejectedReport) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let body = Array(try encoder.encode(rejected))
        let hash = body.withUnsafeBytes { XXHash64.hash($0) }
        let _: ReportAnswer = try await send(
            "POST",
            Self.path + "/rejected",
            [:],
            .init(body, contentType: "application/json"),
            "rejected-\(String(hash, radix: 16))"
        )
    }

    private func send<Answer: Decodable>(
        _ method: String,
        _ path: String,
        _ query: [String: String],
        _ body: FleetscoreClient.Body? = nil,
        _ key: String? = nil
    ) async throws -> Answer {
        var backoff = SendBackoff()
        var firstRefusal: ContinuousClock.Instant?
        while true {
            try Task.checkCancellation()
            let response: ServerResponse?
            let refusal: FleetError
            do {
                let answer = try await client.respond(
                    method,
                    path,
                    query,
                    body: body,
                    headers: key.map { ["Idempotency-Key": $0] } ?? [:]
                )
                if answer.isSuccess {
                    return try FleetscoreClient.decode(answer.body, path: path)
                }
                refusal = client.error(answer, path: path)
                response = answer
            } catch let error as FleetError where error.code == .unavailable {
                refusal = error
                response = nil
            }
            if let response, !response.isBusy { throw refusal }
            let since = firstRefusal ?? .now
            firstRefusal = since
            let waited = ContinuousClock.now - since
            guard let delay = backoff.delay(retryAfter: response?.retryAfter, waited: waited) else {
                throw Self.exhausted(refusal, backoff.limit)
            }
            waiting(waited, refusal)
            try await clock.sleep(for: delay)
        }
    }

    private static func exhausted(_ refusal: FleetError, _ limit: Duration) -> FleetError {
        FleetError(
            refusal.code,
            "gave up after \(limit.text) in which the server took nothing: \(refusal.message)",
            hint: "run the same command again later: it goes on where it stopped",
            isRetriable: false
        )
    }
}
