import Client
import Core
import FoundationEssentials
import Hummingbird
import Service
import Store

/// `/v1/registry`, what people say about devices and sensors, and `/v1/silent`.
struct RegistryRoutes {
    let backend: Backend

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/registry") { request, _ in
            let limit = try request.number("limit", default: 1000, in: 1...100_000)
            let after = try request.query("after").map { try SeriesKey(parsing: $0) }
            let entries = try await backend.windows.registry(after: after, limit: limit)
            return try JSONAnswer.ok(entries.map { RegistryInfo($0) })
        }
        router.put("/v1/registry") { request, _ in try await set(request) }
        router.delete("/v1/registry/{device}") { _, context in
            let device = try Self.name(context, "device")
            return try await remove(SeriesKey(device: device))
        }
        router.delete("/v1/registry/{device}/{sensor}") { _, context in
            let device = try Self.name(context, "device")
            let sensor = try Self.name(context, "sensor")
            return try await remove(SeriesKey(device: device, sensor: sensor))
        }
        router.get("/v1/silent") { request, _ in
            let limit = try request.number("limit", default: 1000, in: 1...100_000)
            let found = try await SilentSeriesFinder(backend).find(limit: limit)
            return try JSONAnswer.ok(
                SilentAnswer(series: found.series.map { SilentInfo($0) }, hasMore: found.hasMore)
            )
        }
    }

    private static func name(_ context: BasicRequestContext, _ part: String) throws -> String {
        try context.parameters.require(part).percentDecoded
    }

    /// Bytes of one change at most.
    private static let bodyByteCountMax = 16 << 20
    private static let entryCountMax = 100_000

    private func set(_ request: Request) async throws -> Response {
        let body = try await request.body(upTo: Self.bodyByteCountMax)
        let isTable = request.headers[.contentType]?.hasPrefix("text/csv") ?? false
        let infos = try isTable ? RegistryTable.parse(body) : RegistryList.parse(body)
        guard infos.count <= Self.entryCountMax else {
            throw FleetError(
                .invalidArgument,
                "\(infos.count) entries are more than the \(Self.entryCountMax) of one call",
                hint: "send them in parts"
            )
        }
        let now = backend.clock.now
        let entries = try infos.map { try RegistryEntry($0, at: now) }
        try await backend.windows.setRegistry(entries)
        try await backend.ingest.rules.reload(from: backend.windows)
        return try JSONAnswer.ok(RegistryAnswer(changed: entries.count))
    }

    private func remove(_ key: SeriesKey) async throws -> Response {
        let count = try await backend.windows.removeRegistry([key])
        guard count > 0 else {
            throw FleetError(.notFound, "the registry has no entry \"\(key)\"")
        }
        try await backend.ingest.rules.reload(from: backend.windows)
        return try JSONAnswer.ok(RegistryAnswer(changed: count))
    }
}

extension RegistryEntry {
    fileprivate init(_ info: RegistryInfo, at now: Timestamp) throws {
        let key =
            try info.sensor.map { try SeriesKey(device: info.device, sensor: $0) }
            ?? SeriesKey(device: info.device)
        let interval = try info.expectedInterval.map { text in
            guard let duration = Duration(parsing: text) else {
                throw FleetError(
                    .invalidArgument,
                    "the expected interval \"\(text)\" of \"\(key)\" is no duration",
                    hint: "write one such as 10s or 5m"
                )
            }
            return duration
        }
        self.init(
            key: key,
            site: info.site,
            unit: info.unit,
            expectedInterval: interval,
            min: info.min,
            max: info.max,
            updatedAt: now
        )
        try check()
    }
}

extension RegistryInfo {
    init(_ entry: RegistryEntry) {
        self.init(
            device: entry.key.device,
            sensor: entry.key.isDevice ? nil : entry.key.sensor,
            site: entry.site,
            unit: entry.unit,
            expectedInterval: entry.expectedInterval?.text,
            min: entry.min,
            max: entry.max,
            updatedAt: entry.updatedAt
        )
    }
}

extension SilentInfo {
    init(_ silent: SilentSensor) {
        var pipeline: String?
        if case .model(let name) = silent.reason { pipeline = name }
        self.init(
            device: silent.key.device,
            sensor: silent.key.isDevice ? nil : silent.key.sensor,
            lastEventAt: silent.lastEventAt,
            silentSince: silent.silentSince,
            expectedInterval: silent.expectedInterval?.text,
            expectedBecause: pipeline == nil ? "recent" : "model",
            pipeline: pipeline
        )
    }
}
