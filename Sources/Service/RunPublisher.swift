import Blobs
import Core
import FoundationEssentials
import Logging
import Scoring
import Store

/// Publishes what a run's tasks stored: rows in SQL, the manifest, the commit, the pointer.
///
/// The commit is one catalog transaction, guarded by the lease epoch; everything before it is
/// invisible, everything after it is derived and repaired at start.
struct RunPublisher {
    let catalog: any Catalog
    let windows: any WindowStore
    let blobs: any Blobs
    let clock: any WallClock
    let role: String
    let epoch: Int64
    let logger: Logger

    /// What readers follow from an interval's folder to its published manifest.
    private struct Pointer: Codable {
        let run: String
        let attempt: Int
        let manifest: String
    }

    /// Publishes a run whose tasks are all committed, and answers its final record.
    ///
    /// - Throws: `.conflict` when another server took over or a newer attempt is published.
    func publish(
        _ run: RunRecord,
        planned: RunPlanner.Planned,
        results: [TaskResult],
        notes: [String],
        withFailures: Bool
    ) async throws -> RunRecord {
        try await storeRows(of: run, results: results)
        let prefix = planned.plan.predictionsPrefix
        let manifest = manifest(run, planned, results, notes)
        let manifestKey = prefix + "/manifest.json"
        try await blobs.put(manifestKey, Self.encode(manifest))
        var done = run
        done.state = withFailures ? .publishedWithFailures : .published
        done.items = manifest.items
        done.rowCount = manifest.rowCount
        done.anomalyCount = manifest.anomalyCount
        done.manifestKey = manifestKey
        done.endedAt = clock.now
        done.message = notes.isEmpty ? nil : notes.joined(separator: "; ")
        let publication = Publication(
            pipeline: run.pipeline,
            interval: run.interval,
            run: run.id,
            attempt: run.attempt,
            manifestKey: manifestKey,
            publishedAt: clock.now
        )
        try await catalog.publish(publication, run: done, role: role, epoch: epoch)
        do {
            try await derive(from: publication, folder: RunPlanner.folder(of: run))
        } catch {
            // The run is published all the same; the next start repairs what follows from it.
            logger.error(
                "the pointer to a published run could not be written",
                metadata: ["run": "\(run.id)", "error": "\(error)"]
            )
        }
        return done
    }

    /// Makes everything that follows from publications true again after a crash.
    func repair() async throws {
        for publication in try await catalog.publications(pipeline: nil, limit: 1000) {
            let run = try await catalog.run(publication.run)
            try await derive(from: publication, folder: RunPlanner.folder(of: run))
        }
    }

    private func derive(from publication: Publication, folder: String) async throws {
        try await windows.setPublished(publication)
        let key = folder + "/latest.json"
        let pointer = try Self.encode(
            Pointer(
                run: publication.run,
                attempt: publication.attempt,
                manifest: publication.manifestKey
            )
        )
        if try await blobs.exists(key), try await blobs.get(key) == pointer { return }
        try await blobs.put(key, pointer)
    }

    private func storeRows(of run: RunRecord, results: [TaskResult]) async throws {
        for result in results {
            if let key = result.tableKey {
                let bytes = try await blobs.map(key, range: nil)
                let batch = try bytes.withBytes { try PredictionFile.decode($0) }
                try await windows.addPredictions(
                    batch,
                    run: run.id,
                    attempt: run.attempt,
                    pipeline: run.pipeline
                )
            }
            let keys = TaskKeys(run: run.id, task: result.task)
            let bytes = try await blobs.map(keys.items(attempt: result.attempt), range: nil)
            let items = try bytes.withBytes { try ItemFile.decode($0) }
            try await windows.addItems(items, run: run.id, attempt: run.attempt)
        }
    }

    private func manifest(
        _ run: RunRecord,
        _ planned: RunPlanner.Planned,
        _ results: [TaskResult],
        _ notes: [String]
    ) -> Manifest {
        let prefix = planned.plan.predictionsPrefix + "/"
        let parts = results.compactMap(\.part).map { part in
            var part = part
            if part.key.hasPrefix(prefix) { part.key.removeFirst(prefix.count) }
            return part
        }
        return Manifest(
            run: run.id,
            attempt: run.attempt,
            pipeline: run.pipeline,
            pipelineVersion: run.pipelineVersion,
            interval: run.interval,
            fleet: planned.version.fleet,
            fleetVersion: planned.version.version,
            packDigest: planned.version.packDigest,
            features: planned.plan.features,
            format: planned.plan.format.rawValue,
            createdAt: clock.now,
            items: results.reduce(StatusCounts()) { $0 + $1.items },
            rowCount: parts.reduce(0) { $0 + $1.rowCount },
            anomalyCount: results.reduce(0) { $0 + $1.anomalyCount },
            notes: notes,
            parts: parts
        )
    }

    private static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try Array(encoder.encode(value))
    }
}
