import Client
import Core
import Hummingbird
import Service
import Store

/// `POST /v1/windows/rebuild`: windows of a past range from the raw events.
struct WindowRoutes {
    let backend: Backend

    func add(to router: Router<BasicRequestContext>) {
        router.post("/v1/windows/rebuild") { request, _ in try await rebuild(request) }
    }

    private func rebuild(_ request: Request) async throws -> Response {
        let wanted: RebuildRequest = try await request.decoded()
        let name = wanted.source ?? WindowRebuilder.Source.log.rawValue
        guard let source = WindowRebuilder.Source(rawValue: name) else {
            throw FleetError(
                .invalidArgument,
                "there is no source \"\(name)\" of raw events",
                hint: "use log or capture"
            )
        }
        let outcome = try await backend.rebuild(
            definition: wanted.definition,
            interval: TimeInterval(start: wanted.from, end: wanted.to),
            source: source
        )
        return try JSONAnswer.ok(
            RebuildAnswer(
                unchanged: outcome.unchanged,
                changed: outcome.changed,
                added: outcome.added,
                removed: outcome.removed
            )
        )
    }
}
