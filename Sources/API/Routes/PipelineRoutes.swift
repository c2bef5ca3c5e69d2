import Client
import Core
import Hummingbird
import Pipelines
import Service
import Store

/// `/v1/pipelines`: publish, list, show, pause, resume, preview.
struct PipelineRoutes {
    let backend: Backend

    private static let documentByteCountMax = 1 << 20

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/pipelines") { _, _ in
            var infos: [PipelineInfo] = []
            for record in try await backend.catalog.pipelines() {
                infos.append(try await info(record))
            }
            return try JSONAnswer.ok(infos)
        }
        router.post("/v1/pipelines") { request, _ in
            let yaml = try await text(of: request)
            let record = try await backend.pipelines.publish(
                yaml: yaml,
                file: request.query("file") ?? "pipeline.yaml"
            )
            return try JSONAnswer.ok(await info(record), status: .created)
        }
        router.post("/v1/pipelines/check") { request, _ in
            let file = request.query("file") ?? "pipeline.yaml"
            let document = try PipelineDocument.parse(yaml: await text(of: request), file: file)
            try backend.pipelines.check(document, file: file)
            return try JSONAnswer.ok(["name": document.name])
        }
        router.get("/v1/pipelines/:name") { _, context in
            try JSONAnswer.ok(await info(record(context)))
        }
        router.get("/v1/pipelines/:name/preview") { request, context in
            let count = try request.number("count", default: 5, in: 1...1000)
            return try JSONAnswer.ok(
                backend.pipelines.preview(await record(context), count: count)
            )
        }
        router.post("/v1/pipelines/:name/pause") { _, context in
            let name = try await record(context).name
            try await backend.pipelines.pause(name)
            return try JSONAnswer.ok(await info(backend.catalog.pipeline(name)))
        }
        router.post("/v1/pipelines/:name/resume") { _, context in
            let name = try await record(context).name
            try await backend.pipelines.resume(name)
            return try JSONAnswer.ok(await info(backend.catalog.pipeline(name)))
        }
    }

    private func text(of request: Request) async throws -> String {
        let bytes = try await request.body(upTo: Self.documentByteCountMax)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FleetError(.invalidArgument, "the document is not UTF-8 text")
        }
        return text
    }

    private func record(_ context: BasicRequestContext) async throws -> PipelineRecord {
        let name = try context.parameters.require("name")
        do {
            return try await backend.catalog.pipeline(name)
        } catch let error as FleetError where error.code == .notFound {
            let names = try await backend.catalog.pipelines().map(\.name)
            throw FleetError(
                .notFound,
                "there is no pipeline \"\(name)\"",
                hint: DidYouMean.suggestion(for: name, among: names).map {
                    "did you mean \"\($0)\"?"
                } ?? "publish one with `fleetscore pipelines publish FILE`"
            )
        }
    }

    private func info(_ record: PipelineRecord) async throws -> PipelineInfo {
        let document = try PipelineDocument.parse(yaml: record.document, file: record.name)
        let lastRun = try await backend.catalog.runs(pipeline: record.name, limit: 1).first
        let skipped = try await backend.catalog.skippedTriggers(pipeline: record.name, limit: 10)
        return PipelineInfo(
            name: record.name,
            version: record.version,
            publishedAt: record.publishedAt,
            paused: record.isPaused,
            schedule: document.scheduleText,
            fleet: document.fleet.description,
            windows: document.windows,
            nextFireTimes: record.isPaused
                ? [] : try backend.pipelines.preview(record, count: 3),
            lastRun: lastRun.map { RunInfo($0, blobs: backend.blobs) },
            document: record.document,
            skipped: skipped.map {
                .init(
                    intervalStart: $0.interval.start,
                    intervalEnd: $0.interval.end,
                    reason: $0.reason
                )
            }
        )
    }
}

extension PipelineDocument {
    /// The schedule for people: `every 5m`, or `cron 0 * * * * (Europe/Berlin)`.
    var scheduleText: String? {
        switch schedule?.schedule {
        case nil: nil
        case .every(let period): "every \(period.text)"
        case .cron(let cron, let zone): "cron \(cron.text) (\(zone.identifier))"
        }
    }
}
