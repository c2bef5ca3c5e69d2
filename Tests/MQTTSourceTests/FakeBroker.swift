import Core
import Foundation
import Synchronization

@testable import MQTTSource

/// A listener whose connections follow a script, one after the other, on a thread of its own.
///
/// - Concurrency: any task reads what came in.
final class FakeBroker: Sendable {
    /// What a script does with one connection; it ends when the script returns.
    typealias Script = @Sendable (FakeBroker, Socket) throws -> Void

    let port: Int
    private let connections = Mutex<[[UInt8]]>([])

    init(_ scripts: [Script]) throws {
        let (descriptor, port) = try Socket.listener()
        self.port = port
        let listener = Socket(descriptor: descriptor)
        Thread.detachNewThread { [self] in
            for script in scripts {
                guard let socket = try? listener.accept() else { return }
                connections.withLock { $0.append([]) }
                try? script(self, socket)
            }
        }
    }

    /// What has come in over each connection.
    var received: [[UInt8]] { connections.withLock { $0 } }

    /// Reads until what came in over this connection holds enough packets; false at its end.
    @discardableResult
    func read(_ socket: Socket, packetCount: Int) throws -> Bool {
        while packets().count < packetCount {
            let bytes = try socket.read()
            guard !bytes.isEmpty else { return false }
            connections.withLock { $0[$0.count - 1] += bytes }
        }
        return true
    }

    /// The kinds of the packets that came in over a connection, the last by default.
    func packets(_ connection: Int? = nil) -> [PacketKind] {
        let received = received
        let index = connection ?? received.count - 1
        guard received.indices.contains(index) else { return [] }
        var kinds: [PacketKind] = []
        var rest = received[index][...]
        while let frame = rest.withUnsafeBytes({ try? PacketFrame($0) }),
            rest.count >= frame.byteCount
        {
            kinds.append(frame.kind)
            rest = rest.dropFirst(frame.byteCount)
        }
        return kinds
    }

    /// Greets, takes the subscriptions, and sends messages.
    static func greet(
        _ broker: FakeBroker,
        _ socket: Socket,
        version: MQTTVersion = .v5
    ) throws {
        try broker.read(socket, packetCount: 1)
        try socket.write(ServerSide.connack(properties: version == .v5 ? [] : nil))
        try broker.read(socket, packetCount: 2)
        let bytes = broker.received.last ?? []
        let subscribe = bytes.firstIndex(of: 0x82) ?? 0
        let packetID = UInt16(bytes[subscribe + 2]) << 8 | UInt16(bytes[subscribe + 3])
        try socket.write(ServerSide.suback([1], packetID: packetID, version: version))
    }
}
