import Blobs
import Client
import Compute
import Core
import Hummingbird
import Service
import Store

/// `/v1/runs` and `/v1/workers`: start, list, show, cancel, predictions, explain.
struct RunRoutes {
    let backend: Backend

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/runs") { request, _ in
            let limit = try request.number("limit", default: 20, in: 1...1000)
            let runs = try await backend.catalog.runs(
                pipeline: request.query("pipeline"),
                limit: limit
            )
            return try JSONAnswer.ok(runs.map { RunInfo($0, blobs: backend.blobs) })
        }
        router.post("/v1/runs") { request, _ in try await start(request) }
        router.get("/v1/runs/:id") { _, context in
            let run = try await backend.catalog.run(context.parameters.require("id"))
            return try JSONAnswer.ok(RunInfo(run, blobs: backend.blobs))
        }
        router.post("/v1/runs/:id/cancel") { _, context in
            let id = try context.parameters.require("id")
            try await backend.driver.cancel(run: id)
            let run = try await backend.catalog.run(id)
            return try JSONAnswer.ok(RunInfo(run, blobs: backend.blobs))
        }
        router.get("/v1/runs/:id/predictions") { request, context in
            try await predictions(request, run: context.parameters.require("id"))
        }
        router.get("/v1/runs/:id/items") { request, context in
            try await items(request, run: context.parameters.require("id"))
        }
        router.get("/v1/runs/:id/explain") { request, context in
            let id = try context.parameters.require("id")
            return try JSONAnswer.ok(
                await Explainer(backend: backend).explain(run: id, key: key(request))
            )
        }
        router.get("/v1/workers") { _, _ in
            let workers = await backend.compute.workers()
            return try JSONAnswer.ok(
                workers.map {
                    WorkerListing(
                        id: $0.id,
                        processID: $0.processID,
                        startedAt: $0.startedAt,
                        run: $0.ticket?.run,
                        task: $0.ticket?.task,
                        tasksDone: $0.tasksDone
                    )
                }
            )
        }
    }

    private func key(_ request: Request) throws -> SeriesKey {
        guard let text = request.query("key") else {
            throw FleetError(.invalidArgument, "no key is given", hint: "add ?key=device/sensor")
        }
        return try SeriesKey(parsing: text)
    }

    private func start(_ request: Request) async throws -> Response {
        let body: StartRunRequest = try await request.decoded()
        let run = try await backend.driver.start(
            pipeline: body.pipeline,
            interval: body.interval.map { try TimeInterval(parsing: $0) }
        )
        return try JSONAnswer.ok(RunInfo(run, blobs: backend.blobs), status: .created)
    }

    private func predictions(_ request: Request, run id: String) async throws -> Response {
        let run = try await backend.catalog.run(id)
        guard run.state.isPublished else {
            throw FleetError(
                .notFound,
                "run \(id) has published nothing: it is \(run.state.rawValue)",
                hint: run.message
            )
        }
        let offset = try request.number("offset", default: 0, in: 0...Int.max)
        let limit = try request.number("limit", default: 1000, in: 1...100_000)
        let batch = try await backend.windows.predictions(
            run: id,
            key: request.query("key").map { try SeriesKey(parsing: $0) },
            anomaliesOnly: ["true", "1"].contains(request.query("anomalies")),
            offset: offset,
            limit: limit
        )
        return try JSONAnswer.ok(
            PredictionPage(
                run: id,
                featureNames: batch.featureNames,
                rows: (0..<batch.count).map { PredictionInfo(batch, row: $0) },
                nextOffset: batch.count == limit ? offset + limit : nil
            )
        )
    }

    private func items(_ request: Request, run id: String) async throws -> Response {
        _ = try await backend.catalog.run(id)
        let status = try request.query("status").map { text in
            guard let status = ItemStatus(rawValue: text) else {
                throw FleetError(
                    .invalidArgument,
                    "there is no status \"\(text)\"",
                    hint: "use " + ItemStatus.allCases.map(\.rawValue).joined(separator: ", ")
                )
            }
            return status
        }
        return try JSONAnswer.ok(
            await backend.windows.items(
                run: id,
                status: status,
                offset: request.number("offset", default: 0, in: 0...Int.max),
                limit: request.number("limit", default: 1000, in: 1...100_000)
            )
        )
    }
}

extension RunInfo {
    init(_ run: RunRecord, blobs: any Blobs) {
        self.init(
            id: run.id,
            pipeline: run.pipeline,
            pipelineVersion: run.pipelineVersion,
            fleet: run.fleet,
            fleetVersion: run.fleetVersion,
            intervalStart: run.interval.start,
            intervalEnd: run.interval.end,
            attempt: run.attempt,
            trigger: run.trigger.rawValue,
            state: run.state.rawValue,
            isFinal: run.state.isFinal,
            createdAt: run.createdAt,
            startedAt: run.startedAt,
            endedAt: run.endedAt,
            items: run.items,
            tasks: run.taskCount,
            tasksDone: run.tasksDone,
            rows: run.rowCount,
            anomalies: run.anomalyCount,
            workerSeconds: run.workerSeconds,
            message: run.message,
            manifest: run.manifestKey,
            location: run.manifestKey.map { blobs.location(of: $0) }
        )
    }
}

extension PredictionInfo {
    init(_ batch: PredictionBatch, row: Int) {
        let key = Int(batch.keyIndex[row])
        let width = batch.featureCount
        self.init(
            key: batch.keys[key].description,
            windowStart: Timestamp(microseconds: batch.starts[row]),
            windowEnd: Timestamp(microseconds: batch.ends[row]),
            features: batch.features[(row * width)..<((row + 1) * width)].map(\.ifNumber),
            status: batch.statuses[row].rawValue,
            score: batch.scores[row].ifNumber,
            isAnomaly: batch.anomalies[row] < 0 ? nil : batch.anomalies[row] == 1,
            threshold: batch.thresholds[row].ifNumber,
            modelDigest: batch.modelDigests[key]
        )
    }
}

extension Double {
    /// The value, nil when it is not finite; JSON knows no other numbers.
    var ifNumber: Double? { isFinite ? self : nil }
}
