import Core
package import Packs
import Synchronization

extension FleetImporter {
    /// Pack entries in key order, with what was found on the way.
    package struct Outcome: Sendable {
        package var entries: [PackEntry]
        package var report: ImportReport
    }

    /// Imports files into entries in memory, for few of them, as one-shot scoring does.
    ///
    /// The result does not depend on the number of workers.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` for an override without a file.
    package func run(_ files: ModelFiles, workerCount: Int = 2) async throws -> Outcome {
        let jobs = try ImportJobs(files, request)
        let work = ImportWork(
            files: files,
            jobs: jobs,
            request: request,
            byteCountMax: limits.modelByteCountMax,
            base: nil,
            segments: []
        )
        let cursor = JobCursor(jobs.jobs.count, batchCount: 64)
        let found = try await withThrowingTaskGroup(
            of: ([PackEntry], ImportReport).self
        ) { group in
            for _ in 0..<max(1, min(workerCount, 64)) {
                group.addTask { try await work.entries(cursor) }
            }
            var all = Outcome(entries: [], report: jobs.report)
            for try await (entries, report) in group {
                all.entries += entries
                all.report.merge(report)
            }
            return all
        }
        var outcome = found
        outcome.entries.sort { $0.key < $1.key }
        outcome.report.sort()
        return outcome
    }

    /// Imports files in memory.
    package func run(_ files: [ModelFile], workerCount: Int = 2) async throws -> Outcome {
        try await run(ModelFiles(files), workerCount: workerCount)
    }
}
