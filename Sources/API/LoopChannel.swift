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

    /// What answers short posts of events, and what stands between the parser and the router.
    struct Posts {
        let handler: EventPostHandler
        let passed: PassedRequests
    }

    private let http: HTTP1Channel
    private let makePosts: @Sendable (any EventLoop, Logger) -> Posts

    init(
        _ http: HTTP1Channel,
        posts: @escaping @Sendable (any EventLoop, Logger) -> Posts
    ) {
        self.http = http
        makePosts = posts
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        // Once a connection: loops are shared, and nobody else tells when one starts.
        _ = cthreads_prefer_prompt()
        return http.setup(channel: channel, logger: logger).flatMapThrowing { [makePosts] value in
            let pipeline = channel.pipeline.syncOperations
            let state = try pipeline.handler(type: HTTPConnectionStateHandler.self)
            let posts = makePosts(channel.eventLoop, logger)
            try pipeline.addHandler(posts.passed, position: .after(state))
            try pipeline.addHandler(posts.handler, position: .first)
            return value
        }
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

    /// Runs on the thread of the loop: at once on it, else soon.
    func run(_ body: @escaping @Sendable () -> Void) {
        if loop.inEventLoop { body() } else { loop.execute(body) }
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
