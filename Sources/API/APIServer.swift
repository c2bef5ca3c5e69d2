import CThreads
import Core
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
package import Service
import ServiceLifecycle

/// Serves the API, the metrics and the status page over HTTP.
///
/// Graceful shutdown: stops accepting, finishes what runs.
package struct APIServer: ServiceLifecycle.Service {
    private let backend: Backend
    private let address: ListenAddress
    private let token: String?
    private let logger: Logger
    /// A connection that sends nothing for so long is closed, amid a request too.
    private let idleTimeout: Duration
    private let onReady: @Sendable (String) async -> Void

    /// What answers say made them.
    static let name = "fleetscore"

    /// Later connections wait until one of these is closed.
    private static let connectionCountMax = 10_000

    /// One for each processor that the process may use, for as long as the process lives.
    ///
    /// The group that all share has one for each processor of the machine: where a process may use
    /// fewer, loops take the processor from each other and gather less before they run.
    private static let loops = MultiThreadedEventLoopGroup(
        numberOfThreads: Int(cthreads_processor_count())
    )

    /// The idle timeout is longer than clients keep a connection open for the next request.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the listen address cannot be read.
    package init(
        backend: Backend,
        listen: String,
        token: String?,
        logger: Logger,
        idleTimeout: Duration = .seconds(75),
        onReady: @escaping @Sendable (String) async -> Void = { _ in }
    ) throws {
        self.backend = backend
        address = try ListenAddress(parsing: listen)
        self.token = token
        self.logger = logger
        self.idleTimeout = idleTimeout
        self.onReady = onReady
    }

    package func run() async throws {
        let host = address.host
        let ready = onReady
        let bodies = EventBody(backend: backend)
        let application = Application(
            router: APIRouter.make(backend: backend, bodies: bodies, token: token),
            server: Self.server(
                backend: backend,
                bodies: bodies,
                token: token,
                idleTimeout: idleTimeout
            ),
            configuration: .init(
                address: .hostname(host, port: address.port),
                serverName: Self.name,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    Self.connectionCountMax
                )
            ),
            onServerRunning: { channel in
                await ready("\(host):\(channel.localAddress?.port ?? 0)")
            },
            eventLoopGroupProvider: .shared(Self.loops),
            logger: logger
        )
        do {
            try await application.run()
        } catch {
            guard "\(error)".contains("bind") || "\(error)".contains("Address already in use")
            else { throw error }
            throw FleetError(
                .unavailable,
                "cannot listen on \(host):\(address.port)",
                hint: "another program may use the port; pass --listen HOST:PORT",
                isRetriable: false,
                cause: error
            )
        }
    }

    /// What a connection's bytes go through before they are requests for the router.
    static func server(
        backend: Backend,
        bodies: EventBody,
        token: String?,
        idleTimeout: Duration
    ) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            LoopChannel(HTTP1Channel(responder: responder)) { loop, logger in
                let idleness = IdleWatch(timeout: idleTimeout)
                let passed = PassedRequests(bodies: bodies, idleness: idleness)
                let handler = EventPostHandler(
                    ingest: backend.ingest,
                    bodies: bodies,
                    passed: passed,
                    idleness: idleness,
                    token: token,
                    loop: loop,
                    logger: logger
                )
                return LoopChannel.Posts(handler: handler, passed: passed)
            }
        }
    }
}

/// A host and port to listen on.
package struct ListenAddress: Sendable, Equatable {
    package let host: String
    package let port: Int

    /// Parses `HOST:PORT`; an IPv6 host is written in brackets.
    package init(parsing text: String) throws {
        guard let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port)
        else {
            throw FleetError(
                .invalidArgument,
                "\"\(text)\" is not a listen address",
                hint: "write HOST:PORT, such as 127.0.0.1:8380"
            )
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        self.host = host.isEmpty ? "0.0.0.0" : host
        self.port = port
    }

    /// Whether only this machine can connect.
    package var isLoopback: Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
}
