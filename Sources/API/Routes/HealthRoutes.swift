import Client
import Core
import Hummingbird
import Service
import Store

/// `GET /health`, `/ready`, `/metrics` and `/v1/status`; probes may ask the first two with `HEAD`.
struct HealthRoutes {
    let backend: Backend
    let silent: SilentCount

    func add(to router: Router<BasicRequestContext>) {
        router.get("/health") { _, _ in try health() }
        router.head("/health") { _, _ in try health() }
        router.get("/ready") { _, _ in try await ready() }
        router.head("/ready") { _, _ in try await ready() }
        router.get("/metrics") { _, _ in
            JSONAnswer.bytes(
                Array(await metrics().utf8),
                type: "text/plain; version=0.0.4; charset=utf-8"
            )
        }
        router.get("/v1/status") { _, _ in try JSONAnswer.ok(await backend.status()) }
    }

    /// What the health check of InfluxDB's clients reads.
    private func health() throws -> Response {
        try JSONAnswer.ok(
            ["name": "fleetscore", "status": "pass", "message": "ready for events"]
        )
    }

    private func ready() async throws -> Response {
        try await backend.databases.value()
        if let problem = await backend.problem() { throw FleetError(.unavailable, problem) }
        // A process that makes no windows has no partitions.
        let hasNone = backend.progress.partitions.isEmpty
        guard backend.progress.isUnassigned || !hasNone else {
            throw FleetError(.unavailable, "the windows are being restored")
        }
        return try JSONAnswer.ok(["status": "ready"])
    }

    private func metrics() async -> String {
        var gauges = await backend.gauges()
        if let count = await silent.count() {
            gauges.append(
                (
                    "fleetscore_silent_series", "Series that are expected and silent.",
                    Double(count)
                )
            )
        }
        do {
            var byReason: [String: Int64] = [:]
            for count in try await backend.eventCounts.value() {
                byReason[count.reason.rawValue, default: 0] += count.count
            }
            for (reason, count) in byReason.sorted(by: { $0.key < $1.key }) {
                gauges.append(
                    (
                        "fleetscore_events_in_no_window{reason=\"\(reason)\"}",
                        "Events that are in no window, by reason.",
                        Double(count)
                    )
                )
            }
        } catch {
            // The other metrics say what is wrong; these are left out.
        }
        return PrometheusRegistry.shared.text(with: gauges)
    }
}
