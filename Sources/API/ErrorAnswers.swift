import Core
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOHTTP1

/// Turns errors into the API's error answer with the status that follows from the code.
struct ErrorAnswers: RouterMiddleware {
    typealias Context = BasicRequestContext

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = Self.answer(error, to: request.head, context.logger).response
        }
        // A client would take a body for the beginning of the next answer.
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// What is said of an error that a request caused.
    static func answer(
        _ error: any Error,
        to request: HTTPRequest,
        _ logger: Logger
    ) -> WholeAnswer {
        switch error {
        case let error as FleetError:
            return WholeAnswer(error)
        case let error as HTTPError:
            return answer(error, to: request)
        case let error as HTTPParserError:
            let text = "the request is not HTTP as it should be: \(error)"
            return WholeAnswer(FleetError(.invalidArgument, text, isRetriable: false))
        case is CancellationError:
            return WholeAnswer(FleetError(.unavailable, "the server is stopping"))
        default:
            logger.error("request failed", metadata: ["error": "\(error)"])
            return WholeAnswer(FleetError(.internal, "\(error)"))
        }
    }

    private static func answer(_ error: HTTPError, to request: HTTPRequest) -> WholeAnswer {
        let code: FleetErrorCode =
            switch error.status.code {
            case 404: .notFound
            case 408: .timeout
            case 413: .resourceExhausted
            default: .invalidArgument
            }
        let text =
            switch error.status.code {
            case 404:
                "there is nothing at \(request.method.rawValue) \(URI(request.path ?? "").path)"
            case 413:
                (error.body ?? "the body is larger than the server takes")
                    + "; send smaller batches"
            default: error.body ?? "the request cannot be understood"
            }
        return WholeAnswer(FleetError(code, text, isRetriable: false), status: error.status)
    }
}
