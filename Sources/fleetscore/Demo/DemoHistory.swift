import Client
import Core
import PlantSimulator

/// The first part: a day of history, sent, windowed, scored and compared with the faults.
struct DemoHistory: Sendable {
    let server: DemoServer
    let plant: Plant
    let interval: TimeInterval
    let archive: [UInt8]

    /// What the day came to.
    struct Outcome: Sendable {
        let accepted: Int
        let fleet: FleetVersionInfo
        let run: RunInfo
        let windows: Int64
        let episodes: EpisodeScoring.Result
        let stages: [(name: String, seconds: Double)]
    }

    func run() async throws -> Outcome {
        var clock = StageClock()
        let fleet: FleetDetail = try await clock.time("import models") {
            try await server.client.post(
                "/v1/fleets/plant/versions",
                ["key_pattern": "model_{device}_{sensor}"],
                body: .init(archive, contentType: "application/x-tar")
            )
        }
        Terminal.complain(
            "imported \(fleet.version.models.grouped) models, "
                + "\(fleet.version.errors) with errors"
        )
        try await publish()
        let accepted = try await clock.time("send history") { try await sendHistory() }
        try await clock.time("close windows") {
            try await server.wait(for: "closing the history's windows", atMost: .seconds(60)) {
                let status: StatusInfo = try await server.client.get("/v1/status")
                return status.lag == 0 && status.partitions.allSatisfy { $0.openWindows == 0 }
            }
        }
        let status: StatusInfo = try await server.client.get("/v1/status")
        let run = try await clock.time("score history") { try await score() }
        let episodes = try await clock.time("compare with faults") { try await compare(run) }
        return Outcome(
            accepted: accepted,
            fleet: fleet.version,
            run: run,
            windows: status.definitions.first?.closed ?? 0,
            episodes: episodes,
            stages: clock.stages
        )
    }

    private func publish() async throws {
        let document = """
            version: 1
            name: plant
            windows: 1m
            features: [mean]
            fleet: plant@production
            outputs: {format: parquet}

            """
        let _: PipelineInfo = try await server.client.post(
            "/v1/pipelines",
            body: .init(Array(document.utf8), contentType: "application/yaml")
        )
    }

    /// Sends hour by hour, so that only an hour of readings is in memory.
    private func sendHistory() async throws -> Int {
        let hour = Duration.seconds(3600)
        let perHour = plant.keys.count * Int(3600 / Demo.readingInterval.inSeconds)
        var progress = ProgressLine("sending history", total: perHour * 24, unit: "events")
        var accepted = 0
        var start = interval.start
        while start < interval.end {
            var events = EventBatch()
            plant.readings(
                from: start,
                to: min(start + hour, interval.end),
                every: Demo.readingInterval,
                into: &events
            )
            let sender = EventSender(
                client: server.client,
                keyPrefix: "demo-\(plant.noiseSeed)-\(start.compact)"
            )
            let before = accepted
            accepted += try await sender.send(events) { progress.update(before + $0) }.accepted
            start = start + hour
        }
        progress.finish(accepted)
        _ = try await server.client.bytes("POST", "/v1/events/complete", [:], body: nil)
        return accepted
    }

    private func score() async throws -> RunInfo {
        var run: RunInfo = try await server.client.post(
            "/v1/runs",
            body: .init(json: StartRunRequest(pipeline: "plant", interval: "\(interval)"))
        )
        let id = run.id
        var progress = ProgressLine("scoring history", total: nil, unit: "rows")
        var latest = run
        try await server.wait(for: "the run over the history", atMost: .seconds(120)) {
            latest = try await server.client.get("/v1/runs/\(id)")
            progress.update(latest.rows, note: latest.state)
            return latest.isFinal
        }
        run = latest
        progress.finish(run.rows, note: run.state)
        guard run.state == "published" else {
            throw FleetError(
                .internal,
                "the run over the history ended as \(run.state)",
                hint: run.message
            )
        }
        return run
    }

    private func compare(_ run: RunInfo) async throws -> EpisodeScoring.Result {
        var starts: [SeriesKey: [Timestamp]] = [:]
        var offset: Int? = 0
        while let from = offset {
            let page: PredictionPage = try await server.client.get(
                "/v1/runs/\(run.id)/predictions",
                ["anomalies": "true", "offset": "\(from)", "limit": "20000"]
            )
            for row in page.rows {
                starts[try SeriesKey(parsing: row.key), default: []].append(row.windowStart)
            }
            offset = page.nextOffset
        }
        return EpisodeScoring(windowSize: .seconds(60)).score(
            anomalousStarts: starts,
            faults: plant.faults(from: interval.start, to: interval.end),
            from: interval.start,
            to: interval.end
        )
    }
}
