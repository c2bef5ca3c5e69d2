import Core
import Packs
import Synchronization

/// Takes the models of all workers and keeps them where an interrupted import finds them again.
///
/// Models go into one pack file. When that has been open for a while it is finished as a segment,
/// so that a kill costs no more than the decoding of that while.
///
/// - Concurrency: any thread; adding blocks for a copy, and seldom for finishing a segment.
final class ImportSink: Sendable {
    /// What the workers share.
    private struct State: ~Copyable {
        var writer: PackWriter?
        var openedAt: Timestamp
        var number: Int
        /// Segments of this import.
        var segments: [String] = []
        var report: ImportReport
        var done = 0
        /// Batches that came before their turn, by the number of their turn, and whose turn it is.
        var waiting: [Int: [PackBatch]] = [:]
        var finished: Set<Int> = []
        var turn = 0
        /// Cleared when a slow batch would let too many others wait.
        var keepsOrder = true
    }

    private let folder: StagingFolder
    private let clock: any WallClock
    private let total: Int
    private let progress: @Sendable (ImportProgress) -> Void
    private let state: Mutex<State>

    /// Batches that may wait for a slow one before the order is given up.
    private static let waitingCountMax = 16

    /// How long a segment stays open.
    static let segmentSeconds = 20.0

    init(
        _ folder: StagingFolder,
        report: ImportReport,
        total: Int,
        clock: any WallClock,
        progress: @escaping @Sendable (ImportProgress) -> Void
    ) {
        self.folder = folder
        self.clock = clock
        self.total = total
        self.progress = progress
        state = Mutex(
            State(writer: nil, openedAt: clock.now, number: folder.nextNumber, report: report)
        )
    }

    /// Adds a worker's models and what it found; `done` counts its files.
    ///
    /// Turns are numbered from 0 and may come in several parts. Models are written turn after turn,
    /// because a pack whose models came in key order needs no second copy of them.
    ///
    /// - Throws: whatever writing throws.
    func add(
        _ batch: borrowing PackBatch,
        _ report: ImportReport,
        done: Int,
        turn: Int,
        isLastPart: Bool
    ) throws {
        let shown = try state.withLock { state in
            if isLastPart { state.finished.insert(turn) }
            if !state.keepsOrder || turn == state.turn {
                try write(batch, &state)
            } else if batch.count > 0 {
                state.waiting[turn, default: []].append(copy batch)
            }
            try takeTurns(&state)
            state.report.merge(report)
            state.done += done
            return ImportProgress(
                done: state.done,
                total: total,
                decoded: state.report.decodedCount
            )
        }
        progress(shown)
    }

    /// Writes what waited for turns that have come.
    private func takeTurns(_ state: inout State) throws {
        while state.finished.remove(state.turn) != nil {
            state.turn += 1
            for batch in state.waiting.removeValue(forKey: state.turn) ?? [] {
                try write(batch, &state)
            }
        }
        let count = state.waiting.values.reduce(0) { $0 + $1.count }
        if count > Self.waitingCountMax {
            state.keepsOrder = false
            try writeWaiting(&state)
        }
    }

    /// Writes everything that waits, whosever turn it is.
    private func writeWaiting(_ state: inout State) throws {
        for turn in state.waiting.keys.sorted() {
            for batch in state.waiting.removeValue(forKey: turn) ?? [] { try write(batch, &state) }
        }
    }

    private func write(_ batch: borrowing PackBatch, _ state: inout State) throws {
        guard batch.count > 0 else { return }
        if state.writer == nil {
            state.writer = PackWriter(localPath: folder.segmentPath(state.number))
            state.openedAt = clock.now
        }
        try state.writer?.add(batch)
        if (clock.now - state.openedAt).inSeconds > Self.segmentSeconds {
            try Self.close(&state, folder)
        }
    }

    /// Keeps what was decoded so far for the next import of the fleet.
    func keep() throws {
        try state.withLock { state in
            try writeWaiting(&state)
            try Self.close(&state, folder)
        }
    }

    /// Puts everything into one layer over a base, with the keys that are gone.
    ///
    /// - Throws: whatever reading segments and writing throws.
    func finish(
        over base: PackReader?,
        removing removed: [SeriesKey]
    ) throws -> (summary: PackSummary, report: ImportReport) {
        try state.withLock { state in
            try writeWaiting(&state)
            let segments = state.segments
            if !segments.isEmpty { try Self.close(&state, folder) }
            var writer: PackWriter
            if segments.isEmpty, let open = state.writer.take() {
                writer = open
            } else {
                writer = PackWriter(localPath: folder.segmentPath(state.number))
                for path in state.segments { try Self.copy(path, into: &writer) }
            }
            for key in removed { try writer.delete(key) }
            let summary = try writer.finish(over: base)
            var report = state.report
            report.removedCount = removed.count
            report.sort()
            return (summary, report)
        }
    }

    /// Whether anything was added.
    var hasModels: Bool {
        state.withLock { $0.writer != nil || !$0.segments.isEmpty || !$0.waiting.isEmpty }
    }

    /// What was found so far.
    var report: ImportReport {
        state.withLock { state in
            var report = state.report
            report.sort()
            return report
        }
    }

    /// The path of the file that ``finish(over:removing:)`` made.
    var resultPath: String { state.withLock { folder.segmentPath($0.number) } }

    private static func close(_ state: inout State, _ folder: StagingFolder) throws {
        guard let writer = state.writer.take() else { return }
        _ = try writer.finish()
        state.segments.append(folder.segmentPath(state.number))
        state.number += 1
    }

    private static func copy(_ path: String, into writer: inout PackWriter) throws {
        guard let segment = StagingFolder.segment(path) else {
            throw FleetError(.dataLoss, "\(path) is damaged", hint: "import the fleet again")
        }
        var batch = PackBatch()
        for index in segment.indices {
            try batch.copy(index, of: segment)
            if batch.byteCount > 8 << 20 {
                try writer.add(batch)
                batch.removeAll()
            }
        }
        try writer.add(batch)
    }
}

extension PackBatch {
    /// Adds a model of another pack as it is.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming a damaged model.
    mutating func copy(_ index: Int, of reader: PackReader) throws {
        let facts = Facts(
            description: try reader.description(at: index),
            findings: try reader.findings(at: index),
            sourcePath: try reader.sourcePath(at: index),
            sourceDigest: try reader.sourceDigest(at: index)
        )
        try append(reader.keyBytes(at: index), block: reader.blockBytes(at: index), facts: facts)
    }
}
