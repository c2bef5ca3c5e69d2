import Client
import Core
import PlantSimulator

/// The second part: live readings, five-second windows, and a pipeline that runs every ten seconds.
struct DemoLive: Sendable {
    let server: DemoServer
    let plant: Plant

    /// What live streaming came to.
    struct Outcome: Sendable {
        let accepted: Int
        let runs: [RunInfo]
        let seconds: Double
    }

    func run() async throws -> Outcome {
        let clock = SystemWallClock()
        let started = clock.now
        let (accepted, runs) = try await withThrowingTaskGroup(of: Int.self) { group in
            let stop = StopFlag()
            group.addTask { try await stream(until: stop) }
            let runs = try await watch()
            await stop.set()
            return (try await group.next() ?? 0, runs)
        }
        return Outcome(
            accepted: accepted,
            runs: runs,
            seconds: (clock.now - started).inSeconds
        )
    }

    private actor StopFlag {
        private(set) var isSet = false
        func set() { isSet = true }
    }

    /// Goes on streaming until cancelled.
    func streamOn() async throws { _ = try await stream(until: StopFlag()) }

    /// Sends the readings of every second as it passes.
    private func stream(until stop: StopFlag) async throws -> Int {
        let clock = SystemWallClock()
        let second = Duration.seconds(1)
        var next = Timestamp(
            microseconds: clock.now.microseconds.floorDivided(by: 1_000_000) * 1_000_000
        )
        var accepted = 0
        while await !stop.isSet {
            var events = EventBatch()
            plant.readings(from: next, to: next + second, every: second, into: &events)
            let sender = EventSender(
                client: server.client,
                keyPrefix: "live-\(plant.noiseSeed)-\(next.compact)"
            )
            accepted += try await sender.send(events).accepted
            next = next + second
            let wait = next - clock.now
            if wait > .zero { try await ContinuousClock().sleep(for: wait) }
        }
        return accepted
    }

    /// Publishes the live pipeline once windows close, and waits for two published runs.
    private func watch() async throws -> [RunInfo] {
        try await server.wait(for: "closing the first live window", atMost: .seconds(30)) {
            let status: StatusInfo = try await server.client.get("/v1/status")
            return status.definitions.contains { $0.name == "5s" && $0.closed > 0 }
        }
        let document = """
            version: 1
            name: live
            windows: 5s
            features: [mean]
            fleet: plant@production
            schedule: {every: 10s}

            """
        let info: PipelineInfo = try await server.client.post(
            "/v1/pipelines",
            body: .init(Array(document.utf8), contentType: "application/yaml")
        )
        Terminal.complain(
            "streaming live; pipeline \(info.name) runs \(info.schedule ?? ""), next at "
                + (info.nextFireTimes.first?.description ?? "–")
        )
        var published: [RunInfo] = []
        try await server.wait(for: "the second live run", atMost: .seconds(60)) {
            let runs: [RunInfo] = try await server.client.get(
                "/v1/runs",
                ["pipeline": "live", "limit": "20"]
            )
            for run in runs.reversed()
            where run.isFinal && !published.contains(where: { $0.id == run.id }) {
                Terminal.complain(
                    "live run over \(run.intervalStart)/\(run.intervalEnd): \(run.state), "
                        + "\(run.rows.grouped) rows, \(run.anomalies.grouped) anomalies"
                )
                published.append(run)
            }
            return Set(
                published.filter { $0.state == "published" }.map(\.intervalStart)
            ).count >= 2
        }
        return published
    }
}
