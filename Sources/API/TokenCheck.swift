import Core
import FoundationEssentials
import Hummingbird

/// Refuses requests without the server's token; health checks pass.
///
/// The token is the bearer token. Where InfluxDB clients write, it may also come as they send
/// theirs: `Authorization: Token`, the password of `Basic`, or the parameter `p`.
struct TokenCheck: RouterMiddleware {
    typealias Context = BasicRequestContext
    let token: String

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard isAllowed(request) else {
            let error = FleetError(
                .invalidArgument,
                "the request carries no valid token",
                hint: "send Authorization: Bearer TOKEN",
                isRetriable: false
            )
            let dialect = InfluxDialect(path: request.uri.path)
            let answer =
                dialect?.answer(error, status: .unauthorized)
                ?? WholeAnswer(error, status: .unauthorized)
            return answer.response
        }
        return try await next(request, context)
    }

    /// Whether a request carries the token, or needs none.
    func isAllowed(_ request: Request) -> Bool {
        let path = request.uri.path
        if path == "/health" || path == "/ready" || path == InfluxRoutes.ping { return true }
        let given = request.headers[.authorization] ?? ""
        return Self.isEqual(given, "Bearer \(token)")
            || (InfluxDialect(path: path) != nil && isKnownToInflux(given, request))
    }

    private func isKnownToInflux(_ given: String, _ request: Request) -> Bool {
        if Self.isEqual(given, "Token \(token)") { return true }
        if let password = request.query("p"), Self.isEqual(password, token) { return true }
        guard given.hasPrefix("Basic "),
            let decoded = Data(base64Encoded: String(given.dropFirst(6))),
            let text = String(validating: decoded, as: UTF8.self),
            let colon = text.firstIndex(of: ":")
        else { return false }
        return Self.isEqual(String(text[text.index(after: colon)...]), token)
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
