import Core
package import Logging
import ServiceLifecycle
package import Store

/// Tells the schedules of this process how far the windows of other processes are.
///
/// Only where several processes share a log. Graceful shutdown: returns.
package struct PartitionFollower: Service {
    private let store: any WindowStore
    private let settings: ServiceSettings
    private let progress: ProgressBoard
    private let timer: any Clock<Duration>
    private let logger: Logger

    package init(
        store: any WindowStore,
        settings: ServiceSettings,
        progress: ProgressBoard,
        timer: any Clock<Duration>,
        logger: Logger
    ) {
        self.store = store
        self.settings = settings
        self.progress = progress
        self.timer = timer
        self.logger = logger
    }

    package func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    progress.follow(
                        try await store.marks(),
                        definitions: settings.windows
                    )
                    try await timer.sleep(for: .seconds(1))
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning(
                        "the progress of other processes cannot be read",
                        metadata: ["error": "\(error)"]
                    )
                    guard !Task.isCancelled else { return }
                    try await timer.sleep(for: .seconds(1))
                }
            }
        }
    }
}
