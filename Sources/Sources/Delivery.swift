import Core
package import Logging

/// Offers batches to a sink until it has them: waits while it refuses, never drops.
package struct Delivery: Sendable {
    private let sink: any EventSink
    private let source: String
    private let backoff: Backoff
    private let clock: any Clock<Duration>
    private let random: @Sendable () -> Double
    private let logger: Logger

    /// Tells waits by `backoff` after retriable errors, its longest after others.
    ///
    /// - Range: `random` gives numbers from 0 to 1, for the jitter.
    package init(
        to sink: any EventSink,
        source: String,
        backoff: Backoff = Backoff(first: .milliseconds(50), longest: .seconds(10)),
        clock: any Clock<Duration>,
        random: @escaping @Sendable () -> Double,
        logger: Logger
    ) {
        self.sink = sink
        self.source = source
        self.backoff = backoff
        self.clock = clock
        self.random = random
        self.logger = logger
    }

    /// Returns when the sink has made a batch durable.
    ///
    /// - Parameters:
    ///   - batch: offered until it is taken.
    ///   - onRefusal: told about every error of the sink.
    /// - Throws: `CancellationError` only.
    package func deliver(
        _ batch: MessageBatch,
        onRefusal: (String) -> Void
    ) async throws {
        var backoff = backoff
        while true {
            try Task.checkCancellation()
            do {
                try await sink.accept(batch, source: source)
                return
            } catch {
                try Task.checkCancellation()
                let isRetriable = (error as? FleetError)?.isRetriable ?? false
                let delay = isRetriable ? backoff.next(random: random()) : backoff.longest
                onRefusal("\(error)")
                logger.warning(
                    "a batch was not taken and is offered again",
                    metadata: [
                        "source": "\(source)", "messages": "\(batch.count)",
                        "error": "\(error)", "delay": "\(delay)",
                    ]
                )
                try await clock.sleep(for: delay)
            }
        }
    }
}
