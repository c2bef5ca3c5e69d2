import Core
import Disk
import Synchronization

extension SegmentLog {
    package func release(before offsets: [Int64]) async {
        let isDue = state.withLock { state in
            for (partition, offset) in offsets.enumerated() where partition < partitionCount {
                state.released[partition] = max(state.released[partition], offset)
            }
            return !state.isClosed && state.expired(configuration, now: wallClock.now) != nil
        }
        if isDue { await onWriterThread { $0.enforceRetention() } }
    }

    /// The segments that will not change any more, oldest first.
    package func sealedSegments() async -> [SegmentInfo] {
        state.withLock { state in
            state.segments.dropLast().map {
                $0.info(isCaptured: $0.sequence <= state.capturedThrough)
            }
        }
    }

    /// Says that all segments up to one are stored elsewhere; remembered across restarts.
    package func markCaptured(through sequence: Int64) async throws {
        try await writerThread.run { [self] in
            let known = state.withLock { $0.capturedThrough }
            guard sequence > known else { return }
            try disk.replaceContents(of: paths.captured, with: Array("\(sequence)\n".utf8))
            state.withLock { $0.capturedThrough = sequence }
            enforceRetention()
        }
    }

    /// Seals the active segment now; nothing happens while it is empty.
    package func roll() async throws {
        try await writerThread.run { [self] in
            if writer.withLock({ $0.hasRecords }) { try rollSegment() }
        }
    }

    /// Numbers for metrics.
    package func status() async -> LogStatus {
        state.withLock { state in
            LogStatus(
                segmentCount: state.segments.count,
                byteCount: state.byteCount,
                pendingEventCount: state.pendingEventCount,
                writeFailure: state.writeFailure,
                retentionFailure: state.retentionFailure
            )
        }
    }

    /// Seals the active segment; runs on the writer thread.
    func rollSegment() throws {
        let active = state.withLock { $0.segments[$0.segments.count - 1] }
        let header = try writer.withLock { try $0.roll(sealing: active) }
        state.withLock { state in
            state.segments[state.segments.count - 1].keys = []
            state.segments.append(SegmentIndex(header))
        }
        enforceRetention()
    }

    /// Deletes what is old and released, oldest first; runs on the writer thread.
    func enforceRetention() {
        while let oldest = state.withLock({ $0.expired(configuration, now: wallClock.now) }) {
            do {
                try disk.remove(paths.index(oldest.sequence))
                try disk.remove(paths.segment(oldest.sequence))
                // One by one, so that a crash never leaves a gap between retained segments.
                if configuration.syncs { try disk.syncFolder(paths.folder) }
            } catch {
                state.withLock {
                    $0.retentionFailure =
                        error as? FleetError
                        ?? FleetError(.internal, "cannot delete a segment", cause: error)
                }
                return
            }
            _ = openFiles.withLock { $0.removeValue(forKey: oldest.sequence) }
            state.withLock { state in
                state.segments.removeFirst()
                state.retentionFailure = nil
            }
        }
    }

    private func onWriterThread(_ work: @escaping @Sendable (SegmentLog) -> Void) async {
        await withCheckedContinuation { continuation in
            let added = writerThread.enqueue { [self] in
                work(self)
                continuation.resume()
            }
            if !added { continuation.resume() }
        }
    }
}
