// swift-tools-version: 6.2
import PackageDescription

/// Every target is compiled with the same strictness.
let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(
    _ name: String,
    _ dependencies: [Target.Dependency],
    exclude: [String] = []
) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let grdb: [Target.Dependency] = [
    .product(name: "GRDB", package: "GRDB.swift"),
    .product(name: "GRDBSQLite", package: "GRDB.swift"),
]
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let lifecycle = Target.Dependency.product(
    name: "ServiceLifecycle",
    package: "swift-service-lifecycle"
)
let unixSignals = Target.Dependency.product(
    name: "UnixSignals",
    package: "swift-service-lifecycle"
)
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let hummingbird: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
let hummingbirdTesting = Target.Dependency.product(
    name: "HummingbirdTesting",
    package: "hummingbird"
)
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
]
let arguments = Target.Dependency.product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)

let package = Package(
    name: "fleetscore",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "fleetscore", targets: ["fleetscore"]),
        .library(name: "Core", targets: ["Core"]),
        .library(name: "Inference", targets: ["Inference"]),
        .library(name: "Windowing", targets: ["Windowing"]),
        .library(name: "Wire", targets: ["Wire"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird",
            exact: "2.28.1",
            traits: []
        ),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
    ],
    targets: [
        // Values.
        library("Core"),
        // Pure logic.
        library("Wire", ["Core", "CBytes", "CMemory", "CZlib", "CZstd"]),
        library("Windowing", ["Core", "CMemory"]),
        library("Parquet", ["CLz4", "CZlib", "CZstd"]),
        library("Inference", ["CVector"]),
        library("ONNX", ["Inference", protobuf]),
        library("Sklearn", ["Inference", "CBzip2", "CLz4", "CLzma", "CZlib"]),
        library("Pipelines", ["Core", yams]),
        library("PlantSimulator", ["Core"]),
        // Seams, each with its in-memory twin and its local driver.
        library("Disk", ["Core", "CDisk", "CThreads"]),
        library("EventLog", ["Core", "Disk", "CChecksum"]),
        library("Blobs", ["Core", crypto]),
        library("Store", ["Core"]),
        library("Compute", ["Core", log, subprocess]),
        library("Sources", ["Core", log]),
        // Models at scale.
        library("Packs", ["Core", "Inference", "Disk", crypto]),
        library("Fleets", ["Core", "Inference", "ONNX", "Sklearn", "Packs", "Blobs"]),
        library("Scoring", ["Core", "Inference", "Packs", "Parquet", "Blobs"]),
        // Drivers.
        library("SQLiteStore", ["Core", "Disk", "Store"] + grdb),
        library("MQTTSource", ["Core", "Sources", log] + nio),
        library("KafkaLog", ["Core", "Disk", "EventLog", "CRdKafka", log]),
        // Services and edges.
        library(
            "Service",
            [
                "Core", "Wire", "Windowing", "Parquet", "Inference", "Packs", "Fleets",
                "Pipelines", "Disk", "EventLog", "Sources", "Store", "Blobs", "Compute", "Scoring",
                log, metrics, lifecycle,
            ]
        ),
        library("Client", ["Core", httpClient]),
        library(
            "API",
            [
                "Core", "Client", "Wire", "Windowing", "Inference", "Packs", "Fleets",
                "Pipelines", "Sources", "Store", "Blobs", "Compute", "Service", "CThreads", log,
                metrics, lifecycle,
            ] + hummingbird
        ),
        .executableTarget(
            name: "fleetscore",
            dependencies: [
                "Core", "Wire", "Windowing", "Parquet", "Inference", "Sklearn", "Pipelines",
                "PlantSimulator", "Disk", "EventLog", "Blobs", "Store", "Compute", "Packs",
                "Fleets", "Scoring", "SQLiteStore", "Sources", "MQTTSource", "KafkaLog", "Service",
                "Client", "API", "CMemory", "CThreads", arguments, lifecycle, unixSignals, log,
                metrics,
            ],
            swiftSettings: settings
        ),
        // C.
        .target(name: "CBytes"),
        .target(name: "CVector"),
        .target(name: "CMemory"),
        .target(name: "CChecksum"),
        .target(name: "CDisk"),
        .target(name: "CThreads"),
        .systemLibrary(
            name: "CZstd",
            pkgConfig: "libzstd",
            providers: [.apt(["libzstd-dev"])]
        ),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CBzip2", providers: [.apt(["libbz2-dev"])]),
        .systemLibrary(
            name: "CLzma",
            pkgConfig: "liblzma",
            providers: [.apt(["liblzma-dev"])]
        ),
        .systemLibrary(
            name: "CRdKafka",
            pkgConfig: "rdkafka",
            providers: [.apt(["librdkafka-dev"])]
        ),
        .systemLibrary(name: "CLz4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        // Tests.
        .target(
            name: "TestKit",
            dependencies: [
                "Core", "Wire", "Windowing", "Inference", "Packs", "Disk", "EventLog", "Blobs",
                "Store", "Compute", "Scoring", "Service", "Sources", log,
            ],
            path: "Tests/TestKit",
            swiftSettings: settings
        ),
        tests("CoreTests", ["Core"]),
        tests("WireTests", ["Core", "Wire", "CBytes", "CZlib", "CZstd"]),
        tests("WindowingTests", ["Core", "Windowing"]),
        tests("ParquetTests", ["Parquet"], exclude: ["check_parquet.py"]),
        tests("InferenceTests", ["Inference", "CVector"]),
        tests("SklearnTests", ["Sklearn", "Inference"], exclude: ["Cases", "Fixtures"]),
        tests(
            "ONNXTests",
            ["ONNX", "Inference"],
            exclude: ["Cases", "skipped-cases.txt"]
        ),
        tests("PipelinesTests", ["Core", "Pipelines"]),
        tests("PlantSimulatorTests", ["Core", "PlantSimulator"]),
        tests("DiskTests", ["Core", "Disk", "TestKit"]),
        tests("EventLogTests", ["Core", "Disk", "EventLog", "TestKit"]),
        .executableTarget(
            name: "KafkaPeer",
            dependencies: ["Core", "EventLog", "KafkaLog", "CRdKafka", log],
            path: "Tests/KafkaPeer",
            swiftSettings: settings
        ),
        tests(
            "KafkaLogTests",
            ["Core", "EventLog", "KafkaLog", "TestKit", "CRdKafka", "KafkaPeer", log]
        ),
        tests("BlobsTests", ["Core", "Blobs", "TestKit"]),
        tests("ComputeTests", ["Core", "Compute", "TestKit", log]),
        tests("StoreTests", ["Core", "Store", "TestKit"]),
        tests("SQLiteStoreTests", ["Core", "Disk", "Store", "SQLiteStore", "TestKit"] + grdb),
        tests(
            "MQTTSourceTests",
            ["Core", "MQTTSource", "Sources", "TestKit", log] + nio
        ),
        tests("PacksTests", ["Core", "Inference", "Disk", "Packs", crypto]),
        tests(
            "FleetsTests",
            ["Core", "Fleets", "Inference", "Packs", "TestKit"]
        ),
        tests(
            "ScoringTests",
            ["Core", "Blobs", "Disk", "Packs", "Scoring", "TestKit"]
        ),
        tests(
            "ServiceTests",
            [
                "Core", "Blobs", "Compute", "Disk", "EventLog", "Fleets", "Inference", "Packs",
                "Parquet", "Pipelines", "Scoring", "Service", "Store", "TestKit", "Windowing",
                "Wire", log,
            ]
        ),
        tests(
            "APITests",
            [
                "API", "Client", "Core", "EventLog", "Packs", "Service", "Store", "TestKit",
                "Wire", lifecycle, metrics, hummingbirdTesting,
            ] + hummingbird
        ),
        tests(
            "ProcessTests",
            ["Core", "Client", "Sklearn", "Inference"],
            exclude: ["clock_offset.c", "sasl_front.py"]
        ),
        tests("TidyTests", []),
    ]
)
