import Core
import Inference
import Packs
import Synchronization

/// The next jobs nobody has taken.
final class JobCursor: Sendable {
    private let next = Atomic<Int>(0)
    private let count: Int
    private let batchCount: Int

    init(_ count: Int, batchCount: Int) {
        self.count = count
        self.batchCount = batchCount
    }

    /// The next jobs, nil when there are none.
    func take() -> Range<Int>? {
        let start = next.wrappingAdd(batchCount, ordering: .relaxed).oldValue
        return start < count ? start..<min(start + batchCount, count) : nil
    }
}

/// One import: its files, its jobs, and the packs that spare decoding.
struct ImportWork: Sendable {
    let files: ModelFiles
    let jobs: ImportJobs
    let request: ImportRequest
    let byteCountMax: Int
    /// The version before.
    let base: PackReader?
    /// What an interrupted import has decoded.
    let segments: [PackReader]

    /// Decodes what has changed.
    func run(workerCount: Int, into sink: ImportSink) async throws {
        let cursor = JobCursor(jobs.jobs.count, batchCount: FleetImporter.batchCount)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, workerCount) {
                group.addTask { try await self.work(cursor, into: sink) }
            }
            try await group.waitForAll()
        }
    }

    @concurrent
    private func work(_ cursor: JobCursor, into sink: ImportSink) async throws {
        var batch = PackBatch()
        var buffer = FileBuffer()
        var tools = FormatTools()
        while let range = cursor.take() {
            try Task.checkCancellation()
            var report = ImportReport()
            var done = 0
            var hint = 0
            for index in range {
                let job = jobs.jobs[index]
                try add(job, to: &batch, &report, &buffer, &tools, hint: &hint)
                done += 1
                // Large models are handed over before they pile up.
                if batch.byteCount > 4 << 20 {
                    let turn = range.lowerBound / FleetImporter.batchCount
                    try sink.add(batch, report, done: done, turn: turn, isLastPart: false)
                    batch.removeAll()
                    report = ImportReport()
                    done = 0
                    try Task.checkCancellation()
                }
            }
            let turn = range.lowerBound / FleetImporter.batchCount
            try sink.add(batch, report, done: done, turn: turn, isLastPart: true)
            batch.removeAll()
            await Task.yield()
        }
    }

    /// Imports one model, unless the version before has it.
    private func add(
        _ job: ImportJobs.Job,
        to batch: inout PackBatch,
        _ report: inout ImportReport,
        _ buffer: inout FileBuffer,
        _ tools: inout FormatTools,
        hint: inout Int
    ) throws {
        try jobs.keys.withUnsafeBytes { keys in
            let key = ImportJobs.key(job, keys)
            let path = files.path(at: Int(job.file))
            var source = PackDigest.none
            do {
                let metadata = try metadata(of: job, key, &buffer)
                try files.withBytes(
                    at: Int(job.file),
                    byteCountMax: byteCountMax,
                    buffer: &buffer
                ) { bytes in
                    source = ModelReading.digest(bytes, metadata: metadata)
                    if try isUnchanged(key, source, hint: &hint) {
                        report.unchangedCount += 1
                        report.modelCount += 1
                        return
                    }
                    if try resume(key, source, into: &batch, &report) { return }
                    report.decodedCount += 1
                    let model = try ModelReading.decode(
                        bytes,
                        path: path,
                        metadata: metadata,
                        tools: &tools
                    )
                    try model.block.withUnsafeBytes { block in
                        try batch.append(
                            key,
                            block: block,
                            facts: .init(
                                description: model.description,
                                findings: model.findings,
                                sourcePath: path,
                                sourceDigest: source
                            )
                        )
                    }
                    report.modelCount += 1
                    report.add(SeriesKey(key), model.findings)
                }
            } catch let error as FleetError where error.code != .dataLoss {
                try note(error, key, path, source, in: &batch, &report)
            }
        }
    }

    /// Keeps the key of a file that gave no model.
    private func note(
        _ error: FleetError,
        _ key: KeyBytes,
        _ path: String,
        _ source: PackDigest,
        in batch: inout PackBatch,
        _ report: inout ImportReport
    ) throws {
        let message = error.description
        report.add(.init(file: path, key: SeriesKey(key), message: message))
        try batch.append(
            key,
            block: UnsafeRawBufferPointer(start: nil, count: 0),
            facts: .init(
                description: ModelDescription(undecodable: message),
                findings: [ModelFinding(.error, code: "undecodable", message)],
                sourcePath: path,
                sourceDigest: source
            )
        )
    }

    /// Whether the version before has the model of these very bytes.
    private func isUnchanged(
        _ key: KeyBytes,
        _ source: PackDigest,
        hint: inout Int
    ) throws -> Bool {
        guard let base else { return false }
        let index = base.lowerBound(key, from: hint)
        hint = index
        guard index < base.count, base.keyBytes(at: index).compared(to: key) == 0 else {
            return false
        }
        // What could not be decoded is tried again: this program may know more than the last one.
        guard try base.sourceDigest(at: index) == source, try !base.blockBytes(at: index).isEmpty
        else { return false }
        return true
    }

    /// Takes a model from an interrupted import.
    private func resume(
        _ key: KeyBytes,
        _ source: PackDigest,
        into batch: inout PackBatch,
        _ report: inout ImportReport
    ) throws -> Bool {
        for segment in segments.reversed() {
            guard let index = segment.find(key), try segment.sourceDigest(at: index) == source,
                try !segment.blockBytes(at: index).isEmpty
            else { continue }
            try batch.copy(index, of: segment)
            report.resumedCount += 1
            report.modelCount += 1
            report.add(SeriesKey(key), try segment.findings(at: index))
            return true
        }
        return false
    }

    /// What is said of a model: of all, beside its file, of its key; the later counts.
    private func metadata(
        of job: ImportJobs.Job,
        _ key: KeyBytes,
        _ buffer: inout FileBuffer
    ) throws -> [ImportMetadata] {
        guard job.sidecar >= 0 || request.metadata != nil || !request.keyMetadata.isEmpty else {
            return []
        }
        var all: [ImportMetadata] = []
        if let common = request.metadata { all.append(common) }
        if job.sidecar >= 0 {
            let path = files.path(at: Int(job.sidecar))
            let text = try files.withBytes(
                at: Int(job.sidecar),
                byteCountMax: ModelMetadata.jsonByteCountMax,
                buffer: &buffer
            ) { Array($0) }
            all.append(try ImportMetadata(json: text, name: path))
        }
        if let own = request.keyMetadata[SeriesKey(key)] { all.append(own) }
        return all
    }

    /// The keys of the version before that the files lack, unless they are to stay.
    func removedKeys() -> [SeriesKey] {
        guard let base, !request.merges else { return [] }
        var removed: [SeriesKey] = []
        jobs.keys.withUnsafeBytes { keys in
            var next = 0
            for index in base.indices {
                let key = base.keyBytes(at: index)
                while next < jobs.jobs.count,
                    ImportJobs.key(jobs.jobs[next], keys).compared(to: key) < 0
                {
                    next += 1
                }
                let isThere =
                    next < jobs.jobs.count
                    && ImportJobs.key(jobs.jobs[next], keys).compared(to: key) == 0
                if !isThere { removed.append(SeriesKey(key)) }
            }
        }
        return removed
    }

    /// Decodes jobs into entries in memory.
    @concurrent
    func entries(_ cursor: JobCursor) async throws -> ([PackEntry], ImportReport) {
        var report = ImportReport()
        var entries: [PackEntry] = []
        var buffer = FileBuffer()
        var tools = FormatTools()
        while let range = cursor.take() {
            for index in range {
                entries.append(try entry(jobs.jobs[index], &report, &buffer, &tools))
            }
        }
        return (entries, report)
    }

    private func entry(
        _ job: ImportJobs.Job,
        _ report: inout ImportReport,
        _ buffer: inout FileBuffer,
        _ tools: inout FormatTools
    ) throws -> PackEntry {
        try jobs.keys.withUnsafeBytes { keys in
            let bytes = ImportJobs.key(job, keys)
            let key = SeriesKey(bytes)
            let path = files.path(at: Int(job.file))
            do {
                let metadata = try metadata(of: job, bytes, &buffer)
                let model = try files.withBytes(
                    at: Int(job.file),
                    byteCountMax: byteCountMax,
                    buffer: &buffer
                ) { try ModelReading.decode($0, path: path, metadata: metadata, tools: &tools) }
                report.decodedCount += 1
                report.modelCount += 1
                report.add(key, model.findings)
                return PackEntry(
                    key: key,
                    block: model.block,
                    description: model.description,
                    findings: model.findings,
                    sourcePath: path
                )
            } catch let error as FleetError where error.code != .dataLoss {
                report.add(.init(file: path, key: key, message: error.description))
                return .undecodable(key: key, message: error.description, sourcePath: path)
            }
        }
    }
}
