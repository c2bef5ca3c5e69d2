import Client
import Core
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Service
import ServiceLifecycle
import TestKit
import Testing

@testable import API

/// A server's API over in-memory twins, called without a network.
struct APIFixture {
    let services: ServiceFixture
    let driver: RunDriver
    let aggregator: Aggregator

    /// A server whose windows are restored, unless said otherwise.
    init(isRestored: Bool = true) async throws {
        services = try ServiceFixture()
        driver = services.makeDriver()
        aggregator = services.makeAggregator()
        if isRestored { try await aggregator.recover() }
    }

    /// Applies what was sent, so that windows and counters are up to date.
    func settle() async throws {
        while try await aggregator.step() {}
    }

    /// How a request gets to its answer.
    enum Way: CaseIterable {
        /// Straight to the router.
        case router
        /// Over a socket, as everybody's does.
        case socket
    }

    func withClient(
        token: String? = nil,
        by way: Way = .socket,
        _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws {
        let backend = services.makeBackend(driver: driver)
        let bodies = EventBody(backend: backend)
        let application = Application(
            router: APIRouter.make(backend: backend, bodies: bodies, token: token),
            server: APIServer.server(
                backend: backend,
                bodies: bodies,
                token: token,
                idleTimeout: .seconds(60)
            ),
            configuration: .init(address: .hostname("127.0.0.1", port: 0))
        )
        try await application.test(way == .router ? .router : .live, body)
    }

    /// Runs a whole server and says which port it listens on.
    func withServer(
        idleTimeout: Duration = .seconds(60),
        _ body: (Int) async throws -> Void
    ) async throws {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = try APIServer(
            backend: services.makeBackend(driver: driver),
            listen: "127.0.0.1:0",
            token: nil,
            logger: services.logger,
            idleTimeout: idleTimeout
        ) { address in
            port.yield(Int(address.split(separator: ":").last ?? "") ?? 0)
        }
        let group = ServiceGroup(
            configuration: .init(services: [server], logger: services.logger)
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            try await body(try #require(await iterator.next()))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}

/// An answer as tests compare it.
struct Answer {
    let status: Int
    let text: String
    let headers: HTTPFields

    var type: String { headers[.contentType] ?? "" }

    func decoded<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }
}

extension TestClientProtocol {
    func call(
        _ method: HTTPRequest.Method,
        _ path: String,
        type: String? = nil,
        body: String? = nil,
        headers: [(HTTPField.Name, String)] = []
    ) async throws -> Answer {
        var fields = HTTPFields()
        if let type { fields[.contentType] = type }
        for (name, value) in headers { fields[name] = value }
        return try await execute(
            uri: path,
            method: method,
            headers: fields,
            body: body.map { ByteBuffer(string: $0) }
        ) { response in
            Answer(
                status: response.status.code,
                text: String(buffer: response.body),
                headers: response.headers
            )
        }
    }

    func get(_ path: String) async throws -> Answer { try await call(.get, path) }
}
