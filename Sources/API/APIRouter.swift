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
        HealthRoutes(backend: backend).add(to: router)
        EventRoutes(backend: backend).add(to: router)
        FleetRoutes(backend: backend).add(to: router)
        PipelineRoutes(backend: backend).add(to: router)
        RunRoutes(backend: backend).add(to: router)
        SeriesRoutes(backend: backend).add(to: router)
        StatusPage(backend: backend).add(to: router)
        return router
    }
}

/// Refuses requests without the server's bearer token; health checks pass.
struct TokenCheck: RouterMiddleware {
    typealias Context = BasicRequestContext
    let token: String

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        guard path != "/health", path != "/ready" else { return try await next(request, context) }
        let given = request.headers[.authorization] ?? ""
        guard Self.isEqual(given, "Bearer \(token)") else {
            return JSONAnswer.error(
                FleetError(
                    .invalidArgument,
                    "the request carries no valid token",
                    hint: "send Authorization: Bearer TOKEN"
                ),
                status: .unauthorized
            )
        }
        return try await next(request, context)
    }

    /// Compares in a time that does not tell how much of a guess was right.
    private static func isEqual(_ given: String, _ expected: String) -> Bool {
        let left = Array(given.utf8)
        let right = Array(expected.utf8)
        var difference = left.count ^ right.count
        for index in right.indices {
            difference |= Int((index < left.count ? left[index] : 0) ^ right[index])
        }
        return difference == 0
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
                case 413: .resourceExhausted
                default: .invalidArgument
                }
            let text =
                switch error.status.code {
                case 404: "there is nothing at \(request.method.rawValue) \(request.uri.path)"
                case 413: "the body is larger than the server takes; send smaller batches"
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
