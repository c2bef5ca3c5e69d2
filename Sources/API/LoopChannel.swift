import CThreads
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// Serves a connection on the thread of its event loop.
///
/// A short request then changes threads for the disk only, and it answers while the thread pool is
/// busy closing windows. What takes long goes to the pool: ``PooledRequests``.
struct LoopChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    private let http: HTTP1Channel

    init(_ http: HTTP1Channel) {
        self.http = http
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        // Once a connection: loops are shared, and nobody else tells when one starts.
        _ = cthreads_prefer_prompt()
        return http.setup(channel: channel, logger: logger)
    }

    func handle(value: Value, logger: Logger) async {
        await withTaskExecutorPreference(LoopExecutor(value.channel.eventLoop)) {
            await http.handle(value: value, logger: logger)
        }
    }
}

/// Runs jobs on the thread of an event loop.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Runs all requests but the shortest on the thread pool, so that they hold up no event loop.
struct PooledRequests: RouterMiddleware {
    typealias Context = BasicRequestContext

    /// Paths whose handlers leave the loop by themselves for what takes long: ``EventBody``.
    let exceptions: Set<String>

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        if exceptions.contains(request.uri.path) { return try await next(request, context) }
        return try await withTaskExecutorPreference(globalConcurrentExecutor) {
            try await next(request, context)
        }
    }
}
