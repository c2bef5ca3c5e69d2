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

    func add(to router: Router<BasicRequestContext>) {
        router.post("/v1/events") { request, _ in
            let post = try EventPost(request)
            let key = try request.idempotencyKey()
            return try await bodies.read(request) { body in
                try await post.answer(body, idempotencyKey: key, backend.ingest)
            }.response
        }
        router.post("/v1/events/complete") { _, _ in
            try await backend.ingest.complete()
            return try await completed()
        }
        router.get("/v1/events") { request, _ in try await export(request) }
    }

    /// Says whether this process reads the mark, or others do.
    private func completed() async throws -> Response {
        guard backend.progress.isUnassigned else {
            return try JSONAnswer.ok(Completion(completed: true))
        }
        let completion = Completion(
            completed: false,
            message: "the mark is in the log; no partitions are assigned to this process, so that "
                + "windows close when a process that has them reads it"
        )
        return try JSONAnswer.ok(completion, status: .accepted)
    }

    private struct Completion: Encodable {
        let completed: Bool
        var message: String?
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
