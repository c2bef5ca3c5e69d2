import Core
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A blocking loopback connection of a test, with a time limit on every call.
final class Socket: Sendable {
    let descriptor: Int32

    /// Connects.
    init(port: Int) throws {
        descriptor = try Self.make()
        var address = Self.address(port)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // Its end closes the descriptor, also when this throws: twice would close somebody else's.
        guard result == 0 else {
            throw FleetError(.unavailable, "cannot connect to port \(port)")
        }
        limitTime()
    }

    /// Takes over a descriptor.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        limitTime()
    }

    private func limitTime() {
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(
                descriptor,
                SOL_SOCKET,
                option,
                &limit,
                socklen_t(MemoryLayout<timeval>.size)
            )
        }
    }

    /// Waits for the next connection of a listener.
    func accept() throws -> Socket {
        #if canImport(Glibc)
        let connection = Glibc.accept(descriptor, nil, nil)
        #else
        let connection = Darwin.accept(descriptor, nil, nil)
        #endif
        guard connection >= 0 else { throw FleetError(.timeout, "nobody came: \(errno)") }
        return Socket(descriptor: connection)
    }

    deinit {
        close(descriptor)
    }

    /// Sends all bytes.
    func write(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw FleetError(.unavailable, "cannot send: \(errno)") }
            sent += count
        }
    }

    /// Receives what is there, at least one byte; nothing at the end.
    func read() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw FleetError(.timeout, "nothing came: \(errno)") }
        return Array(buffer.prefix(count))
    }

    /// Ports that were given away; what will listen there may not do so yet.
    private static let givenPorts = Mutex<Set<Int>>([])

    /// A port that nobody listens on, below those that the system gives to connections.
    static func freePort() throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 11_000..<32_000)
            guard givenPorts.withLock({ $0.insert(port).inserted }) else { continue }
            guard let (descriptor, _) = try? listener(port) else { continue }
            close(descriptor)
            return port
        }
        throw FleetError(.unavailable, "no free port in 100 attempts")
    }

    /// Listens on a port, by default one of the system's choice.
    static func listener(_ port: Int = 0) throws -> (descriptor: Int32, port: Int) {
        let descriptor = try make()
        var address = address(port)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else {
            close(descriptor)
            throw FleetError(.unavailable, "cannot bind: \(errno)")
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    private static func make() throws -> Int32 {
        #if canImport(Glibc)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { throw FleetError(.unavailable, "no socket: \(errno)") }
        return descriptor
    }

    private static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(clamping: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
