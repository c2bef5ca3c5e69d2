import Client
import Core
import Hummingbird
import Service
import Store
import Wire

/// What `events send` asks and tells beside the events: `GET /v1/events/known` and
/// `POST /v1/events/rejected`.
struct SendRoutes {
    let backend: Backend

    /// What one report may list; the rest is only counted.
    private static let listCountMax = 1000
    private static let eventCountMax = 1_000_000_000_000

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/events/known") { request, _ in
            guard let key = request.query("key") else {
                throw FleetError(.invalidArgument, "no key is given", hint: "add ?key=KEY")
            }
            let isKnown = try await backend.ingest.knows(idempotencyKey: key)
            return try JSONAnswer.ok(KnownAnswer(known: isKnown))
        }
        router.post("/v1/events/rejected") { request, _ in
            let key = try request.idempotencyKey()
            return try JSONAnswer.ok(await take(try await request.decoded(), key))
        }
    }

    private func take(_ report: RejectedReport, _ key: String?) async throws -> ReportAnswer {
        let counts = try report.counts.sorted { $0.key < $1.key }.map { reason, count in
            guard RejectReason(rawValue: reason) != nil, 1...Self.eventCountMax ~= count else {
                throw FleetError(
                    .invalidArgument,
                    "cannot count \(count) events as rejected for \"\(reason)\"",
                    hint: "reasons are "
                        + RejectReason.allCases.map(\.rawValue).joined(separator: ", ")
                )
            }
            return EventCount(reason: DeadLetterReason(rawValue: reason), count: Int64(count))
        }
        let format = try report.format.map { try EventReading(parsing: $0).text }
        let letters = try report.events.prefix(Self.listCountMax).map { event in
            guard report.counts[event.reason] != nil else {
                throw FleetError(
                    .invalidArgument,
                    "an event was rejected for \"\(event.reason)\", which is not counted"
                )
            }
            return DeadLetter(
                receivedAt: backend.clock.now,
                reason: DeadLetterReason(rawValue: event.reason),
                source: "file",
                text: event.text,
                context: report.context,
                format: format,
                message: event.message
            )
        }
        let isDuplicate = try await backend.ingest.take(
            rejected: letters,
            counts: counts,
            idempotencyKey: key
        )
        return ReportAnswer(
            rejected: Int(counts.reduce(0) { $0 + $1.count }),
            duplicate: isDuplicate
        )
    }
}
