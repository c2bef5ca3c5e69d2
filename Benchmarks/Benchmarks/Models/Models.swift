import Benchmark
import Fleet

/// Scoring packed models on one thread; the throughput counts rows.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .throughput, .mallocCountTotal],
        warmupIterations: 3,
        maxDuration: .seconds(3)
    )
    let machines = {
        var random = SeededGenerator(seed: 7)
        return (0..<1_000).map { _ in MachineParameters(using: &random) }
    }
    for rowCount in [1, 10, 100, 1_000] {
        for isScaled in [false, true] {
            let name = isScaled ? "StandardScaler + OneClassSVM" : "OneClassSVM"
            Benchmark("\(name), 1,000 models x \(rowCount) rows") { benchmark in
                let fleet = try PackedFleet(machines(), rowCount: rowCount, isScaled: isScaled)
                benchmark.startMeasurement()
                for _ in benchmark.scaledIterations { blackHole(try fleet.pass()) }
                benchmark.stopMeasurement()
            }
        }
    }
    Benchmark("Opening 1,000 packed models") { benchmark in
        let fleet = try PackedFleet(machines(), rowCount: 1)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(try fleet.openAll()) }
        benchmark.stopMeasurement()
    }
}
