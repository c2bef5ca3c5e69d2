package import Core
import Inference
package import Packs
import Synchronization

/// Decodes model files into packs, in parallel, with the checks of each model.
///
/// A file that cannot be decoded becomes an entry without a block whose finding says why, so that
/// its key is accounted for in every run; its neighbours are imported.
package struct FleetImporter: Sendable {
    package let request: ImportRequest
    package let limits: Limits

    package init(_ request: ImportRequest, limits: Limits = Limits()) {
        self.request = request
        self.limits = limits
    }

    package init(pattern: KeyPattern, knownKeys: Set<SeriesKey> = [], limits: Limits = Limits()) {
        var request = ImportRequest(pattern: pattern)
        request.knownKeys = knownKeys
        self.init(request, limits: limits)
    }

    /// What an import wrote.
    package struct Written: Sendable {
        /// The file of the new layer; nil when nothing differs from the version before.
        package let path: String?
        package let summary: PackSummary?
        package let report: ImportReport
    }

    /// Files that a worker takes at a time.
    static let batchCount = 512

    /// Whether asking for known keys could change what the file names mean.
    package func isAmbiguous(_ files: ModelFiles) -> Bool {
        ImportJobs.isAmbiguous(files, request.pattern)
    }

    /// Imports files into a layer over the version before, decoding only what has changed.
    ///
    /// The result does not depend on the number of workers. When the task is cancelled, what was
    /// decoded waits in the staging folder for the next import.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when no file fits the pattern;
    ///   `CancellationError`;   whatever reading and writing throws.
    package func run(
        _ files: ModelFiles,
        over base: PackReader?,
        in folder: StagingFolder,
        workerCount: Int,
        clock: any WallClock,
        progress: @escaping @Sendable (ImportProgress) -> Void = { _ in }
    ) async throws -> Written {
        let jobs = try ImportJobs(files, request)
        guard !jobs.jobs.isEmpty else { throw noFileFits(files, jobs.report) }
        let sink = ImportSink(
            folder,
            report: jobs.report,
            total: jobs.jobs.count,
            clock: clock,
            progress: progress
        )
        let work = ImportWork(
            files: files,
            jobs: jobs,
            request: request,
            byteCountMax: limits.modelByteCountMax,
            base: base,
            segments: folder.segments
        )
        do {
            try await work.run(workerCount: workerCount, into: sink)
        } catch {
            try sink.keep()
            throw error
        }
        return try await Self.finish(sink, removing: work.removedKeys(), over: base)
    }

    @concurrent
    private static func finish(
        _ sink: ImportSink,
        removing removed: [SeriesKey],
        over base: PackReader?
    ) async throws -> Written {
        guard sink.hasModels || !removed.isEmpty || base == nil else {
            return Written(path: nil, summary: nil, report: sink.report)
        }
        let (summary, report) = try sink.finish(over: base, removing: removed)
        return Written(path: sink.resultPath, summary: summary, report: report)
    }

    private func noFileFits(_ files: ModelFiles, _ report: ImportReport) -> FleetError {
        let names = report.ignored.prefix(3).joined(separator: ", ")
        return FleetError(
            .invalidArgument,
            "none of \(files.count) files fits the key pattern \"\(request.pattern)\" "
                + "(for example \(names.isEmpty ? "there is no file" : names))",
            hint: "pass --key-pattern with {device} and {sensor}"
        )
    }
}
