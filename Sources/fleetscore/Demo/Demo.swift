import Client
import Core
import PlantSimulator
import Pipelines

/// The demo's stages, one after another, each timed and shown.
struct Demo: Sendable {
    let archive: [UInt8]
    let seed: UInt64
    let folder: String
    let keep: Bool

    private static let historyWindow = WindowSetting(
        name: "1m",
        size: .seconds(60),
        allowedLateness: .seconds(30),
        filter: nil
    )
    private static let liveWindow = WindowSetting(
        name: "5s",
        size: .seconds(5),
        allowedLateness: .seconds(1),
        filter: nil
    )
    /// As often as in the data that the models were trained on.
    static let readingInterval = Duration.seconds(20)

    /// Runs everything; false when the models found too little or too much.
    func run() async throws -> Bool {
        let plant = Plant(noiseSeed: seed, faults: true)
        let now = SystemWallClock().now
        let end = Timestamp(
            microseconds: now.microseconds.floorDivided(by: 60_000_000) * 60_000_000
        )
        let history = try TimeInterval(start: end - .seconds(86_400), end: end)
        Terminal.complain(
            "a plant of \(plant.keys.count / 5) devices with 5 sensors each, data in \(folder)"
        )
        let past = try await DemoServer.run(
            folder: folder,
            windows: [Self.historyWindow],
            logLevel: "critical"
        ) { server in
            try await DemoHistory(
                server: server,
                plant: plant,
                interval: history,
                archive: archive
            ).run()
        }
        // A second definition needs a restart, which also shows that nothing is lost by one.
        return try await DemoServer.run(
            folder: folder,
            windows: [Self.historyWindow, Self.liveWindow],
            logLevel: "critical"
        ) { server in
            let stage = DemoLive(server: server, plant: plant)
            let live = try await stage.run()
            let summary = DemoSummary(
                past: past,
                live: live,
                status: try await server.client.get("/v1/status"),
                address: server.address
            )
            summary.say()
            if keep {
                Terminal.complain("the status page stays at http://\(server.address)/ until Ctrl-C")
                try await stage.streamOn()
            }
            return summary.isGood
        }
    }
}

/// Times stages and shows them as they happen.
struct StageClock: Sendable {
    private(set) var stages: [(name: String, seconds: Double)] = []

    /// Runs a stage and keeps how long it took.
    mutating func time<Result>(
        _ name: String,
        _ body: () async throws -> Result
    ) async throws -> Result {
        let clock = SystemWallClock()
        let started = clock.now
        let result = try await body()
        stages.append((name, (clock.now - started).inSeconds))
        return result
    }
}
