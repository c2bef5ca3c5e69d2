import Core
import FoundationEssentials
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Makes connections to a broker: name look-up, TCP, TLS, and the files that hold secrets.
struct MQTTConnector: Sendable {
    let settings: MQTTSettings
    let address: MQTTAddress
    private let group: any EventLoopGroup

    /// A password file's largest size, which is the protocol's.
    static let passwordByteCountMax = 65_535

    init(settings: MQTTSettings, group: any EventLoopGroup) throws {
        self.settings = settings
        address = try MQTTAddress(parsing: settings.url)
        self.group = group
    }

    /// Makes a connection whose bytes go to a link; cancellation ends the attempt at once.
    ///
    /// Files are read each time, so that a new password or certificate needs no restart.
    func connect(_ link: MQTTLink) async throws -> any Channel {
        let password = try settings.passwordFile.map(Self.readPassword)
        let tls = try address.usesTLS ? makeTLS() : nil
        let host = address.host
        let attempt = ConnectAttempt()
        let bootstrap = ClientBootstrap(group: group)
            .channelOption(.autoRead, value: false)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: 4096,
                    initial: 65_536,
                    maximum: 262_144
                )
            )
            .connectTimeout(.nanoseconds(Self.nanoseconds(settings.connectTimeout)))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try attempt.add(channel)
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: Self.name(host))
                        )
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        MQTTHandler(link: link, password: password, explain: failure)
                    )
                }
            }
        return try await attempt.run { bootstrap.connect(host: host, port: address.port) }
    }

    private func makeTLS() throws -> NIOSSLContext {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let file = settings.caFile { tls.trustRoots = .file(file) }
        if let file = settings.certificateFile {
            tls.certificateChain = try Self.reading("cert_file", file) {
                try NIOSSLCertificate.fromPEMFile(file).map { .certificate($0) }
            }
        }
        if let file = settings.keyFile {
            tls.privateKey = try Self.reading("key_file", file) {
                .privateKey(try NIOSSLPrivateKey(file: file, format: .pem))
            }
        }
        guard let file = settings.caFile else { return try NIOSSLContext(configuration: tls) }
        return try Self.reading("ca_file", file) { try NIOSSLContext(configuration: tls) }
    }

    private static func reading<Value>(
        _ what: String,
        _ file: String,
        _ body: () throws -> Value
    ) throws -> Value {
        guard FileManager.default.isReadableFile(atPath: file) else {
            throw unreadable(what, file)
        }
        do {
            return try body()
        } catch {
            throw FleetError(
                .invalidArgument,
                "cannot use \(what) \"\(file)\"",
                hint: "it holds nothing in PEM form that fits"
            )
        }
    }

    private static func unreadable(_ what: String, _ file: String) -> FleetError {
        FleetError(
            .invalidArgument,
            "cannot read \(what) \"\(file)\"",
            hint: "a relative path counts from the folder in which the server was started"
        )
    }

    /// The password in a file, without the line end.
    static func readPassword(_ file: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw unreadable("password_file", file)
        }
        var bytes = Array(data.prefix(passwordByteCountMax + 2))
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard (1...passwordByteCountMax).contains(bytes.count) else {
            throw FleetError(
                .invalidArgument,
                "password_file \"\(file)\" holds no password of 1 to \(passwordByteCountMax) bytes"
            )
        }
        return bytes
    }

    /// The name that a certificate is checked against; an address is checked as such.
    private static func name(_ host: String) -> String? {
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return isAddress ? nil : host
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        duration.microseconds.multipliedReportingOverflow(by: 1000).partialValue
    }
}

/// One attempt to connect, which cancellation can end at any step.
private final class ConnectAttempt: Sendable {
    private struct State {
        var isOver = false
        var channels: [any Channel] = []
        var waiter: CheckedContinuation<any Channel, any Error>?
    }

    private let state = Mutex(State())

    /// Notes a channel that is about to connect.
    func add(_ channel: any Channel) throws {
        try state.withLock { state in
            guard !state.isOver else { throw CancellationError() }
            state.channels.append(channel)
        }
    }

    /// Returns the channel, or throws at once when the task is cancelled.
    func run(_ connect: () -> EventLoopFuture<any Channel>) async throws -> any Channel {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isOver = state.withLock { state in
                    state.waiter = continuation
                    return state.isOver
                }
                guard !isOver else {
                    end(.failure(CancellationError()))
                    return
                }
                connect().whenComplete { result in
                    if !self.end(result), case .success(let channel) = result {
                        channel.close(promise: nil)
                    }
                }
            }
        } onCancel: {
            end(.failure(CancellationError()))
        }
    }

    /// Ends the wait; false when it had ended before.
    @discardableResult
    private func end(_ result: Result<any Channel, any Error>) -> Bool {
        let (waiter, channels) = state.withLock { state in
            state.isOver = true
            defer {
                state.waiter = nil
                state.channels = []
            }
            return (state.waiter, state.channels)
        }
        if case .failure = result {
            for channel in channels { channel.close(promise: nil) }
        }
        waiter?.resume(with: result)
        return waiter != nil
    }
}
