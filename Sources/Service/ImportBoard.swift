package import Fleets
import Synchronization

/// How far the imports that run in this process are.
package final class ImportBoard: Sendable {
    private let running = Mutex<[String: ImportProgress]>([:])

    package init() {}

    /// How far the import of a fleet is; nil when none runs.
    package func progress(of fleet: String) -> ImportProgress? {
        running.withLock { $0[fleet] }
    }

    func set(_ progress: ImportProgress?, of fleet: String) {
        running.withLock { $0[fleet] = progress }
    }
}
