import API
import Client
import Core
import HTTPTypes
import Metrics
import Service
import Store
import TestKit
import Testing

@Suite("Health, metrics and the status page")
struct StatusTests {

    @Test("healthy at once, ready only when windows are restored and can be stored")
    func ready() async throws {
        let fixture = try await APIFixture(isRestored: false)
        try await fixture.withClient { client in
            let health = try await client.get("/health").text
            #expect(
                health == #"{"message":"ready for events","name":"fleetscore","status":"pass"}"#
            )
            let early = try await client.get("/ready")
            #expect(early.status == 503 && early.text.contains("being restored"))
            try await fixture.aggregator.recover()
            let ready = try await client.get("/ready")
            #expect(ready.status == 200 && ready.text == #"{"status":"ready"}"#)
            await fixture.services.catalog.close()
            #expect(try await client.get("/ready").status == 503)
        }
    }

    @Test("probes that ask with HEAD get the status without a body")
    func head() async throws {
        let fixture = try await APIFixture(isRestored: false)
        try await fixture.withClient(token: "0123456789abcdef") { client in
            for (path, status) in [("/health", 200), ("/ready", 503), ("/nothing", 401)] {
                let answer = try await client.call(.head, path)
                #expect(answer.status == status && answer.text.isEmpty, "\(path): \(answer)")
            }
            try await fixture.aggregator.recover()
            #expect(try await client.call(.head, "/ready").status == 200)
        }
    }

    @Test("the status has the counts of what came in")
    func status() async throws {
        let fixture = try await APIFixture()
        let services = fixture.services
        try await services.send([
            ("d/s", 0, 1), ("d/s", 0, 1), ("d/s", 300, 2), ("d/s", 10, 5),
        ])
        try await fixture.settle()
        try await services.send([("d/s", 400, 1)])
        try await fixture.withClient { client in
            let status: StatusInfo = try await client.get("/v1/status").decoded()
            #expect(status.accepted == 4 && status.duplicates == 1)
            let window = try #require(status.definitions.first)
            #expect(window.name == "1m" && window.size == "1m" && window.closed == 1)
            #expect(window.windowed == 2 && window.late == 1 && window.filtered == 0)
            #expect(window.watermark == ServiceFixture.at(290))
            let used = try #require(status.partitions.first { $0.events > 0 })
            #expect(used.openWindows == 1 && used.series == 1)
            let late: [DeadLetterInfo] = try await client.get("/v1/events/late").decoded()
            #expect(late.map(\.value) == [5])
        }
    }

    @Test("metrics are text of the Prometheus format")
    func metrics() async throws {
        let fixture = try await APIFixture()
        try await fixture.services.send([("d/s", 0, 1), ("e/s", 0, 1)])
        try await fixture.settle()
        try await fixture.withClient { client in
            fixture.services.clock.advance(by: .milliseconds(1500))
            let answer = try await client.get("/metrics")
            #expect(answer.status == 200)
            #expect(answer.type == "text/plain; version=0.0.4; charset=utf-8")
            let lines = answer.text.split(separator: "\n").map(String.init)
            #expect(lines.contains("fleetscore_windowing_open_windows 2"))
            #expect(lines.contains("fleetscore_windowing_lag_events 0"))
            #expect(lines.contains("fleetscore_uptime_seconds 1.5"))
            #expect(lines.contains("# TYPE fleetscore_windowing_series gauge"))
            #expect(answer.text.hasSuffix("\n"))
        }
    }

    @Test("counters are written once each with their labels, types before them")
    func registry() {
        let registry = PrometheusRegistry()
        registry.makeCounter(label: "b_total", dimensions: []).increment(by: 2)
        registry.makeCounter(label: "a_total", dimensions: [("state", "failed")]).increment(by: 1)
        registry.makeCounter(label: "a_total", dimensions: [("state", "done")]).increment(by: 4)
        registry.makeCounter(label: "a_total", dimensions: [("state", "done")]).increment(by: 1)
        #expect(
            registry.text(with: [("g", "A gauge.", 0.25)]) == """
                # TYPE a_total counter
                a_total{state="done"} 5
                a_total{state="failed"} 1
                # TYPE b_total counter
                b_total 2
                # HELP g A gauge.
                # TYPE g gauge
                g 0.25

                """
        )
    }

    @Test("the page shows the series and its windows, and no name becomes markup")
    func page() async throws {
        let fixture = try await APIFixture()
        let services = fixture.services
        try await fixture.withClient { client in
            let empty = try await client.get("/")
            #expect(empty.status == 200 && empty.type.hasPrefix("text/html"))
            #expect(empty.text.contains("No event has arrived"))
        }
        let name = "<b>x<"
        try await services.send([("<i>/\(name)", 0, 1), ("<i>/\(name)", 60, 2)])
        try await services.ingest.complete()
        try await fixture.settle()
        try await fixture.withClient { client in
            let page = try await client.get("/")
            #expect(page.text.contains("&lt;i&gt;/&lt;b&gt;x&lt;"))
            #expect(!page.text.contains("<b>x") && !page.text.contains("<i>"))
            #expect(page.text.contains("<polyline"))
            #expect(page.text.contains("events accepted<b>2</b>"))
            let asked = try await client.get("/?key=%22%3E%3Cscript%3E/s")
            #expect(asked.status == 200 && !asked.text.contains("<script>"))
            #expect(asked.text.contains("&quot;&gt;&lt;script&gt;/s"))
        }
    }

    @Test("a run is shown with its counts, its rows and why a key got its answer")
    func run() async throws {
        let fixture = try await APIFixture()
        let services = fixture.services
        try await services.publishFleet([TestModels.entry("a/s"), TestModels.entry("b/s")])
        try await services.close([("a/s", 60, 20), ("a/s", 120, 28), ("x/s", 60, 1)])
        try await services.publishPipeline()
        try await fixture.withClient { client in
            let answer = try await client.call(
                .post,
                "/v1/runs",
                type: "application/json",
                body: """
                    {"pipeline":"plant","interval":"2026-03-01T00:00:00Z/2026-03-01T00:05:00Z"}
                    """
            )
            #expect(answer.status == 201)
            let id = try answer.decoded(RunInfo.self).id
            let early = try await client.get("/v1/runs/\(id)/predictions")
            #expect(early.status == 404 && early.text.contains("has published nothing"))
            try await services.driveAll(fixture.driver)
            let run: RunInfo = try await client.get("/v1/runs/\(id)").decoded()
            #expect(run.state == "published" && run.isFinal && run.rows == 3)
            #expect(run.anomalies == 1 && run.location == "memory:\(run.manifest ?? "")")
            let page: PredictionPage = try await client.get("/v1/runs/\(id)/predictions?limit=2")
                .decoded()
            #expect(page.rows.map(\.isAnomaly) == [false, true] && page.nextOffset == 2)
            let rest: PredictionPage = try await client.get("/v1/runs/\(id)/predictions?offset=2")
                .decoded()
            #expect(rest.rows.map(\.status) == ["no_model"] && rest.nextOffset == nil)
            let items: [ItemOutcome] = try await client.get("/v1/runs/\(id)/items?status=no_data")
                .decoded()
            #expect(items.map(\.key.description) == ["b/s"])
            let why: Explanation = try await client.get("/v1/runs/\(id)/explain?key=a/s").decoded()
            #expect(why.status == "scored" && why.predictions.count == 2 && why.model != nil)
            #expect(try await client.get("/v1/runs/\(id)/explain?key=z/s").status == 404)
            let html = try await client.get("/").text
            #expect(html.contains("<circle") && html.contains(">published</td>"))
        }
    }
}
