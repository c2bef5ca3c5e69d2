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
            var answer =
                dialect?.answer(error, status: .unauthorized)
                ?? WholeAnswer(error, status: .unauthorized)
            answer.headers[.wwwAuthenticate] = "Bearer"
            return answer.response
        }
        return try await next(request, context)
    }

    /// Whether a request carries the token, or needs none.
    func isAllowed(_ request: Request) -> Bool {
        let path = request.uri.path
        if path == "/health" || path == "/ready" || path == InfluxRoutes.ping { return true }
        let (scheme, given) = Self.credentials(request.headers[.authorization] ?? "")
        if scheme == "bearer", Self.isEqual(given, token) { return true }
        return InfluxDialect(path: path) != nil && isKnownToInflux(scheme, given, request)
    }

    /// The scheme, whose letters may be of either case (RFC 9110, section 11.1), and the rest.
    private static func credentials(_ text: String) -> (scheme: String, given: String) {
        guard let space = text.firstIndex(of: " ") else { return ("", "") }
        let given = text[space...].drop { $0 == " " }
        return (text[..<space].lowercased(), String(given))
    }

    private func isKnownToInflux(_ scheme: String, _ given: String, _ request: Request) -> Bool {
        if scheme == "token", Self.isEqual(given, token) { return true }
        if let password = request.query("p"), Self.isEqual(password, token) { return true }
        guard scheme == "basic", let decoded = Data(base64Encoded: given),
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
