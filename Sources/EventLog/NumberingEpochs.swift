import Core
import Synchronization

/// Tells apart in a log whose numbers are whose: each numbering of each process has an epoch.
///
/// - Concurrency: any task.
final class NumberingEpochs: Sendable {
    /// What is known of numberings: of this process only.
    struct Known: Sendable {
        fileprivate(set) var numberings: [UInt64: SeriesNumbers] = [:]

        subscript(epoch: UInt64) -> SeriesNumbers? { numberings[epoch] }
    }

    private let state = Mutex(Known())

    var known: Known { state.withLock { $0 } }

    /// The epoch of a numbering; a new one when it has none yet.
    func epoch(of numbering: SeriesNumbers) -> UInt64 {
        state.withLock { known in
            if let same = known.numberings.first(where: { $0.value === numbering }) {
                return same.key
            }
            // Processes that have written to the log before have theirs.
            let epoch = UInt64.random(in: .min ... .max)
            known.numberings[epoch] = numbering
            return epoch
        }
    }
}
