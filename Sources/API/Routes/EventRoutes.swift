import Client
import Core
import HTTPTypes
import Hummingbird
import Service
import Store
import Wire

/// `POST /v1/events`, `POST /v1/events/complete`, `GET /v1/events`, and the dead letters.
struct EventRoutes {
    let backend: Backend

    private static let idempotencyKey = HTTPField.Name("Idempotency-Key")

    func add(to router: Router<BasicRequestContext>) {
        router.post("/v1/events") { request, _ in try await accept(request) }
        router.post("/v1/events/complete") { _, _ in
            try await backend.ingest.complete()
            return try JSONAnswer.ok(["completed": true])
        }
        router.get("/v1/events") { request, _ in try await export(request) }
        router.get("/v1/events/late") { request, _ in
            let limit = try request.number("limit", default: 100, in: 1...10_000)
            return try JSONAnswer.ok(await late(limit: limit))
        }
        router.get("/v1/events/rejected") { request, _ in
            let limit = try request.number("limit", default: 100, in: 1...10_000)
            return try JSONAnswer.ok(await rejected(limit: limit))
        }
    }

    /// A late event as the short list shows it.
    private struct LateAnswer: Encodable {
        let definition: String
        let key: SeriesKey
        let time: Timestamp
        let value: Double
    }

    private func late(limit: Int) async throws -> [LateAnswer] {
        try await backend.windows.deadLetters(
            DeadLetterFilter(reason: .late),
            before: nil,
            limit: limit
        ).compactMap { stored in
            guard let device = stored.letter.device, let sensor = stored.letter.sensor,
                let time = stored.letter.time
            else { return nil }
            return LateAnswer(
                definition: stored.letter.definition ?? "",
                key: SeriesKey(uncheckedDevice: device, sensor: sensor),
                time: time,
                value: stored.letter.value ?? .nan
            )
        }
    }

    /// A rejected event as the short list shows it.
    private struct RejectedAnswer: Encodable {
        let receivedAt: Timestamp
        let source: String
        let reason: String
        let sample: String
    }

    private func rejected(limit: Int) async throws -> [RejectedAnswer] {
        try await backend.windows.deadLetters(
            DeadLetterFilter(),
            before: nil,
            limit: 10_000
        ).filter { $0.letter.text != nil }.prefix(limit).map { stored in
            RejectedAnswer(
                receivedAt: stored.letter.receivedAt,
                source: stored.letter.source,
                reason: stored.letter.message ?? stored.letter.reason.rawValue,
                sample: stored.letter.text ?? ""
            )
        }
    }

    private func accept(_ request: Request) async throws -> Response {
        let type = request.headers[.contentType]
        let said = type.flatMap { EventFormat(contentType: $0) }
        guard said != nil || EventFormat.isUnsaid(contentType: type) else {
            throw FleetError(
                .unsupported,
                "cannot read events of type \"\(type ?? "")\"",
                hint: "send application/json, application/x-ndjson or text/csv"
            )
        }
        let key = Self.idempotencyKey.flatMap { request.headers[$0] }
        guard (key?.utf8.count ?? 1) <= 256, key?.isEmpty != true else {
            throw FleetError(.invalidArgument, "Idempotency-Key must have 1 to 256 bytes")
        }
        let body = try await request.body(upTo: backend.settings.limits.bodyByteCountMax)
        let outcome = try await backend.ingest.accept(
            body,
            format: said ?? body.withUnsafeBytes { EventFormat(lookingAt: $0) },
            options: options(request),
            idempotencyKey: key,
            source: "http"
        )
        return try JSONAnswer.ok(
            EventsAnswer(
                accepted: outcome.accepted,
                duplicate: outcome.isDuplicate,
                rejected: outcome.rejectedCount,
                rejectedEvents: outcome.rejected.map {
                    .init(index: $0.index, line: $0.line, reason: $0.message)
                }
            )
        )
    }

    private func options(_ request: Request) throws -> DecodeOptions {
        var options = DecodeOptions()
        if let text = request.query("columns") {
            options.columns = try ColumnRenames.parse(text)
        }
        if let unit = request.query("time_unit") {
            guard let known = EpochUnit(rawValue: unit) else {
                throw FleetError(
                    .invalidArgument,
                    "there is no time unit \"\(unit)\"",
                    hint: "use s, ms, us or ns"
                )
            }
            options.timeUnit = known
        }
        if let zone = request.query("time_zone") {
            options.timeZone = try TimeZoneRules.load(zone)
        }
        if let device = request.query("device") { options.defaultDevice = device }
        return options
    }

    private func export(_ request: Request) async throws -> Response {
        let events = try await backend.rawEvents(
            from: request.time("from") ?? .distantPast,
            to: request.time("to") ?? .distantFuture,
            device: request.query("device"),
            limit: 5_000_000
        )
        switch request.query("format") ?? "csv" {
        case "parquet":
            return JSONAnswer.bytes(
                try EventFile.encode(events),
                type: "application/vnd.apache.parquet"
            )
        case "csv":
            return JSONAnswer.bytes(EventCSV.encode(events), type: "text/csv; charset=utf-8")
        case let other:
            throw FleetError(
                .invalidArgument,
                "cannot export as \"\(other)\"",
                hint: "use csv or parquet"
            )
        }
    }
}
