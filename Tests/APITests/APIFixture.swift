import API
import Client
import Core
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Service
import TestKit
import Testing

/// A server's API over in-memory twins, called without a network.
struct APIFixture {
    let services: ServiceFixture
    let driver: RunDriver
    let aggregator: Aggregator

    init() async throws {
        services = try ServiceFixture()
        driver = services.makeDriver()
        aggregator = services.makeAggregator()
        try await aggregator.recover()
    }

    /// Applies what was sent, so that windows and counters are up to date.
    func settle() async throws {
        while try await aggregator.step() {}
    }

    func withClient(
        token: String? = nil,
        _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws {
        let router = APIRouter.make(backend: services.makeBackend(driver: driver), token: token)
        try await Application(router: router).test(.router) { client in
            try await body(client)
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
