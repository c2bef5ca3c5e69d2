import Core
import Dispatch

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A connection whose bytes a test writes and reads itself.
final class RawConnection: Sendable {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw FleetError(.unavailable, "cannot connect") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws {
        guard write(descriptor, text, text.utf8.count) == text.utf8.count else {
            throw FleetError(.unavailable, "cannot send")
        }
    }

    /// Sends a text several times, with a pause after each; on time, however busy the pool is.
    func send(_ text: String, count: Int, pause: Duration) async throws {
        let microseconds = UInt32(pause / .microseconds(1))
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "sender").async { [self] in
                continuation.resume(
                    with: Result {
                        for _ in 0..<count {
                            try send(text)
                            usleep(microseconds)
                        }
                    }
                )
            }
        }
    }

    /// Says that nothing more comes.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// All that comes until the other side closes.
    func textUntilClosed() async -> String {
        // The server needs the threads of the pool.
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "reader").async { [self] in
                continuation.resume(returning: read())
            }
        }
    }

    private func read() -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }
}
