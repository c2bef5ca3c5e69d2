// swift-tools-version: 6.2
import PackageDescription

/// Coverage of every edge and comparison for libFuzzer, and checked memory.
///
/// One option, since of several only the last holds.
let instruments = ["-sanitize=fuzzer,address"]

/// The strictness of the product, whose sources these targets are by links.
let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .unsafeFlags(instruments),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")

// A package of its own, so that nobody builds it who does not fuzz; see docs/fuzzing.md.
let package = Package(
    name: "fleetscore-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0")
    ],
    targets: [
        library("Core"),
        library("Wire", ["Core", "CBytes", "CMemory", "CZlib", "CZstd"]),
        library("Parquet", ["CLz4", "CZlib", "CZstd"]),
        library("Disk", ["Core", "CDisk", "CThreads"]),
        library("Inference", ["CVector"]),
        library("Sklearn", ["Inference", "CBzip2", "CLz4", "CLzma", "CZlib"]),
        library("ONNX", ["Inference", protobuf]),
        // Links to the files that need no network.
        library("Sources", ["Core"]),
        library("MQTTSource", ["Core", "Sources"]),
        library("Packs", ["Core", "Inference", "Disk", "Crypto"]),
        // A stand-in that builds in seconds.
        .target(name: "Crypto"),
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "Core", "Wire", "Parquet", "Inference", "Sklearn", "ONNX", "Packs", "MQTTSource",
                "CFuzzer",
            ],
            swiftSettings: settings,
            // The default linker fails on this toolchain's debug information of the C code.
            linkerSettings: [.unsafeFlags(instruments + ["-use-ld=lld"])]
        ),
        .target(
            name: "CVector",
            cSettings: [.unsafeFlags(["-fsanitize=fuzzer-no-link,address"])]
        ),
        .target(name: "CBytes"),
        .target(name: "CFuzzer"),
        .target(name: "CMemory"),
        .target(name: "CDisk"),
        .target(name: "CThreads"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd"),
        .systemLibrary(name: "CBzip2"),
        .systemLibrary(name: "CLzma", pkgConfig: "liblzma"),
        .systemLibrary(name: "CLz4", pkgConfig: "liblz4"),
    ]
)
