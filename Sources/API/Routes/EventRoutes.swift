import Client
import Core
import HTTPTypes
import Hummingbird
import Service
import Store
import Wire

/// `POST /v1/events`, `POST /v1/events/complete` and `GET /v1/events`.
struct EventRoutes {
    let backend: Backend
    let bodies: EventBody

    /// Where events are posted.
    static let paths: Set = ["/v1/events", InfluxRoutes.writeV1, InfluxRoutes.writeV2]

    func add(to router: Router<BasicRequestContext>) {
        router.post("/v1/events") { request, _ in try await accept(request) }
        router.post("/v1/events/complete") { _, _ in
            try await backend.ingest.complete()
            return try JSONAnswer.ok(["completed": true])
        }
        router.get("/v1/events") { request, _ in try await export(request) }
    }

    private func accept(_ request: Request) async throws -> Response {
        let type = request.headers[.contentType]
        let said = type.flatMap { EventFormat(contentType: $0) }
        guard said != nil || EventFormat.isUnsaid(contentType: type) else {
            throw FleetError(
                .unsupported,
                "cannot read events of type \"\(type ?? "")\"",
                hint: "send application/json, application/x-ndjson, text/csv or "
                    + "application/vnd.influx.line-protocol"
            )
        }
        let key = try request.idempotencyKey()
        let options = try options(request)
        let outcome = try await bodies.read(request) { body in
            try await backend.ingest.accept(
                body,
                format: said ?? body.withUnsafeBytes { EventFormat(lookingAt: $0) },
                options: options,
                idempotencyKey: key,
                source: "http"
            )
        }
        if outcome.rejectedCount == 0, outcome.ignoredFieldCount == 0 {
            return JSONAnswer.bytes(
                Self.text(accepted: outcome.accepted, isDuplicate: outcome.isDuplicate),
                type: "application/json"
            )
        }
        return try JSONAnswer.ok(EventsAnswer(outcome))
    }

    /// The answer to a body without rejects, which an encoder takes longer for than for the rest
    /// of the answering.
    static func text(accepted: Int, isDuplicate: Bool) -> [UInt8] {
        let text =
            #"{"accepted":\#(accepted),"duplicate":\#(isDuplicate),"#
            + #""rejected":0,"rejectedEvents":[]}"#
        return Array(text.utf8)
    }

    private func options(_ request: Request) throws -> DecodeOptions {
        var options = DecodeOptions()
        if let text = request.query("columns") {
            options.columns = try ColumnRenames.parse(text)
        }
        if let unit = request.query("time_unit") {
            guard ["s", "ms", "us", "ns"].contains(unit), let known = EpochUnit(rawValue: unit)
            else {
                throw FleetError(
                    .invalidArgument,
                    "there is no time unit \"\(unit)\"",
                    hint: "use s, ms, us, ns, m or h"
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

extension EventsAnswer {
    init(_ outcome: Ingest.Outcome) {
        self.init(
            accepted: outcome.accepted,
            duplicate: outcome.isDuplicate,
            rejected: outcome.rejectedCount,
            rejectedByReason: outcome.rejectedByReason,
            rejectedEvents: outcome.rejected.map {
                .init(
                    index: $0.index,
                    line: $0.line,
                    reason: $0.reason.rawValue,
                    message: $0.message
                )
            },
            ignoredFields: outcome.ignoredFieldCount
        )
    }
}
