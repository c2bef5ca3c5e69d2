import ServiceLifecycle
package import Sources

/// Runs a source as a service.
///
/// Graceful shutdown: the source takes no more, finishes what it has and returns. Cancellation
/// stops it at once; what is in hand stays unacknowledged.
package struct SourceRunner: Service {
    package let source: any EventSource

    package init(_ source: any EventSource) {
        self.source = source
    }

    package func run() async throws {
        try await withGracefulShutdownHandler {
            try await source.run()
        } onGracefulShutdown: {
            source.finish()
        }
    }
}
