import AsyncHTTPClient
package import Core
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// Calls a server's API; a failed call becomes the ``FleetError`` the server meant.
///
/// - Concurrency: any task. Nothing is repeated here; callers know what may be sent again.
package struct FleetscoreClient: Sendable {
    package let server: String
    private let token: String?
    private let timeout: Duration

    /// - Throws: ``FleetError`` `.invalidArgument` when the address is no `http://HOST:PORT`.
    package init(server: String, token: String? = nil, timeout: Duration = .seconds(60)) throws {
        guard server.hasPrefix("http://") || server.hasPrefix("https://") else {
            throw FleetError(
                .invalidArgument,
                "\"\(server)\" is not a server address",
                hint: "write http://HOST:PORT"
            )
        }
        var address = server
        while address.hasSuffix("/") { address.removeLast() }
        self.server = address
        self.token = token
        self.timeout = timeout
    }

    /// Whether the server is on this machine.
    package var isLocal: Bool {
        let host = URL(string: server)?.host() ?? ""
        return ["localhost", "::1", "[::1]"].contains(host) || host.hasPrefix("127.")
    }

    /// Answers at once when nothing listens, where the default keeps trying until the timeout.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration(
            timeout: .init(connect: .seconds(5)),
            connectionPool: .init()
        )
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// A request body with its type.
    package struct Body: Sendable {
        package let bytes: [UInt8]
        package let contentType: String

        package init(_ bytes: [UInt8], contentType: String) {
            self.bytes = bytes
            self.contentType = contentType
        }

        /// A value as JSON.
        package init(json value: some Encodable) throws {
            self.init(
                Array(try JSONEncoder().encode(value)),
                contentType: "application/json"
            )
        }
    }

    /// Reads a resource as a value.
    package func get<Answer: Decodable>(
        _ path: String,
        _ query: [String: String] = [:],
        as type: Answer.Type = Answer.self
    ) async throws -> Answer {
        try Self.decode(await bytes("GET", path, query, body: nil), path: path)
    }

    /// Reads a resource as it is.
    package func getBytes(_ path: String, _ query: [String: String] = [:]) async throws -> [UInt8] {
        try await bytes("GET", path, query, body: nil)
    }

    /// Posts a body and reads the answer.
    package func post<Answer: Decodable>(
        _ path: String,
        _ query: [String: String] = [:],
        body: Body? = nil,
        headers: [String: String] = [:],
        as type: Answer.Type = Answer.self
    ) async throws -> Answer {
        try Self.decode(
            await bytes("POST", path, query, body: body, headers: headers),
            path: path
        )
    }

    /// Replaces a resource and reads the answer.
    package func put<Answer: Decodable>(
        _ path: String,
        body: Body,
        as type: Answer.Type = Answer.self
    ) async throws -> Answer {
        try Self.decode(await bytes("PUT", path, [:], body: body), path: path)
    }

    /// Deletes a resource and reads the answer.
    package func delete<Answer: Decodable>(
        _ path: String,
        as type: Answer.Type = Answer.self
    ) async throws -> Answer {
        try Self.decode(await bytes("DELETE", path, [:], body: nil), path: path)
    }

    /// Sends a request and answers the body of a 2xx response.
    ///
    /// - Throws: ``FleetError``; `.unavailable` when the server cannot be reached.
    package func bytes(
        _ method: String,
        _ path: String,
        _ query: [String: String],
        body: Body?,
        headers: [String: String] = [:]
    ) async throws -> [UInt8] {
        let response = try await respond(method, path, query, body: body, headers: headers)
        guard response.isSuccess else { throw error(response, path: path) }
        return response.body
    }

    /// Sends a request and answers the response, whatever its status is.
    ///
    /// - Throws: ``FleetError`` `.unavailable` when the server cannot be reached.
    package func respond(
        _ method: String,
        _ path: String,
        _ query: [String: String],
        body: Body?,
        headers: [String: String] = [:]
    ) async throws -> ServerResponse {
        var request = request(method, path, query)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            request.headers.add(name: "content-type", value: body.contentType)
            request.body = .bytes(ByteBuffer(bytes: body.bytes))
        }
        do {
            let response = try await Self.http.execute(
                request,
                timeout: .nanoseconds(timeout.microseconds * 1000)
            )
            let content = try await response.body.collect(upTo: 1 << 30)
            return ServerResponse(
                status: Int(response.status.code),
                body: Array(content.readableBytesView),
                retryAfter: ServerResponse.retryAfter(
                    response.headers.first(name: "retry-after")
                )
            )
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw FleetError(
                .unavailable,
                "cannot reach the server at \(server)",
                hint: "is it running? start it with `fleetscore serve`, or pass --server"
            )
        }
    }

    /// What the server meant by a response that is none of success.
    package func error(_ response: ServerResponse, path: String) -> FleetError {
        error(.init(statusCode: response.status), response.body, path: path)
    }

    /// Posts a body that comes piece by piece, however long that takes, and reads the answer.
    ///
    /// - Throws: ``FleetError``; whatever making the body throws.
    package func upload<Pieces: AsyncSequence & Sendable, Answer: Decodable>(
        _ path: String,
        _ query: [String: String],
        _ pieces: Pieces,
        byteCount: Int?,
        contentType: String,
        as type: Answer.Type = Answer.self
    ) async throws -> Answer where Pieces.Element == [UInt8] {
        var request = request("POST", path, query)
        request.headers.add(name: "content-type", value: contentType)
        request.body = .stream(
            pieces.map { ByteBuffer(bytes: $0) },
            length: byteCount.map { .known(Int64($0)) } ?? .unknown
        )
        let response = try await execute(request, timeout: Self.longTimeout)
        let answer = Array(try await response.body.collect(upTo: 1 << 30).readableBytesView)
        guard (200..<300).contains(response.status.code) else {
            throw error(response.status, answer, path: path)
        }
        return try Self.decode(answer, path: path)
    }

    /// Reads a resource piece by piece, however large it is.
    ///
    /// - Throws: ``FleetError``; whatever the closure throws.
    package func download(
        _ path: String,
        _ query: [String: String],
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        let response = try await execute(request("GET", path, query), timeout: Self.longTimeout)
        guard (200..<300).contains(response.status.code) else {
            let answer = Array(try await response.body.collect(upTo: 1 << 20).readableBytesView)
            throw error(response.status, answer, path: path)
        }
        for try await piece in response.body {
            try piece.withUnsafeReadableBytes { try body($0) }
        }
    }

    /// For calls that take as long as there are bytes to move.
    private static let longTimeout = Duration.seconds(86_400)

    private func request(
        _ method: String,
        _ path: String,
        _ query: [String: String]
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: server + path + Self.text(of: query))
        request.method = HTTPMethod(rawValue: method)
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        return request
    }

    private func execute(
        _ request: HTTPClientRequest,
        timeout: Duration
    ) async throws -> HTTPClientResponse {
        do {
            return try await Self.http.execute(
                request,
                timeout: .nanoseconds(timeout.microseconds * 1000)
            )
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as FleetError {
            throw error
        } catch {
            throw FleetError(
                .unavailable,
                "cannot reach the server at \(server)",
                hint: "is it running? start it with `fleetscore serve`, or pass --server"
            )
        }
    }

    package static func decode<Answer: Decodable>(
        _ bytes: [UInt8],
        path: String
    ) throws -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(bytes))
        } catch {
            throw FleetError(
                .internal,
                "the answer of \(path) cannot be read",
                hint: "the server may be of another version",
                cause: error
            )
        }
    }

    private func error(
        _ status: HTTPResponseStatus,
        _ body: [UInt8],
        path: String
    ) -> FleetError {
        if status == .unauthorized {
            return FleetError(
                .invalidArgument,
                token == nil
                    ? "the server at \(server) wants a token"
                    : "the server at \(server) does not take this token",
                hint: "pass --token-file FILE, or set FLEETSCORE_TOKEN_FILE"
            )
        }
        do {
            return try JSONDecoder().decode(ErrorAnswer.self, from: Data(body)).asError
        } catch {
            let code: FleetErrorCode =
                switch status.code {
                case 401, 403: .invalidArgument
                case 404: .notFound
                case 429: .resourceExhausted
                case 502, 503: .unavailable
                case 504: .timeout
                default: .internal
                }
            return FleetError(code, "the server answered \(status) to \(path)")
        }
    }

    private static func text(of query: [String: String]) -> String {
        guard !query.isEmpty else { return "" }
        let pairs = query.sorted { $0.key < $1.key }.map { name, value in
            "\(name)=\(value.percentEncodedForPath)"
        }
        return "?" + pairs.joined(separator: "&")
    }
}
