import Core
package import Hummingbird
import Logging
package import Service

/// The routes of the API; one file a noun.
package enum APIRouter {
    /// The whole router of a server.
    package static func make(backend: Backend, token: String?) -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: ErrorAnswers())
        if let token { router.add(middleware: TokenCheck(token: token)) }
        router.add(middleware: PooledRequests(exceptions: EventRoutes.paths))
        let silent = SilentCount(backend)
        HealthRoutes(backend: backend, silent: silent).add(to: router)
        let bodies = EventBody(backend: backend)
        EventRoutes(backend: backend, bodies: bodies).add(to: router)
        InfluxRoutes(backend: backend, bodies: bodies).add(to: router)
        DeadLetterRoutes(backend: backend).add(to: router)
        RegistryRoutes(backend: backend).add(to: router)
        FleetRoutes(backend: backend).add(to: router)
        PipelineRoutes(backend: backend).add(to: router)
        RunRoutes(backend: backend).add(to: router)
        SeriesRoutes(backend: backend).add(to: router)
        WindowRoutes(backend: backend).add(to: router)
        StatusPage(backend: backend, silent: silent).add(to: router)
        return router
    }
}

/// Turns errors into the API's error answer with the status that follows from the code.
struct ErrorAnswers: RouterMiddleware {
    typealias Context = BasicRequestContext

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as FleetError {
            return JSONAnswer.error(error)
        } catch let error as HTTPError {
            let code: FleetErrorCode =
                switch error.status.code {
                case 404: .notFound
                case 408: .timeout
                case 413: .resourceExhausted
                default: .invalidArgument
                }
            let text =
                switch error.status.code {
                case 404: "there is nothing at \(request.method.rawValue) \(request.uri.path)"
                case 413:
                    (error.body ?? "the body is larger than the server takes")
                        + "; send smaller batches"
                default: error.body ?? "the request cannot be understood"
                }
            return JSONAnswer.error(
                FleetError(code, text, isRetriable: false),
                status: error.status
            )
        } catch is CancellationError {
            return JSONAnswer.error(FleetError(.unavailable, "the server is stopping"))
        } catch {
            context.logger.error("request failed", metadata: ["error": "\(error)"])
            return JSONAnswer.error(FleetError(.internal, "\(error)"))
        }
    }
}
