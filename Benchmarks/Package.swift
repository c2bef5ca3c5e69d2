// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that building the product never builds a benchmark or its dependencies.
// Traits are off: they hook the allocator, which the product's timings must not feel.
let wire = Target.Dependency.product(name: "Wire", package: "fleetscore")
let inference = Target.Dependency.product(name: "Inference", package: "fleetscore")

let windowing = Target.Dependency.product(name: "Windowing", package: "fleetscore")
let core = Target.Dependency.product(name: "Core", package: "fleetscore")

let package = Package(
    name: "fleetscore-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "fleetscore", path: ".."),
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
    ],
    targets: [
        .target(name: "Fleet", dependencies: [inference]),
        .executableTarget(name: "model-rate", dependencies: ["Fleet", inference]),
        .executableTarget(name: "decode-rate", dependencies: [core, wire]),
        .executableTarget(name: "make-fleet"),
        .executableTarget(name: "window-rate", dependencies: [core, windowing]),
        .executableTarget(
            name: "Models",
            dependencies: [
                "Fleet", inference, .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/Models",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
        ),
    ]
)
