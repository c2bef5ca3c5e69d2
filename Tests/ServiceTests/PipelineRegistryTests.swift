import Core
import Service
import Store
import Testing
import TestKit
import Windowing

@Suite("Publishing pipelines")
struct PipelineRegistryTests {
    private static func publish(_ features: String, quantiles: [Double]) async throws {
        let definition = try WindowDefinition(name: "1m", quantiles: quantiles)
        let registry = PipelineRegistry(
            catalog: MemoryCatalog(),
            settings: ServiceSettings(windows: [definition]),
            clock: ManualWallClock(ServiceFixture.start)
        )
        _ = try await registry.publish(
            yaml: """
                version: 1
                name: plant
                windows: 1m
                features: \(features)
                fleet: plant@production
                """,
            file: "plant.yaml"
        )
    }

    @Test("a quantile that the windows do not have is refused with what to add")
    func quantiles() async throws {
        let cases: [(features: String, quantiles: [Double], missing: String, all: String)] = [
            ("[mean, p95]", [], "0.95", "0.95"),
            ("[p50, p95, p999]", [0.5], "0.95, 0.999", "0.5, 0.95, 0.999"),
            ("[t.p05, t.mean]", [0.95], "0.05", "0.05, 0.95"),
        ]
        for item in cases {
            let error = await #expect(throws: FleetError.self) {
                try await Self.publish(item.features, quantiles: item.quantiles)
            }
            #expect(error?.code == .invalidArgument)
            #expect(
                error?.description == "plant.yaml features: window 1m has no quantile "
                    + "\(item.missing); add `quantiles: [\(item.all)]` to it in fleetscore.yaml"
            )
        }
        try await Self.publish("[mean, p95]", quantiles: [0.5, 0.95])
        try await Self.publish("[mean, rate]", quantiles: [])
    }
}
