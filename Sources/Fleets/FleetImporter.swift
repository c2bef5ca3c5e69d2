package import Core
import Inference
package import Packs
import Sklearn

/// Decodes model files into pack entries, in parallel, with the checks of each model.
///
/// A file that cannot be decoded becomes an entry without a block whose finding says why, so that
/// its key is accounted for in every run; its neighbours are imported.
package struct FleetImporter: Sendable {
    package let pattern: KeyPattern
    /// Keys of the data at hand, to choose between several readings of a file name.
    package let knownKeys: Set<SeriesKey>
    package let limits: Limits

    package init(pattern: KeyPattern, knownKeys: Set<SeriesKey> = [], limits: Limits = Limits()) {
        self.pattern = pattern
        self.knownKeys = knownKeys
        self.limits = limits
    }

    /// Pack entries in key order, with what was found on the way.
    package struct Outcome: Sendable {
        package var entries: [PackEntry]
        package var report: ImportReport
    }

    /// Imports files; the result does not depend on the number of workers.
    package func run(_ files: [ModelFile], workerCount: Int = 2) async -> Outcome {
        var report = ImportReport()
        var jobs: [(file: ModelFile, key: SeriesKey)] = []
        var owners: [SeriesKey: String] = [:]
        for file in files.sorted(by: { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }) {
            guard let key = key(of: file) else {
                report.ignored.append(file.path)
                continue
            }
            if let owner = owners[key] {
                report.failures.append(
                    .init(file: file.path, key: key, message: "\(owner) holds \(key) already")
                )
                continue
            }
            owners[key] = file.path
            report.files.append(file.path)
            jobs.append((file, key))
        }
        let results = await decode(jobs, workerCount: workerCount)
        var outcome = Outcome(entries: [], report: report)
        for (job, result) in zip(jobs, results) {
            add(result, of: job, to: &outcome)
        }
        outcome.entries.sort { $0.key < $1.key }
        outcome.report.checked.sort { $0.key < $1.key }
        return outcome
    }

    /// The key a file's name means, nil when the name does not fit.
    package func key(of file: ModelFile) -> SeriesKey? {
        guard !file.isSurelyNoModel else { return nil }
        let candidates = pattern.keys(in: file.stem)
        return candidates.first { knownKeys.contains($0) } ?? candidates.first
    }

    private typealias Decoded = Result<PackEntry, FleetError>

    private func decode(
        _ jobs: [(file: ModelFile, key: SeriesKey)],
        workerCount: Int
    ) async -> [Decoded] {
        let chunkSize = max(1, min(512, (jobs.count + workerCount - 1) / max(1, workerCount)))
        let starts = Array(stride(from: 0, to: jobs.count, by: chunkSize))
        var chunks = [[Decoded]](repeating: [], count: starts.count)
        await withTaskGroup(of: (Int, [Decoded]).self) { group in
            for (index, start) in starts.enumerated() {
                let part = jobs[start..<min(start + chunkSize, jobs.count)]
                group.addTask {
                    await (index, Self.decodeChunk(part, limits: limits))
                }
            }
            for await (index, results) in group { chunks[index] = results }
        }
        return chunks.flatMap(\.self)
    }

    @concurrent
    private static func decodeChunk(
        _ jobs: ArraySlice<(file: ModelFile, key: SeriesKey)>,
        limits: Limits
    ) async -> [Decoded] {
        jobs.map { job in
            Decoded {
                () throws(FleetError) in try decode(job.file, key: job.key, limits: limits)
            }
        }
    }

    private static func decode(
        _ file: ModelFile,
        key: SeriesKey,
        limits: Limits
    ) throws(FleetError) -> PackEntry {
        guard file.bytes.count <= limits.modelByteCountMax else {
            throw FleetError(
                .invalidArgument,
                "\(file.path) has \(file.bytes.count) bytes, over the limit of "
                    + "\(limits.modelByteCountMax)"
            )
        }
        do {
            let parameters = try file.bytes.withUnsafeBytes {
                try SklearnDecoder.decode($0, name: file.path)
            }
            let findings = ModelChecks.degeneracy(of: parameters)
            let block = try ModelEncoder.encode(parameters)
            return PackEntry(
                key: key,
                block: block,
                description: ModelDescription(of: parameters, byteCount: block.count),
                findings: findings
            )
        } catch let error as FleetError {
            throw error
        } catch {
            throw FleetError(.invalidArgument, "\(error)")
        }
    }

    private func add(
        _ result: Decoded,
        of job: (file: ModelFile, key: SeriesKey),
        to outcome: inout Outcome
    ) {
        switch result {
        case .success(let entry):
            outcome.report.modelCount += 1
            if !entry.findings.isEmpty {
                outcome.report.checked.append(.init(key: job.key, findings: entry.findings))
            }
            outcome.entries.append(entry)
        case .failure(let error):
            outcome.report.failures.append(
                .init(file: job.file.path, key: job.key, message: error.description)
            )
            outcome.entries.append(.undecodable(key: job.key, message: error.description))
        }
    }
}
